/** What tells doubts apart: which of two counts, and what a peer's behaviour says about each. See `watch.ts`. */
import type { Timers } from './options.ts'
import type { Doubt, Peer } from './peer.ts'

/** Another identity beacons from where the peer was, and there is no link to ask over: a dial would reach the other. */
export function isUnlinked(doubt: Doubt, { openConnection }: Peer): boolean {
  return doubt.kind === 'replaced' && openConnection === undefined
}

/** The other identity may be forged, the other place one of several: as long as it beacons from there, it is there. */
export function beaconsTell(doubt: Doubt, peer: Peer): boolean {
  return doubt.kind === 'moved' || isUnlinked(doubt, peer)
}

/**
 * Whether a peer that goes on talking may be all right for all that: it does not read, or is busy. Not when it may be
 * deaf; nor when it talks from the very address that it may have moved to.
 */
export function excusesByTalk(doubt: Doubt, peer: Peer): boolean {
  if (doubt.kind === 'moved') return peer.inbound?.remote.address !== doubt.to.address
  return doubt.kind !== 'deaf'
}

/** That a peer may be deaf says nothing of where it is, and must not hold up what does. */
export function isGraver(doubt: Doubt, than: Doubt): boolean {
  return than.kind === 'deaf' && doubt.kind !== 'deaf'
}

/**
 * How long the peer has to answer. Whoever really left has closed its links, which settles it at once; silence
 * alone proves little, since a paused or blocked peer is silent too. Only a move is decided soon: its old
 * endpoint has stopped beaconing already, and a link that was dialled anew for nothing loses little. And of one that
 * never introduced itself, nothing.
 */
export function confirmPatienceMs(peer: Peer, doubt: Doubt, timers: Timers): number {
  const { confirmMs, linkDeadMs } = timers
  if (doubt.kind === 'moved' || peer.phase === 'candidate') return confirmMs
  // The link broke, and its place is taken: a process of another identity cannot be told from it by dialling.
  if (isUnlinked(doubt, peer)) return confirmMs
  return Math.max(confirmMs, linkDeadMs)
}
