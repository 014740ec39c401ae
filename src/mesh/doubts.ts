/** What tells doubts apart: which of two counts, and what a peer's behaviour says about each. See `watch.ts`. */
import type { Doubt, Peer } from './peer.ts'

/** Another identity beacons from where the peer was, and there is no link to ask over: a dial would reach the other. */
export function isUnlinked(doubt: Doubt, { openConnection }: Peer): boolean {
  return doubt.kind === 'replaced' && openConnection === undefined
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
