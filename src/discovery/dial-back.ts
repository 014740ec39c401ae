/**
 * Dialling back: every node of this library, asked by a peer, visits the peer's mailbox once and says what came of it, what
 * its wall clock shows and whether it hears the peer's beacons. So a node learns how it looks from outside (`diagnose`).
 *
 * On the channel `doctor`, a MessagePack map in each message, and perhaps a second frame of as many bytes as one wants to
 * know to get through:
 *
 *     ask { id } + padding ─────▶
 *                             ◀── answer { id, outcome, ms, wall, endpoint, beaconAgoMs } + padding of the same length
 *
 * It dials where its own link to the asker stands, which has answered there as the asker, and never where a message
 * says: nobody can have it dial others. And it dials rarely.
 */
import { isLinkLocalIpv6, zoneOf } from '../base/ipv6.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Channel } from '../runtime/channels.ts'
import { msgpack } from '../runtime/codecs/msgpack.ts'
import type { MeshNode } from '../runtime/node.ts'
import type { PeerInfo } from '../runtime/node-events.ts'
import type { SocketAddress } from '../runtime/platform.ts'
import { parseEndpoint } from '../zre/endpoint.ts'
import { type Visit, visit } from './visit.ts'

/** `connected`: our mailbox answered as ours. `busy`: it has dialled enough for now. */
export const DIAL_BACK_OUTCOMES = [
  'connected',
  'refused',
  'timeout',
  'unreachable',
  'stranger', // somebody else answers there
  'other',
  'busy',
] as const

export type DialBackOutcome = (typeof DIAL_BACK_OUTCOMES)[number]

/** What a peer says of us. */
export interface DialBackAnswer {
  readonly outcome: DialBackOutcome
  /** Milliseconds that its visit took. */
  readonly ms: number
  /** Where it dialled: `tcp://address:port`. */
  readonly endpoint: string
  /** Milliseconds since it heard a beacon of ours; absent when it never did. */
  readonly beaconAgoMs?: number
  /** Milliseconds that its wall clock is ahead of ours; off by no more than half of `roundTripMs`. */
  readonly clockAheadMs: number
  readonly roundTripMs: number
}

export interface AskOptions {
  /** Milliseconds. Default 6000. */
  readonly limitMs?: number
  /** Bytes that go both ways beside: do large messages get through? Up to 16,384. */
  readonly paddingBytes?: number
}

const ASK_LIMIT_MS = 6_000
/** Long enough for three attempts to find a neighbour's hardware address, whose failure says most. */
const DIAL_MS = 4_000
const PADDING_BYTES_MAX = 16_384
const PER_PEER_MS = 5_000
const MINUTE_MS = 60_000
const PER_MINUTE = 10

const codec = msgpack<Record<string, unknown>>()

const services = new WeakMap<MeshNode, DialBack>()

/** The service of a node: made at the first call, which `createNode` does. It ends with the node. */
export function dialBack(node: MeshNode): DialBack {
  let service = services.get(node)
  if (service === undefined) {
    service = new DialBack(node)
    services.set(node, service)
  }
  return service
}

export class DialBack {
  readonly #node: MeshNode
  readonly #channel: Channel
  readonly #waiting = new Map<number, Waiting>()
  /** When it dialled back within the last minute, and whom. */
  #dials: readonly { readonly at: number; readonly peer: PeerId }[] = []
  readonly #stopping = new AbortController()
  #ids = 0

  constructor(node: MeshNode) {
    this.#node = node
    this.#channel = node.channel('doctor', (peer, frames) => this.#handle(peer, frames))
    node.onStopping(() => this.#stopping.abort())
  }

  // Asking

  /** Resolves with `undefined` when no answer comes: an older version, another implementation, a link that is stuck. */
  ask(peer: PeerId, options: AskOptions = {}): Promise<DialBackAnswer | undefined> {
    const { limitMs = ASK_LIMIT_MS, paddingBytes = 0 } = options
    const { clock } = this.#node.platform
    const id = ++this.#ids
    return new Promise((resolve) => {
      const settle = (answer: DialBackAnswer | undefined): void => {
        this.#waiting.delete(id)
        timer.cancel()
        resolve(answer)
      }
      const timer = clock.setTimer(clock.now() + limitMs, () => settle(undefined))
      this.#waiting.set(id, { peer, askedAt: clock.now(), wall: clock.wallNow(), settle })
      const padding = new Uint8Array(Math.min(paddingBytes, PADDING_BYTES_MAX))
      const isSent = this.#channel.send(peer, [codec.encode({ kind: 'ask', id }), padding])
      if (!isSent) settle(undefined)
    })
  }

  #handleAnswer(peer: PeerId, value: Readonly<Record<string, unknown>>): void {
    const waiting = this.#waiting.get(Number(value['id']))
    if (waiting?.peer !== peer) return
    const { clock } = this.#node.platform
    const { outcome, ms, wall, endpoint, beaconAgoMs } = value
    if (!isTime(ms) || !isTime(wall) || typeof endpoint !== 'string') return
    const roundTripMs = clock.now() - waiting.askedAt
    // Its wall clock is read after the dial: what the dial took is not on the way.
    const onTheWayMs = Math.max(0, roundTripMs - ms)
    waiting.settle({
      outcome: DIAL_BACK_OUTCOMES.find((each) => each === outcome) ?? 'other',
      ms,
      endpoint: endpoint.slice(0, 80),
      ...(isTime(beaconAgoMs) && { beaconAgoMs }),
      clockAheadMs: Math.round(wall - (waiting.wall + ms + onTheWayMs / 2)),
      roundTripMs: Math.round(onTheWayMs),
    })
  }

  // Answering

  #handle(peer: PeerInfo, [header, padding]: readonly Uint8Array[]): void {
    const decoded = header === undefined ? undefined : codec.decode(header)
    if (decoded?.kind !== 'value' || !isMap(decoded.value)) return
    const { value } = decoded
    if (value['kind'] === 'answer') this.#handleAnswer(peer.id, value)
    if (value['kind'] !== 'ask' || !isTime(value['id'])) return
    const paddingBytes = Math.min(padding?.length ?? 0, PADDING_BYTES_MAX)
    void this.#answer(peer, value['id'], paddingBytes)
  }

  async #answer(peer: PeerInfo, id: number, paddingBytes: number): Promise<void> {
    const { clock } = this.#node.platform
    const begunAt = clock.now()
    const outcome = await this.#dial(peer)
    const beaconAgoMs = this.#measured(peer.id)?.lastSeen?.beaconAgoMs
    const answer = {
      kind: 'answer',
      id,
      outcome,
      ms: Math.round(clock.now() - begunAt),
      wall: clock.wallNow(),
      endpoint: peer.endpoint,
      beaconAgoMs,
    }
    if (this.#stopping.signal.aborted) return
    this.#channel.send(peer.id, [codec.encode(answer), new Uint8Array(paddingBytes)])
  }

  async #dial(peer: PeerInfo): Promise<DialBackOutcome> {
    const to = this.#placeOf(peer)
    if (to === undefined || this.#measured(peer.id)?.link !== 'open') return 'other'
    if (!this.#mayDial(peer.id)) return 'busy'
    const { platform } = this.#node
    const { signal } = this.#stopping
    return outcomeOf(await visit(platform, to, { limitMs: DIAL_MS, signal }), peer.id)
  }

  /** A link-local address is told without its zone: it is clear where this node is on one link only. */
  #placeOf({ endpoint }: PeerInfo): SocketAddress | undefined {
    const to = parseEndpoint(endpoint)
    if (to === undefined || !isLinkLocalIpv6(to.address)) return to
    const own = this.#node.interfaces().filter(({ skipped }) => skipped === undefined)
    const zones = new Set(own.flatMap(({ address }) => zoneOf(address) ?? []))
    const [zone] = zones
    return zones.size === 1 ? { address: `${to.address}%${zone}`, port: to.port } : undefined
  }

  #measured(id: PeerId) {
    return this.#node.metrics().peers.find((each) => each.id === id)
  }

  #mayDial(peer: PeerId): boolean {
    const now = this.#node.platform.clock.now()
    this.#dials = this.#dials.filter(({ at }) => now - at < MINUTE_MS)
    const isTooSoon = this.#dials.some((each) => each.peer === peer && now - each.at < PER_PEER_MS)
    if (isTooSoon || this.#dials.length >= PER_MINUTE) return false
    this.#dials = [...this.#dials, { at: now, peer }]
    return true
  }
}

interface Waiting {
  readonly peer: PeerId
  readonly askedAt: number
  readonly wall: number
  readonly settle: (answer: DialBackAnswer | undefined) => void
}

function outcomeOf(seen: Visit, id: PeerId): DialBackOutcome {
  switch (seen.kind) {
    case 'mailbox':
      return seen.id === id ? 'connected' : 'stranger'
    case 'mismatch':
      return 'stranger'
    case 'failed':
      return DIAL_BACK_OUTCOMES.find((each) => each === seen.failure) ?? 'other'
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A number of milliseconds, or a count: nothing that arithmetic makes nonsense of. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
