/**
 * Tracing: following single messages from the call that sends them to the listeners that take them, on both sides.
 *
 *     sent ─▶ accepted ─▶ written ─▶ … ─▶ received ─▶ handled
 *      └────────┴──▶ dropped, or failed
 *
 * A traced message has a preface (on the channel `trace`) that tells the receiver its id, and what it is that follows; so
 * nothing of the message itself changes, and other implementations never notice:
 *
 *     "\0earshot:trace" │ id │ bytes of content, in decimal digits │ group, empty for a whisper
 *
 * It is about the very next message, if that is such a one, and otherwise about nothing: the message may have been lost
 * with its link, or was a shout for a group that we had left.
 */
import { utf8Decode, utf8Encode } from '../base/bytes.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { ShoutEvent, TracedNotice, WhisperEvent } from '../mesh/events.ts'
import type { OutgoingContent } from '../mesh/outbox.ts'
import { STRING_BYTES_MAX } from '../zre/message.ts'
import { type Channels, channelMark } from './channels.ts'

/** How far a traced message has come. */
export type TraceStage =
  | 'sent' // `whisper` or `shout` was called (a shout's `peer` is missing: it is one call for all)
  | 'accepted' // the peer's outbox took it
  | 'dropped' // its policy dropped it for this peer: at once, or after `accepted`, for a newer one. The end
  // It was certainly not sent to this peer: it is not there, has gone while the message waited, or had no room for a
  // `try…`; the wait was aborted, or this node stopped. The end
  | 'failed'
  // It was encoded for the link, and leaves with this turn. The last that is known on this side: whether a link that
  // breaks now has carried it, nobody can say
  | 'written'
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
const DIGITS_MAX = 16
/** Peers whose next message is expected to be traced; beyond that new ones are not followed. */
const EXPECTED_MAX = 1_024

/** What a preface says of the message behind it. */
interface Expected {
  readonly trace: string
  readonly byteLength: string
  readonly group: string
}

export class Tracing {
  readonly #nodeId: PeerId
  readonly #reportUncaught: (error: unknown) => void
  readonly #listeners = new Set<(event: TraceEvent) => void>()
  readonly #mark = channelMark(CHANNEL)
  /** Messages that come next, by sender. */
  readonly #expected = new Map<PeerId, Expected>()
  #every = 0
  #untilNext = 0
  #count = 0

  constructor(nodeId: PeerId, channels: Channels, reportUncaught: (error: unknown) => void) {
    this.#nodeId = nodeId
    this.#reportUncaught = reportUncaught
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
    const about = [id, String(content.byteLength), content.group]
    const traced = {
      ...content,
      trace: { id, preface: [this.#mark, ...about.map((text) => utf8Encode(text))] },
    }
    this.#say('sent', traced, id, peer)
    return traced
  }

  handleNotice({ stage, id, content }: TracedNotice): void {
    this.#say(stage, content, content.trace!.id, id)
  }

  /** The message will not be sent to this peer. */
  failed(peer: PeerId, content: OutgoingContent): void {
    if (content.trace !== undefined) this.#say('failed', content, content.trace.id, peer)
  }

  /** True while some peer's next message is a traced one: ask `take` then. */
  get isExpecting(): boolean {
    return this.#expected.size > 0
  }

  /** The trace of the message that has just come from a peer. */
  take(event: WhisperEvent | ShoutEvent): string | undefined {
    const expected = this.#expected.get(event.peer.id)
    if (expected === undefined) return undefined
    this.#expected.delete(event.peer.id)
    const group = event.type === 'shout' ? event.group : ''
    const isIt =
      expected.group === group && expected.byteLength === String(event.message.byteLength)
    return isIt ? expected.trace : undefined
  }

  told(stage: 'received' | 'handled', trace: string, event: WhisperEvent | ShoutEvent): void {
    const group = event.type === 'shout' ? event.group : ''
    const { byteLength } = event.message
    this.#say(stage, { group, byteLength }, trace, event.peer.id)
  }

  /** What was expected of the peer does not come next. */
  forget(peer: PeerId): void {
    if (this.isExpecting) this.#expected.delete(peer)
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
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#reportUncaught(error)
      }
    }
  }

  #expect(peer: PeerId, [id, byteLength, group]: readonly Uint8Array[]): void {
    if (this.#listeners.size === 0) return
    if (id === undefined || byteLength === undefined || group === undefined) return
    if (id.length > ID_BYTES_MAX || id.length === 0) return
    if (byteLength.length > DIGITS_MAX || group.length > STRING_BYTES_MAX) return
    if (this.#expected.size >= EXPECTED_MAX && !this.#expected.has(peer)) return
    this.#expected.set(peer, {
      trace: utf8Decode(id),
      byteLength: utf8Decode(byteLength),
      group: utf8Decode(group),
    })
  }
}
