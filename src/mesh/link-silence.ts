/**
 * What it says that nothing comes from a peer over TCP: about our link to it, and about what may be under way. See
 * `watch.ts` and `link-writer.ts`.
 */
import { NEVER } from '../base/deadlines.ts'
import type { Timers } from './options.ts'
import type { Connection, Peer } from './peer.ts'

/** The part of `evasiveMs` after which a peer without beacons is asked. */
const ASK_QUIET = 0.6

/** After so long without a byte from a peer, nothing that it said a moment ago is likely to be under way. */
const QUIET_MS = 1_000

/**
 * A present peer of another implementation. While its application does not read it says nothing over TCP, and may go on
 * with its beacons, as C Zyre does; an earshot node shows that it lives (`attention.ts`).
 */
function isForeign({ phase, isEarshot }: Peer): boolean {
  return phase === 'present' && !isEarshot
}

/** How long a PING to the peer may stay unanswered before its link is taken for dead. */
export function pingPatienceMs(peer: Peer, timers: Timers): number {
  const { linkDeadMs, expiredMs } = timers
  return isForeign(peer) ? Math.max(linkDeadMs, expiredMs) : linkDeadMs
}

/**
 * Bytes of ours wait for the host's network stack, on the link to a peer that may be one that does not read. TCP knows
 * it from a dead one: its host answers the probes of a closed window (RFC 9293 §3.8.6.1), or the link ends.
 */
export function takesNothing(peer: Peer): boolean {
  return isForeign(peer) && (peer.openConnection?.windowBytes ?? 0) > 0
}

/**
 * Whether all that the peer has said is likely to have been read. `readingSince`: of ourselves, or NEVER; what had
 * waited unread until then takes its time, too.
 */
export function isAllHeard(peer: Peer, readingSince: number, now: number): boolean {
  return now - Math.max(peer.heardTcpAt, readingSince) >= QUIET_MS
}

/**
 * When a peer that does not beacon (or is not heard doing so) is asked for a sign of life, unless it gives one: before
 * its silence makes it evasive, again and again. NEVER for one whose beacons are heard.
 */
export function askQuietAt(peer: Peer, now: number, { evasiveMs }: Timers): number {
  if (peer.phase !== 'present' || now - peer.heardBeaconAt < evasiveMs) return NEVER
  return peer.heardAt + evasiveMs * ASK_QUIET
}

/** When to look next whether it has to be asked: later than now. */
export function nextAskAt(peer: Peer, now: number, timers: Timers): number {
  const at = askQuietAt(peer, now, timers)
  return at > now ? at : now + timers.evasiveMs * ASK_QUIET
}

/** Whether nothing is likely to be under way on either link, and nothing waits for the peer. */
export function isQuiet(
  peer: Peer,
  connection: Connection,
  readingSince: number,
  now: number,
): boolean {
  if (peer.outbox.length > 0 || connection.windowBytes > 0) return false
  return isAllHeard(peer, readingSince, now)
}
