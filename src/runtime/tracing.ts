/**
 * Tracing: following single messages from the call that sends them to the listeners that take them, on both sides.
 *
 *     sent ─▶ accepted ─▶ written ─▶ … ─▶ received ─▶ handled
 *
 * A traced message has a preface that tells the receiver its id (on the channel `trace`); so nothing of the message
 * itself changes, and other implementations never notice.
 */
import { utf8Decode, utf8Encode } from '../base/bytes.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { ShoutEvent, TracedNotice, WhisperEvent } from '../mesh/events.ts'
import type { OutgoingContent } from '../mesh/outbox.ts'
import { type Channels, channelMark } from './channels.ts'

/** How far a traced message has come. */
export type TraceStage =
  | 'sent' // `whisper` or `shout` was called (a shout's `peer` is missing: it is one call for all)
  | 'accepted' // the peer's outbox took it
  | 'dropped' // its policy dropped it for this peer
  | 'written' // it was encoded for the link, and leaves with this turn
  | 'received' // it is here, decoded; our listeners are next
  | 'handled' // all listeners have returned (iterations may still have it in their buffers)

export interface TraceEvent {
  readonly stage: TraceStage
  /** The message's, the same on both sides. */
  readonly trace: string
  /** The other side. */
  readonly peer?: PeerId
  /** Of a shout. */
  readonly group?: string
  /** Bytes of content. */
  readonly bytes: number
}

const CHANNEL = 'trace'
const ID_BYTES_MAX = 64
/** Peers whose next message is expected to be traced; beyond that new ones are not followed. */
const EXPECTED_MAX = 1_024

export class Tracing {
  readonly #nodeId: PeerId
  readonly #listeners = new Set<(event: TraceEvent) => void>()
  readonly #mark = channelMark(CHANNEL)
  /** Ids of messages that come next, by sender. */
  readonly #expected = new Map<PeerId, string>()
  #every = 0
  #untilNext = 0
  #count = 0

  constructor(nodeId: PeerId, channels: Channels) {
    this.#nodeId = nodeId
    channels.open(CHANNEL, (peer, frames) => this.#expect(peer.id, frames))
  }

  /** Gives back how to end it. While nobody listens nothing is traced. */
  listen(listener: (event: TraceEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Traces each `every`-th message of the application's; 0 none but those that ask for it. */
  sample(every: number): void {
    this.#every = every
    this.#untilNext = every
  }

  /** The content itself, or, where it is to be followed, with a trace; says `sent` then. */
  begin(content: OutgoingContent, isWanted: boolean, peer?: PeerId): OutgoingContent {
    if (this.#listeners.size === 0) return content
    if (!isWanted) {
      if (this.#every === 0 || --this.#untilNext > 0) return content
      this.#untilNext = this.#every
    }
    const id = `${this.#nodeId.slice(0, 12)}-${++this.#count}`
    const traced = { ...content, trace: { id, preface: [this.#mark, utf8Encode(id)] } }
    this.#say('sent', traced, id, peer)
    return traced
  }

  handleNotice({ stage, id, content }: TracedNotice): void {
    this.#say(stage, content, content.trace!.id, id)
  }

  /** True while some peer's next message is a traced one: ask `take` then. */
  get isExpecting(): boolean {
    return this.#expected.size > 0
  }

  /** The trace of the message that has just come from the peer. */
  take(peer: PeerId): string | undefined {
    const id = this.#expected.get(peer)
    this.#expected.delete(peer)
    return id
  }

  told(stage: 'received' | 'handled', trace: string, event: WhisperEvent | ShoutEvent): void {
    const group = event.type === 'shout' ? event.group : ''
    const { byteLength } = event.message
    this.#say(stage, { group, byteLength }, trace, event.peer.id)
  }

  forget(peer: PeerId): void {
    this.#expected.delete(peer)
  }

  #say(
    stage: TraceStage,
    { group, byteLength }: { readonly group: string; readonly byteLength: number },
    trace: string,
    peer: PeerId | undefined,
  ): void {
    const event: TraceEvent = {
      stage,
      trace,
      ...(peer !== undefined && { peer }),
      ...(group !== '' && { group }),
      bytes: byteLength,
    }
    for (const listener of this.#listeners) listener(event)
  }

  #expect(peer: PeerId, frames: readonly Uint8Array[]): void {
    const [id] = frames
    if (this.#listeners.size === 0) return
    if (id === undefined || id.length > ID_BYTES_MAX || id.length === 0) return
    if (this.#expected.size >= EXPECTED_MAX && !this.#expected.has(peer)) return
    this.#expected.set(peer, utf8Decode(id))
  }
}
