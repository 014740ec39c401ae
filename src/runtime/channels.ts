/**
 * Channels: messages of services (the log, for one) between earshot nodes, beside those of the application.
 *
 * They are whispers whose first frame is a mark and the channel's name:
 *
 *     "\0earshot:" name │ content …
 *
 * A node hands them to the service that has opened the channel, and counts them where none has; the application never
 * sees them, and cannot send what looks like one. They share the peer's outbox with everything else, so a service
 * must not have much under way.
 */
import { utf8Decode, utf8Encode } from '../base/bytes.ts'
import type { PeerId } from '../base/peer-id.ts'
import { CHANNEL_MARK, CHANNEL_MARK_TEXT } from '../mesh/channel-mark.ts'
import type { PeerInfo } from '../mesh/events.ts'
import { EARSHOT_HEADER } from '../mesh/links.ts'
import type { Message } from '../mesh/message.ts'
import type { Preface } from '../mesh/preface.ts'
import { checkHasFrames } from './outgoing.ts'

/** A first frame that is no longer than this is looked up. */
const NAME_BYTES_MAX = 32

/** What a service gets for a peer that sent something on its channel: the frames behind the mark. */
export type ChannelHandler = (peer: PeerInfo, frames: readonly Uint8Array[]) => void

export interface Channel {
  /** Bytes of the frames of one message, at the most: by this node's own limit, which others need not share. */
  readonly bytesMax: number
  /**
   * Sends without waiting: false when the peer is not there, is no earshot node, or its outbox is full.
   *
   * @throws EarshotError ERR_EARSHOT_MESSAGE_TOO_LARGE for more than `bytesMax`; a TypeError for no frames.
   */
  send(peer: PeerId, frames: readonly Uint8Array[]): boolean
  /**
   * After each call of what this gives back, `frames` is asked for something to say to each earshot peer before the
   * application's next message to it: it is there before the message. No frames say nothing. One service of a node may
   * have a preface.
   */
  preface(frames: () => readonly Uint8Array[]): () => void
  close(): void
}

export interface ChannelsHost {
  /** As `Limits` has it. */
  readonly messageBytes: number
  /** A whisper that is none of the application's; false when it was not accepted. */
  sendWhisper(peer: PeerId, frames: readonly Uint8Array[]): boolean
  peer(id: PeerId): PeerInfo | undefined
  /** A handler threw. */
  reportUncaught(error: unknown): void
}

/** Whether a peer understands channels: earshot nodes do. */
export function hasChannels(peer: PeerInfo): boolean {
  return peer.headers[EARSHOT_HEADER] !== undefined
}

/** The first frame of a channel's messages. */
export function channelMark(name: string): Uint8Array {
  return utf8Encode(CHANNEL_MARK_TEXT + name)
}

export class Channels {
  readonly #host: ChannelsHost
  readonly #preface: Preface
  readonly #open = new Map<string, ChannelHandler>()
  /** Messages on channels that nobody has opened here. It only grows. */
  unclaimed = 0

  constructor(host: ChannelsHost, preface: Preface) {
    this.#host = host
    this.#preface = preface
  }

  /** @throws Error when the channel is open already. */
  open(name: string, handler: ChannelHandler): Channel {
    const mark = channelMark(name)
    if (mark.length > CHANNEL_MARK.length + NAME_BYTES_MAX || name === '') {
      throw new RangeError(`a channel's name has 1 to ${NAME_BYTES_MAX} bytes: ${name}`)
    }
    if (this.#open.has(name)) throw new Error(`the channel ${name} is open already`)
    this.#open.set(name, handler)
    return {
      bytesMax: Math.max(0, this.#host.messageBytes - mark.length),
      send: (id, frames) => {
        checkHasFrames(frames)
        const peer = this.#host.peer(id)
        if (peer === undefined || !hasChannels(peer)) return false
        return this.#host.sendWhisper(id, [mark, ...frames])
      },
      preface: (frames) => {
        this.#preface.set(() => {
          const content = frames()
          return content.length > 0 ? [mark, ...content] : [] // the mark alone would reach the application
        })
        return () => this.#preface.renew()
      },
      close: () => {
        if (this.#open.get(name) === handler) this.#open.delete(name)
      },
    }
  }

  /** Takes a message whose first frame begins with the mark. */
  handle(peer: PeerInfo, message: Message): void {
    const [mark, ...frames] = message.frames()
    const isShort = mark!.length <= CHANNEL_MARK.length + NAME_BYTES_MAX
    const name = isShort ? utf8Decode(mark!.subarray(CHANNEL_MARK.length)) : ''
    const handler = this.#open.get(name)
    if (handler === undefined) {
      this.unclaimed++
      return
    }
    try {
      handler(peer, frames)
    } catch (error) {
      this.#host.reportUncaught(error)
    }
  }
}
