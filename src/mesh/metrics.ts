/**
 * Metrics: what the engine counted, as plain data for `node.metrics()`. Counters only ever grow while the
 * node runs; a peer's counters begin with its first contact.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { MeshContext, MeshCounters } from './context.ts'
import type { Presence } from './events.ts'
import type { Peer, PeerCounters } from './peer.ts'

export interface PeerMetrics extends Readonly<PeerCounters> {
  /** How often a link to it came to stand. */
  readonly links: number
  readonly id: PeerId
  readonly name: string
  readonly phase: 'candidate' | 'present'
  readonly presence: Presence
  readonly link: 'idle' | 'waiting' | 'queued' | 'dialling' | 'open'
  readonly linkedToUs: boolean
  /** Of the last PING; absent before the first answer. */
  readonly roundTripMs?: number
  /** Messages and bytes accepted and not yet taken by the host's network stack. */
  readonly outboxMessages: number
  readonly outboxBytes: number
  /** Its outbox was full, and has not drained to its low marks since (the event `blocked` comes a little later). */
  readonly blocked: boolean
}

export interface EngineMetrics {
  readonly mesh: Readonly<MeshCounters>
  /** By code: how often each warning was counted, reported or not. */
  readonly warnings: Readonly<Record<string, number>>
  readonly peers: readonly PeerMetrics[]
}

export function measure(context: MeshContext, peers: readonly Peer[]): EngineMetrics {
  return {
    mesh: { ...context.counters },
    warnings: context.warnings.counts(),
    peers: peers.map((peer) => measurePeer(context, peer)),
  }
}

function measurePeer(context: MeshContext, peer: Peer): PeerMetrics {
  const { messages, bytes } = peer.waiting()
  return {
    ...peer.counters,
    links: peer.links,
    id: peer.id,
    name: peer.name,
    phase: peer.phase === 'present' ? 'present' : 'candidate',
    presence: peer.presence,
    link: peer.link,
    linkedToUs: peer.inbound !== undefined,
    ...(peer.roundTripMs !== undefined && { roundTripMs: peer.roundTripMs }),
    outboxMessages: messages,
    outboxBytes: bytes,
    blocked: context.blockedPeers.has(peer),
  }
}
