/**
 * What a node answered when it was asked for its metrics: read once, here, into a plain and bounded form.
 *
 * Answers are data of strangers, and of other versions of earshot: anything may be missing, of another type, or far too
 * large. What cannot be read is left out; an answer without a list of peers is none. Texts are as they came:
 * whoever prints them escapes them.
 */
import type { PeerId, Presence } from '../../src/index.ts'
import { parsePeerId } from '../../src/index.ts'
import { fieldsOf, type Json } from '../recording/values.ts'

/** A node at one moment. */
export interface NodeSnapshot {
  /** When it was taken: milliseconds since 1970, by the clock of whoever asked. */
  readonly at: number
  /** Who was asked. What the answer says about its own id counts for nothing. */
  readonly id: PeerId
  readonly name: string
  /** Whom it sees. */
  readonly peers: ReadonlyMap<PeerId, SeenPeer>
  /** It named more peers than are kept: who is not in `peers` may be seen all the same. */
  readonly isCut: boolean
  readonly metrics: NodeNumbers
}

export interface SeenPeer {
  readonly id: PeerId
  readonly name: string
  readonly presence: Presence
}

export interface Traffic {
  readonly messagesIn: number | undefined
  readonly messagesOut: number | undefined
  readonly bytesIn: number | undefined
  readonly bytesOut: number | undefined
}

/** Of a node; each may be unknown. Counters count from its start. */
export interface NodeNumbers extends Traffic {
  readonly dropped: number | undefined
  readonly lost: number | undefined
  /** Of all kinds. */
  readonly warnings: number | undefined
  /** Of 100 turns of its event loop, 99 were not later than this. */
  readonly loopDelayMs: number | undefined
  readonly uptimeMs: number | undefined
  /** By peer, candidates included. */
  readonly peers: ReadonlyMap<PeerId, PeerNumbers>
}

/** Of a node, about one of its peers. Counters count from their first contact. */
export interface PeerNumbers extends Traffic {
  /** What waits for this peer. */
  readonly queueMessages: number | undefined
  readonly queueBytes: number | undefined
  readonly blocked: boolean
  readonly roundTripMs: number | undefined
}

/** A full mesh of more is beyond what earshot is for. */
const PEERS_MAX = 2_000
export const NAME_LENGTH_MAX = 255
const WARNING_CODES_MAX = 1_000

const PRESENCES: readonly Presence[] = ['alive', 'evasive', 'silent']

/** `undefined` for what is no answer to the topic `metrics`. */
export function readSnapshot(id: PeerId, at: number, data: unknown): NodeSnapshot | undefined {
  const answer = fieldsOf(data)
  const listed = answer?.['peers']
  if (answer === undefined || !Array.isArray(listed)) return undefined
  return {
    at,
    id,
    name: nameOf(answer['name']),
    peers: readPeers(listed, id),
    isCut: listed.length > PEERS_MAX,
    metrics: readNumbers(fieldsOf(answer['metrics']) ?? {}),
  }
}

function readPeers(listed: readonly unknown[], own: PeerId): Map<PeerId, SeenPeer> {
  const peers = new Map<PeerId, SeenPeer>()
  for (const each of listed.slice(0, PEERS_MAX)) {
    const fields = fieldsOf(each)
    const id = idOf(fields?.['id'])
    const presence = PRESENCES.find((one) => one === fields?.['presence'])
    if (fields === undefined || id === undefined || presence === undefined || id === own) continue
    peers.set(id, { id, name: nameOf(fields['name']), presence })
  }
  return peers
}

function readNumbers(metrics: Json): NodeNumbers {
  const mesh = fieldsOf(metrics['mesh']) ?? {}
  return {
    ...trafficOf(mesh),
    dropped: amountOf(mesh['messagesDropped']),
    lost: amountOf(mesh['messagesLost']),
    warnings: sumOf(fieldsOf(metrics['warnings'])),
    loopDelayMs: amountOf(fieldsOf(metrics['eventLoopDelay'])?.['p99Ms']),
    uptimeMs: amountOf(fieldsOf(metrics['node'])?.['uptimeMs']),
    peers: readPeerNumbers(metrics['peers']),
  }
}

function readPeerNumbers(listed: unknown): Map<PeerId, PeerNumbers> {
  const peers = new Map<PeerId, PeerNumbers>()
  for (const each of Array.isArray(listed) ? listed.slice(0, PEERS_MAX) : []) {
    const fields = fieldsOf(each)
    const id = idOf(fields?.['id'])
    if (fields === undefined || id === undefined) continue
    peers.set(id, {
      ...trafficOf(fields),
      queueMessages: amountOf(fields['outboxMessages']),
      queueBytes: amountOf(fields['outboxBytes']),
      blocked: fields['blocked'] === true,
      roundTripMs: amountOf(fields['roundTripMs']),
    })
  }
  return peers
}

function trafficOf(counters: Json): Traffic {
  return {
    messagesIn: amountOf(counters['messagesIn']),
    messagesOut: amountOf(counters['messagesOut']),
    bytesIn: amountOf(counters['bytesIn']),
    bytesOut: amountOf(counters['bytesOut']),
  }
}

/** `undefined` where there is nothing to add up. */
function sumOf(counts: Json | undefined): number | undefined {
  if (counts === undefined) return undefined
  let sum = 0
  for (const count of Object.values(counts).slice(0, WARNING_CODES_MAX)) sum += amountOf(count) ?? 0
  return Math.min(sum, Number.MAX_SAFE_INTEGER)
}

function idOf(value: unknown): PeerId | undefined {
  return typeof value === 'string' && value.length <= 36 ? parsePeerId(value) : undefined
}

function nameOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, NAME_LENGTH_MAX) : ''
}

/** A count or an amount; never negative, never beyond what numbers can count. */
function amountOf(value: unknown): number | undefined {
  const isAmount = typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
  return isAmount ? value : undefined
}
