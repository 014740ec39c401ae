/**
 * What is said on a link, as bytes: HELLO first, and everything after it with a sequence number one higher than the
 * last. That there is a link, and what is said when, is for `links.ts` to decide.
 */
import { assert } from '../base/assert.ts'
import { encodeZre, zreLength } from '../zre/encode.ts'
import type { ZreMessage } from '../zre/message.ts'
import type { MeshContext } from './context.ts'
import { isQuiet } from './link-silence.ts'
import { isContent, type Outgoing, type OutgoingContent } from './outbox.ts'
import { OwnHello } from './own-hello.ts'
import type { Connection, Peer } from './peer.ts'
import type { Trace } from './preface.ts'
import { oneMore, saidSoFar } from './seam.ts'

/** The last sequence number that both styles of wrapping have in common (see `WrapStyle`). */
const LAST_COMMON_SEQUENCE = 65_534

/** From here on we look for a quiet moment to start over: a quarter of the numbers is left to find one. */
const WRAP_IN_SIGHT_SEQUENCE = 49_152

export class LinkWriter {
  readonly #context: MeshContext
  readonly #hello: OwnHello

  constructor(context: MeshContext) {
    this.#context = context
    this.#hello = new OwnHello(context)
  }

  writeHello(peer: Peer, connection: Connection, now: number): void {
    const said = saidSoFar(peer)
    this.noteHello(peer, now, said)
    this.greet(connection, said)
  }

  /** HELLO, on a connection of whomever. */
  greet(connection: Connection, said?: number): void {
    const bytes = this.#hello.bytesTowards(connection, said)
    connection.zmtp.reserveFrame(bytes.length, false).raw(bytes)
    this.#context.markDirty(connection)
  }

  /** The peer has our HELLO, or is about to get it. */
  noteHello(peer: Peer, now: number, said = 0): void {
    peer.helloDue = false
    if (peer.knowsUs && !peer.isEarshot) peer.answersDue++
    peer.knowsUs = true
    peer.helloSentAt = now
    peer.sentSequence = 1
    peer.said = said
    if (peer.doubt?.kind === 'deaf') {
      peer.doubt = undefined // this is what it would have led to
      peer.clearDeadline('confirm')
    }
    if (peer.outbox.length > 0) peer.outbox.dropMemberships()
  }

  writeOutgoing(peer: Peer, connection: Connection, outgoing: Outgoing, now: number): void {
    const startedOver = this.#startOverBeforeWrap(peer, connection, now)
    if (!isContent(outgoing)) {
      if (startedOver) return // that HELLO carries it
      const { kind, group, status } = outgoing
      const sequence = this.#nextSequence(peer)
      this.#writeCommand(peer, connection, { kind, sequence, group, status })
    } else if (outgoing.isService) {
      this.writeAside(peer, connection, outgoing.frames)
    } else {
      this.#writeMessage(peer, connection, outgoing)
    }
  }

  #writeMessage(peer: Peer, connection: Connection, message: OutgoingContent): void {
    const { kind, group, frames, byteLength, trace } = message
    const isPrefaced = connection.prefaceVersion === this.#context.preface.version
    if (!isPrefaced || trace !== undefined) this.#writePrefaces(peer, connection, trace)
    const sequence = this.#nextSequence(peer)
    const header: ZreMessage = kind === 'whisper' ? { kind, sequence } : { kind, sequence, group }
    this.#writeContent(peer, connection, header, frames)
    connection.countMessage()
    const counters = peer.count()
    counters.messagesOut++
    counters.bytesOut += byteLength
    this.#context.counters.messagesOut++
    if (kind === 'whisper') {
      counters.whispersOut++
      this.#context.counters.whispersOut++
    }
    if (trace === undefined) return
    this.#context.emit({ type: 'traced', stage: 'written', id: peer.id, content: message })
  }

  /** What the peer has to know before the message. */
  #writePrefaces(peer: Peer, connection: Connection, trace: Trace | undefined): void {
    if (!peer.isEarshot) return
    const { preface } = this.#context
    if (connection.prefaceVersion !== preface.version) {
      connection.prefaceVersion = preface.version
      const { frames } = preface
      if (frames.length > 0) this.writeAside(peer, connection, frames)
    }
    if (trace !== undefined) this.writeAside(peer, connection, trace.preface)
  }

  /** A whisper of a service's. */
  writeAside(peer: Peer, connection: Connection, frames: readonly Uint8Array[]): void {
    const header: ZreMessage = { kind: 'whisper', sequence: this.#nextSequence(peer) }
    this.#writeContent(peer, connection, header, frames)
    const { counters } = this.#context
    counters.serviceMessagesOut++
    for (const { length } of frames) counters.serviceBytesOut += length
  }

  #writeContent(
    peer: Peer,
    { zmtp }: Connection,
    header: ZreMessage,
    frames: readonly Uint8Array[],
  ): void {
    peer.said = oneMore(peer.said)
    const last = frames.length - 1
    encodeZre(header, zmtp.reserveFrame(zreLength(header), last >= 0))
    for (let i = 0; i <= last; i++) zmtp.writeFrame(frames[i]!, i < last)
  }

  writeControl(
    peer: Peer,
    connection: Connection,
    kind: 'ping' | 'ping-ok' | 'goodbye',
    now: number,
  ): void {
    if (kind !== 'goodbye') this.#startOverBeforeWrap(peer, connection, now) // nothing comes after that
    this.#writeCommand(peer, connection, { kind, sequence: this.#nextSequence(peer) })
  }

  #writeCommand(peer: Peer, connection: Connection, message: ZreMessage): void {
    assert(peer.sentSequence === message.sequence, 'sequence numbers go out in order')
    encodeZre(message, connection.zmtp.reserveFrame(zreLength(message), false))
  }

  /**
   * RFC 36: the sequence wraps from 65535 to 0. Some implementations wrap one earlier and drop whoever does
   * not; towards a peer whose style is not known, a fresh HELLO starts over before the wrap. True if it went out.
   * C Zyre answers it by dropping its link to us, with all that it had queued for us (`zyre_node_recv_peer`, 2.0.1):
   * so it goes out when nothing is likely to be there, and where that moment does not come, it is told.
   */
  #startOverBeforeWrap(peer: Peer, connection: Connection, now: number): boolean {
    if (peer.sentSequence < WRAP_IN_SIGHT_SEQUENCE || peer.wrapStyle !== 'unknown') return false
    if (!isQuiet(peer, connection, this.#context.readingSince, now)) {
      if (peer.sentSequence !== LAST_COMMON_SEQUENCE) return false
      const reason = `the sequence numbers towards ${peer.name || peer.id} ran out, and no moment was quiet: the fresh HELLO may have made it drop what it had queued for us`
      this.#context.warn('sequence-wrap', reason, { peer: peer.id }, now)
    }
    this.writeHello(peer, connection, now)
    return true
  }

  #nextSequence(peer: Peer): number {
    const last = peer.wrapStyle === 'short' ? LAST_COMMON_SEQUENCE : 0xffff
    peer.sentSequence = peer.sentSequence >= last ? 0 : peer.sentSequence + 1
    return peer.sentSequence
  }
}
