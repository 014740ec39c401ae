/**
 * A connection whose socket type is SUB: it says what it wants, and gets messages.
 *
 * The order of calls is that of `ZmtpConnection`, with `poll` and `accept` called here. Topics can be subscribed to
 * from the beginning; those that come before the handshake is complete are sent when it is. Filtering is the
 * publisher's: messages that were on their way when a topic was cancelled still come.
 */
import { assert } from '../base/assert.ts'
import { EMPTY_BYTES } from '../base/bytes.ts'
import { type ConnectionInput, type ConnectionOptions, ZmtpConnection } from './connection.ts'
import type { ZmtpVersion } from './handshake.ts'
import { TOPIC_BYTES_MAX } from './subscriptions.ts'

export type SubOptions = Pick<ConnectionOptions, 'role' | 'mechanism' | 'limits'>

type Change = 'SUBSCRIBE' | 'CANCEL'

export class SubConnection {
  /** For bytes in and out, and PINGs; not to be polled, nor to accept. */
  readonly zmtp: ZmtpConnection
  /** What is to be said once the handshake is complete. */
  #waiting: { readonly change: Change; readonly topic: Uint8Array }[] = []
  #version: ZmtpVersion = '3.0'

  constructor({ role, mechanism, limits }: SubOptions) {
    this.zmtp = new ZmtpConnection({
      role,
      mechanism,
      // RFC 37 "The Identity Property" has identities for those only who talk with a ROUTER.
      identity: EMPTY_BYTES,
      limits,
      pattern: {
        type: 'SUB',
        counterparts: ['PUB', 'XPUB'],
        handleCommand: () => 'unknown',
      },
    })
  }

  /** As `ZmtpConnection.poll`. */
  poll(): ConnectionInput {
    const input = this.zmtp.poll()
    if (input.kind === 'offer' || input.kind === 'ready') this.#version = input.version
    if (input.kind === 'ready') this.#sayWhatWaits()
    return input
  }

  /** Acceptor, after 'offer': lets the publisher in. */
  accept(): void {
    this.zmtp.accept()
    this.#sayWhatWaits()
  }

  /** Asks for messages that start with `topic`, up to TOPIC_BYTES_MAX bytes; none of them: for all messages. */
  subscribe(topic: Uint8Array): void {
    this.#change('SUBSCRIBE', topic)
  }

  /** Takes one `subscribe` of this topic back. */
  cancel(topic: Uint8Array): void {
    this.#change('CANCEL', topic)
  }

  #change(change: Change, topic: Uint8Array): void {
    assert(topic.length <= TOPIC_BYTES_MAX, 'a topic fits a command')
    if (this.zmtp.state === 'ready') this.#say(change, topic)
    else this.#waiting.push({ change, topic: new Uint8Array(topic) })
  }

  #sayWhatWaits(): void {
    for (const { change, topic } of this.#waiting.splice(0)) this.#say(change, topic)
  }

  /** RFC 37 has commands for it. Before, by RFC 23, it was a message: 1 or 0, then the topic. */
  #say(change: Change, topic: Uint8Array): void {
    if (this.#version === '3.1') {
      this.zmtp.writeCommand(change, topic)
      return
    }
    const writer = this.zmtp.reserveFrame(1 + topic.length, false)
    writer.u8(change === 'SUBSCRIBE' ? 1 : 0)
    writer.raw(topic)
  }
}
