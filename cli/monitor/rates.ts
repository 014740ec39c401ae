/**
 * Rates: what two snapshots of a node say about the time between them.
 *
 * Messages and their bytes are added up peer by peer. So the questions of whoever asks, and the answers to them, can be left out:
 * an idle mesh looks idle. Where an answer has no numbers of peers, the node's totals have to do.
 */
import type { PeerId } from '../../src/index.ts'
import type { NodeNumbers, NodeSnapshot, PeerNumbers, Traffic } from './snapshot.ts'

/** All per second; `undefined`: unknown. */
export interface Rates {
  readonly messagesIn: number | undefined
  readonly messagesOut: number | undefined
  readonly bytesIn: number | undefined
  readonly bytesOut: number | undefined
  /** Messages dropped or lost. */
  readonly drops: number | undefined
}

export const NO_RATES: Rates = {
  messagesIn: undefined,
  messagesOut: undefined,
  bytesIn: undefined,
  bytesOut: undefined,
  drops: undefined,
}

type Counter = keyof Traffic

/** `without` is a peer whose messages do not count: the observer. */
export function ratesBetween(
  before: NodeSnapshot | undefined,
  now: NodeSnapshot,
  without: PeerId | undefined,
): Rates {
  const seconds = before === undefined ? undefined : secondsBetween(before, now)
  if (before === undefined || seconds === undefined) return NO_RATES
  const rate = (increase: number | undefined): number | undefined => {
    return increase === undefined ? undefined : increase / seconds
  }
  const traffic = (counter: Counter): number | undefined => {
    return rate(trafficBetween(before, now, counter, without))
  }
  return {
    messagesIn: traffic('messagesIn'),
    messagesOut: traffic('messagesOut'),
    bytesIn: traffic('bytesIn'),
    bytesOut: traffic('bytesOut'),
    drops: rate(increaseOf(dropsOf(before.metrics), dropsOf(now.metrics))),
  }
}

/** Messages that were accepted and came to nothing; `undefined` when the node does not say. */
export function dropsOf({ dropped, lost }: NodeNumbers): number | undefined {
  return dropped === undefined && lost === undefined ? undefined : (dropped ?? 0) + (lost ?? 0)
}

/**
 * By the node's own clock where it has told its age: then it does not matter how long its answers took. `undefined` when
 * no time passed, or when it has started anew since.
 */
function secondsBetween(before: NodeSnapshot, now: NodeSnapshot): number | undefined {
  const { uptimeMs: from } = before.metrics
  const { uptimeMs: to } = now.metrics
  const ms = from !== undefined && to !== undefined ? to - from : now.at - before.at
  return ms > 0 ? ms / 1_000 : undefined
}

function trafficBetween(
  before: NodeSnapshot,
  now: NodeSnapshot,
  counter: Counter,
  without: PeerId | undefined,
): number | undefined {
  const byPeer = before.isCut || now.isCut ? undefined : sumOfPeers(before, now, counter, without)
  return byPeer ?? increaseOf(before.metrics[counter], now.metrics[counter])
}

/** `undefined` when no peer has this counter. */
function sumOfPeers(
  before: NodeSnapshot,
  now: NodeSnapshot,
  counter: Counter,
  without: PeerId | undefined,
): number | undefined {
  let sum = 0
  let isKnown = false
  for (const [id, peer] of now.metrics.peers) {
    const count = peer[counter]
    if (count === undefined) continue
    isKnown = true
    if (id !== without) sum += sinceBefore(before.metrics.peers.get(id), count, counter)
  }
  return isKnown ? sum : undefined
}

/** A peer that is new, or whose counter has shrunk, has been met since: all of it is new. */
function sinceBefore(before: PeerNumbers | undefined, count: number, counter: Counter): number {
  const known = before?.[counter] ?? 0
  return count >= known ? count - known : count
}

/** A counter of a node never shrinks: if it does, it is not the same counter. */
function increaseOf(before: number | undefined, now: number | undefined): number | undefined {
  return before === undefined || now === undefined || now < before ? undefined : now - before
}
