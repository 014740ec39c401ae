/**
 * Ghosts: peers that ways of discovery go on naming and that nobody answers for. Each is looked for less and less often:
 * a table of gossip may be full of them, and what it names may be a third party's place.
 */
import type { PeerId } from '../base/peer-id.ts'
import { type EndpointAddress, isSameEndpoint } from './connection.ts'
import type { Peer } from './peer.ts'

/** More than the table of peers holds; the one noted longest ago is forgotten. */
const GHOSTS_MAX = 4_096
const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 600_000

interface Ghost {
  readonly place: EndpointAddress | undefined
  readonly pauseMs: number
  readonly notBefore: number
}

export class Ghosts {
  readonly #byId = new Map<PeerId, Ghost>()

  /** A peer that was only named is gone again. */
  note({ id, endpoint: place }: Peer, now: number): void {
    const before = this.#byId.get(id)
    const pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * (before?.pauseMs ?? FIRST_PAUSE_MS / 2))
    this.#byId.delete(id)
    const [oldest] = this.#byId.keys()
    if (oldest !== undefined && this.#byId.size >= GHOSTS_MAX) this.#byId.delete(oldest)
    this.#byId.set(id, { place, pauseMs, notBefore: now + pauseMs })
  }

  /** Whether the peer is not to be looked for there now. Elsewhere it may be alive. */
  isOne(id: PeerId, place: EndpointAddress, now: number): boolean {
    const ghost = this.#byId.get(id)
    return ghost !== undefined && now < ghost.notBefore && isSameEndpoint(place, ghost.place)
  }

  /** It lives. */
  forget({ id }: Peer): void {
    this.#byId.delete(id)
  }
}
