/**
 * A connection whose socket type is PUB: it learns what the subscriber wants and sends only that.
 *
 * RFC 37 "The Publish-Subscribe Pattern": "message filtering SHALL happen at the publisher side". Subscriptions
 * come as SUBSCRIBE and CANCEL commands (ZMTP 3.1) or as messages whose first octet is 01 or 00 (RFC 23, ZMTP 3.0).
 * Both are understood, whatever version the peer greeted with: some subscribers greet with 3.1 and send messages.
 *
 * The order of calls is that of `ZmtpConnection`, with `poll` and `accept` called here. Whether it dials or accepts is for its
 * role to say. What a subscriber sends beside subscriptions is counted, and dropped.
 */
import { EMPTY_BYTES } from '../base/bytes.ts'
import type { Limits } from '../base/limits.ts'
import type { ZmtpInvalid } from './codes.ts'
import type { Command } from './command.ts'
import { type ConnectionInput, type ConnectionOptions, ZmtpConnection } from './connection.ts'
import type { Multipart } from './multipart.ts'
import { Subscriptions, TOPIC_BYTES_MAX } from './subscriptions.ts'

/** RFC 23: `subscribe = %x00 short-size %d1 subscription`, `unsubscribe = %x00 short-size %d0 subscription`. */
const CANCEL_OCTET = 0
const SUBSCRIBE_OCTET = 1

export interface PubOptions extends Pick<ConnectionOptions, 'role' | 'mechanism'> {
  readonly limits: Pick<Limits, 'handshakeBytes'>
}

export class PubConnection {
  /** For bytes in and out, and PINGs; not to be polled, nor to accept. */
  readonly zmtp: ZmtpConnection
  readonly #subscriptions = new Subscriptions()
  #ignoredMessages = 0

  constructor({ role, mechanism, limits }: PubOptions) {
    this.zmtp = new ZmtpConnection({
      role,
      mechanism,
      // RFC 37 "The Identity Property" has identities for those only who talk with a ROUTER.
      identity: EMPTY_BYTES,
      // Nothing but a subscription can be meant.
      limits: {
        handshakeBytes: limits.handshakeBytes,
        messageBytes: 1 + TOPIC_BYTES_MAX,
        messageFrames: 1,
      },
      pattern: {
        type: 'PUB',
        counterparts: ['SUB', 'XSUB'],
        handleCommand: (command) => this.#handleCommand(command),
      },
    })
  }

  /** Different topics that the subscriber wants. At 0 nothing can be published. */
  get topicCount(): number {
    return this.#subscriptions.size
  }

  /** Messages of the subscriber's that were no subscriptions. */
  get ignoredMessages(): number {
    return this.#ignoredMessages
  }

  /** As `ZmtpConnection.poll`; messages never come out. Look at `topicCount` at 'needMore'. */
  poll(): Exclude<ConnectionInput, Multipart> {
    for (;;) {
      const input = this.zmtp.poll()
      if (input.kind === 'invalid') this.#subscriptions.clear()
      if (input.kind !== 'message') return input
      const problem = this.#handleMessage(input)
      if (problem === undefined) continue
      this.#subscriptions.clear()
      return this.zmtp.fail(problem)
    }
  }

  /** Acceptor, after 'offer': lets the subscriber in. */
  accept(): void {
    this.zmtp.accept()
  }

  /** Whether the subscriber wants messages whose first frame is this one. */
  isWanted(first: Uint8Array): boolean {
    return this.#subscriptions.matches(first)
  }

  /** Writes a message of one frame, if it is wanted; the bytes are treated as `ZmtpConnection.writeFrame` does. */
  publish(payload: Uint8Array): boolean {
    if (!this.isWanted(payload)) return false
    this.zmtp.writeFrame(payload, false)
    return true
  }

  #handleCommand(command: Command): 'understood' | 'unknown' | ZmtpInvalid {
    switch (command.name) {
      case 'SUBSCRIBE':
        return this.#subscriptions.subscribe(command.data) ?? 'understood'
      case 'CANCEL':
        this.#subscriptions.cancel(command.data)
        return 'understood'
      default:
        return 'unknown'
    }
  }

  #handleMessage(message: Multipart): ZmtpInvalid | undefined {
    const body = message.frame(0)
    switch (body[0]) {
      case SUBSCRIBE_OCTET:
        return this.#subscriptions.subscribe(body.subarray(1))
      case CANCEL_OCTET:
        this.#subscriptions.cancel(body.subarray(1))
        return undefined
      default:
        this.#ignoredMessages++
        return undefined
    }
  }
}
