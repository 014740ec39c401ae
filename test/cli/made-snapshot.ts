/** Made-up answers to the question for metrics, and recordings of them. */
import { type NodeSnapshot, readSnapshot } from '../../cli/monitor/snapshot.ts'
import type { PeerId, Presence } from '../../src/index.ts'

/** The same id for the same name. */
export function idOf(name: string): PeerId {
  return Buffer.from(name.padEnd(16, '_')).subarray(0, 16).toString('hex').toUpperCase()
}

export interface MadePeer {
  readonly presence?: Presence
  readonly messagesIn?: number
  readonly messagesOut?: number
  readonly bytesIn?: number
  readonly bytesOut?: number
  readonly outboxMessages?: number
  readonly blocked?: boolean
  readonly roundTripMs?: number
}

/** What a node of this name answers; `peers` by their names. */
export function madeAnswer(
  name: string,
  peers: Readonly<Record<string, MadePeer>>,
  metrics: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const listed = Object.entries(peers)
  return {
    id: idOf(name),
    name,
    peers: listed.map(([peer, { presence = 'alive' }]) => {
      return { id: idOf(peer), name: peer, presence }
    }),
    metrics: {
      mesh: { messagesDropped: 0, messagesLost: 0 },
      warnings: {},
      peers: listed.map(([peer, numbers]) => ({
        id: idOf(peer),
        name: peer,
        messagesIn: 0,
        messagesOut: 0,
        bytesIn: 0,
        bytesOut: 0,
        outboxMessages: 0,
        outboxBytes: 0,
        blocked: false,
        ...numbers,
      })),
      ...metrics,
    },
  }
}

export function madeSnapshot(
  name: string,
  peers: Readonly<Record<string, MadePeer>>,
  { at = 0, ...metrics }: { readonly at?: number; readonly [field: string]: unknown } = {},
): NodeSnapshot {
  return readSnapshot(idOf(name), at, madeAnswer(name, peers, metrics))!
}

/** A line of a recording. */
export function madeLine(
  at: number,
  name: string,
  peers: Readonly<Record<string, MadePeer>>,
  metrics: Readonly<Record<string, unknown>> = {},
): string {
  const data = madeAnswer(name, peers, metrics)
  return JSON.stringify({ type: 'earshot.snapshot/1', at, node: idOf(name), name, data })
}
