/**
 * How old an entry is, between earshot nodes. CZMQ's gossip never forgets: whatever was published once is told to every
 * newcomer for good, and the `ttl` that its PUBLISH carries is neither set nor read. earshot nodes know each other by a
 * property of the handshake (`X-EARSHOT-GOSSIP`, which libzmq skips), and on the connections between them
 *
 *  - `ttl` says for how long the entry holds: LIFETIME_MS minus its age, in milliseconds. Who keeps the entry publishes
 *    it anew every REFRESH_MS; who passes it on subtracts the time it had it. So all agree on when it was last
 *    vouched for, without a common clock, and the newest wins.
 *  - its highest bit says that the keeper is not the node itself, but one who heard of it from a node of CZMQ's.
 *  - an empty value is a withdrawal. It holds longer than any copy of what it withdraws.
 *
 * A node of CZMQ's never sees any of this: it is told what another node of CZMQ's would tell it, and no more.
 */

/** Milliseconds for which an entry holds after it was last vouched for: three refreshes. */
export const LIFETIME_MS = 90_000
/** Milliseconds between two publications of what we keep. */
export const REFRESH_MS = 30_000
/** Milliseconds for which a withdrawal, or the memory of an entry that expired, keeps old copies from coming back. */
export const TOMBSTONE_MS = 600_000
/** Milliseconds by which a copy has to be newer to be a refresh: one that has gone in a circle is not. */
export const NEWER_MS = 5_000
/** Milliseconds that a copy may have been on its way unnoticed: a withdrawal is not undone by one that is just newer. */
export const TRANSIT_MS = 2_000

const ADOPTED = 0x8000_0000

export interface Age {
  /** Milliseconds for which the entry still holds. */
  readonly remainingMs: number
  /** Who keeps it heard of it from a node of CZMQ's. */
  readonly isAdopted: boolean
}

export function encodeAge({ remainingMs, isAdopted }: Age): number {
  const ms = Math.min(Math.max(0, Math.round(remainingMs)), ADOPTED - 1)
  return isAdopted ? ms + ADOPTED : ms
}

export function decodeAge(ttl: number): Age {
  return { remainingMs: ttl % ADOPTED, isAdopted: ttl >= ADOPTED }
}

/** Milliseconds for which a value holds when it is new. */
export function lifetimeOf(value: string): number {
  return value === '' ? TOMBSTONE_MS : LIFETIME_MS
}
