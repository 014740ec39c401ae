/**
 * Metrics: what the engine counted and how things stand, as plain data: numbers, texts, booleans and nothing
 * else, so that it can travel as JSON or MessagePack. Counters only ever grow while the node runs (`counters.ts` says
 * what each of them counts); a peer's counters begin with its first contact and end with it.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { MeshContext } from './context.ts'
import { copyOf, type MeshCounters, type PeerCounters } from './counters.ts'
import type { Presence } from './events.ts'
import type { Peer } from './peer.ts'
import type { LinkEvidence, LinkState } from './peer-state.ts'

/** A sign of life: a beacon, or what came on the peer's link to us. */
export type Evidence = 'beacon' | LinkEvidence

/** All in whole milliseconds before the metrics were taken; absent when there was none yet. */
export interface LastSeen {
  /** Since the last sign of life of any kind. */
  readonly agoMs: number
  /** What that was. `link` are bytes that are no whole message: a handshake, or a part of a large message. */
  readonly by: Evidence
  /** Since its last beacon. */
  readonly beaconAgoMs?: number
  /** Since anything at all came on its link to us. */
  readonly linkAgoMs?: number
  /** Since its last whisper or shout. */
  readonly messageAgoMs?: number
  /** Since its last answer to a PING of ours: the link carries in both directions. */
  readonly pingOkAgoMs?: number
}

export interface PeerMetrics extends Readonly<Omit<PeerCounters, 'messageAt'>> {
  readonly id: PeerId
  /** From its HELLO; empty before that. At most 255 bytes, of any characters: a stranger chose it. */
  readonly name: string
  /** `present` from `enter` to `exit`; before (and after), it is only heard of. */
  readonly phase: 'candidate' | 'present'
  readonly presence: Presence
  /** Our link to it: see `LinkState` in `peer-state.ts`. Only over an `open` one something is sent. */
  readonly link: LinkState
  /** It has a link to us. */
  readonly linkedToUs: boolean
  /** How often a link of ours to it came to stand. */
  readonly links: number
  /** Of these, all but the first. */
  readonly reconnects: number
  /** Dials that failed since its link last stood for a second. */
  readonly dialsFailed: number
  /** Milliseconds of the last PING and its answer; absent before the first answer. */
  readonly roundTripMs?: number
  /** Absent when no sign of life was heard of it yet. */
  readonly lastSeen?: LastSeen
  /** The application's messages accepted and not yet taken by the host's network stack: the depth of its queue. */
  readonly outboxMessages: number
  /** Bytes of these, and of commands and services' messages on their way with them. */
  readonly outboxBytes: number
  /** Its outbox was full, and has not drained to its low marks since (the event `blocked` comes a little later). */
  readonly blocked: boolean
}

/** How many peers there are, now. */
export interface PeerCounts {
  /** Heard of, by beacon or connection, and not introduced. */
  readonly candidates: number
  /** Present, and heard within `timers.evasiveMs`. */
  readonly alive: number
  /** Present, and not heard for that long. */
  readonly evasive: number
  /** Present, and not heard for `timers.silentMs`. */
  readonly silent: number
  /** Present, with an outbox that was full and has not drained since. */
  readonly blocked: number
  /** Of all, those to whom a link of ours stands. */
  readonly linked: number
  /** Of all, those who have a link to us. */
  readonly linkedToUs: number
}

export interface EngineMetrics {
  readonly mesh: Readonly<MeshCounters>
  /**
   * How often each warning was counted, by its code (`docs/errors.md`), reported or not. Codes that did not occur are
   * left out.
   */
  readonly warnings: Readonly<Record<string, number>>
  readonly peerCounts: PeerCounts
  /** All that is known of each peer, candidates included, in the order of first contact. */
  readonly peers: readonly PeerMetrics[]
}

export function measure(context: MeshContext, peers: readonly Peer[], now: number): EngineMetrics {
  const measured = peers.map((peer) => measurePeer(context, peer, now))
  return {
    mesh: copyOf(context.counters),
    warnings: context.warnings.counts(),
    peerCounts: countPeers(measured),
    peers: measured,
  }
}

function measurePeer(context: MeshContext, peer: Peer, now: number): PeerMetrics {
  const { messages, bytes } = peer.waiting()
  const { messageAt, ...counters } = peer.counters
  const { roundTripMs } = peer
  const seen = lastSeen(peer, messageAt, now)
  return {
    ...counters,
    id: peer.id,
    name: peer.name,
    phase: peer.phase === 'present' ? 'present' : 'candidate',
    presence: peer.presence,
    link: peer.link,
    linkedToUs: peer.inbound !== undefined,
    links: peer.links,
    reconnects: Math.max(0, peer.links - 1),
    dialsFailed: peer.failedDials,
    ...(roundTripMs !== undefined && { roundTripMs }),
    ...(seen !== undefined && { lastSeen: seen }),
    outboxMessages: messages,
    outboxBytes: bytes,
    blocked: context.blockedPeers.has(peer),
  }
}

/** Not by `Peer.heardAt`: that is put off when our own host slept. */
function lastSeen(peer: Peer, messageAt: number, now: number): LastSeen | undefined {
  const { heardBeaconAt, heardTcpAt, pongAt } = peer
  const seenAt = Math.max(heardBeaconAt, heardTcpAt)
  if (!Number.isFinite(seenAt)) return undefined
  const ago = (at: number): number => Math.max(0, Math.round(now - at))
  return {
    agoMs: ago(seenAt),
    by: heardBeaconAt > heardTcpAt ? 'beacon' : peer.evidence,
    ...(Number.isFinite(heardBeaconAt) && { beaconAgoMs: ago(heardBeaconAt) }),
    ...(Number.isFinite(heardTcpAt) && { linkAgoMs: ago(heardTcpAt) }),
    ...(Number.isFinite(messageAt) && { messageAgoMs: ago(messageAt) }),
    ...(Number.isFinite(pongAt) && { pingOkAgoMs: ago(pongAt) }),
  }
}

function countPeers(peers: readonly PeerMetrics[]): PeerCounts {
  const counts = {
    candidates: 0,
    alive: 0,
    evasive: 0,
    silent: 0,
    blocked: 0,
    linked: 0,
    linkedToUs: 0,
  }
  for (const { phase, presence, blocked, link, linkedToUs } of peers) {
    if (phase === 'present') counts[presence]++
    else counts.candidates++
    if (blocked) counts.blocked++
    if (link === 'open') counts.linked++
    if (linkedToUs) counts.linkedToUs++
  }
  return counts
}
