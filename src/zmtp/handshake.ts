/**
 * A connection's beginning: greeting, then the mechanism's commands, up to the peer's metadata.
 *
 *     greeting ──► handshake ──► dialler: ready
 *                          └───► acceptor: offered ──accept()──► ready
 *
 * Nothing is known of the peer yet, so the bytes it may send are counted from the first one on, and
 * an announced length is held against what is left before anything waits for it.
 */
import { assert, assertNever } from '../base/assert.ts'
import { invalid } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { ZmtpInvalid } from './codes.ts'
import { type Command, encodeError, parseCommand, peerError, writeCommand } from './command.ts'
import {
  checkFlags,
  FLAG_COMMAND,
  FLAG_LONG,
  LONG_HEADER_BYTES,
  readLongSize,
  SHORT_HEADER_BYTES,
} from './frame.ts'
import {
  checkGreeting,
  GREETING_BYTES,
  GREETING_HEAD_BYTES,
  showsLaterThan30,
  writeGreetingHead,
  writeGreetingTail,
} from './greeting.ts'
import type { InputBuffer } from './input-buffer.ts'
import type { ConnectionRole, FrameProtection, Mechanism } from './mechanism.ts'
import {
  type ExtraProperty,
  encodeMetadata,
  ownMetadata,
  type PeerMetadata,
  parseMetadata,
} from './metadata.ts'
import { mailboxTypes, type SocketTypes } from './socket-pattern.ts'
import type { WriteBuffer } from './write-buffer.ts'

export interface HandshakeOptions {
  readonly role: ConnectionRole
  readonly identity: Uint8Array
  readonly mechanism: Mechanism
  /** Of these, the bytes that the peer may send until the handshake is complete, the greeting included. */
  readonly limits: Pick<Limits, 'handshakeBytes'>
  /** By default those of a mailbox and who dials it. */
  readonly pattern?: SocketTypes
  /** What READY says beside on every connection of this role. Others skip what they do not know. */
  readonly properties?: readonly ExtraProperty[]
}

export type HandshakeState = 'greeting' | 'handshake' | 'offered' | 'ready'

/** What both sides speak: we speak 3.1, and go on as 3.0 with who is older. */
export type ZmtpVersion = '3.0' | '3.1'

export type HandshakeResult =
  | { readonly kind: 'offer'; readonly peer: PeerMetadata; readonly version: ZmtpVersion }
  | { readonly kind: 'ready'; readonly peer: PeerMetadata; readonly version: ZmtpVersion }
  | { readonly kind: 'needMore' }
  | ZmtpInvalid

const NEED_MORE: { readonly kind: 'needMore' } = { kind: 'needMore' }

export class Handshake {
  readonly #options: HandshakeOptions
  readonly #types: SocketTypes
  #version: ZmtpVersion = '3.0'
  #state: HandshakeState = 'greeting'
  #begun = false
  #bytesRead = 0

  /**
   * Writes to `output` at once: a dialler its greeting and what it has to say first (should the greetings not match,
   * the peer closes, and has not looked at it), an acceptor the head of its greeting.
   */
  constructor(options: HandshakeOptions, output: WriteBuffer) {
    this.#options = options
    this.#types = options.pattern ?? mailboxTypes(options.role)
    writeGreetingHead(output, options.identity.length)
    if (options.role === 'dialler') this.#begin(output)
  }

  get state(): HandshakeState {
    return this.#state
  }

  /** How frames are sealed, once it is complete. */
  get protection(): FrameProtection | undefined {
    return this.#options.mechanism.protection
  }

  /** Reads on from `input`; what is to be said goes to `output`. */
  poll(input: InputBuffer, output: WriteBuffer): HandshakeResult {
    for (;;) {
      const state = this.#state
      let result: HandshakeResult | undefined
      switch (state) {
        case 'greeting':
          result = this.#readGreeting(input, output)
          break
        case 'handshake':
          result = this.#readCommand(input, output)
          break
        case 'offered':
          result = this.#holdBack(input)
          break
        case 'ready':
          return NEED_MORE
        default:
          assertNever(state)
      }
      if (result !== undefined) return result
    }
  }

  /** Acceptor, in `offered`: sends our last command; the handshake is complete. */
  accept(output: WriteBuffer): void {
    assert(this.#state === 'offered', 'accept() answers an offer')
    writeCommand(output, this.#options.mechanism.accept())
    this.#state = 'ready'
  }

  /** The tail of our greeting, and our first command if it is for us to begin. */
  #begin(output: WriteBuffer): void {
    const { mechanism, role, identity, properties: always } = this.#options
    writeGreetingTail(output, mechanism.name)
    this.#begun = true
    const { type, properties } = this.#types
    const metadata =
      properties === undefined
        ? ownMetadata(type, identity, always)
        : encodeMetadata(type, identity, properties)
    const first = mechanism.begin(role, metadata)
    if (first !== undefined) writeCommand(output, first)
  }

  #readGreeting(input: InputBuffer, output: WriteBuffer): HandshakeResult | undefined {
    const { mechanism } = this.#options
    // What has come is read at once, so that nothing need be joined with what is still to come.
    const at = this.#bytesRead
    const end = Math.min(input.end, input.start + GREETING_BYTES - at)
    const problem = checkGreeting(input.bytes, input.start, end, at, mechanism.name)
    if (showsLaterThan30(input.bytes, input.start, end, at)) this.#version = '3.1'
    this.#consume(input, end - input.start)
    const compatible = problem === undefined || problem.code === 'zmtp-mechanism'
    // RFC 37 "Authentication and Confidentiality": "A peer that reads a full greeting, including mechanism, MUST
    // also send a full greeting including mechanism", even one that is about to close.
    if (compatible && !this.#begun && this.#bytesRead >= GREETING_HEAD_BYTES) this.#begin(output)
    if (problem !== undefined) return problem
    if (this.#bytesRead < GREETING_BYTES) return NEED_MORE
    this.#state = 'handshake'
    return undefined
  }

  #readCommand(input: InputBuffer, output: WriteBuffer): HandshakeResult | undefined {
    const command = this.#nextCommand(input)
    if (command.kind !== 'command') return command
    if (command.name === 'ERROR') return peerError(command.data)
    const step = this.#options.mechanism.handleCommand(command)
    switch (step.kind) {
      case 'continue':
        if (step.reply !== undefined) writeCommand(output, step.reply)
        return undefined
      case 'metadata':
        return this.#judge(step.metadata, output)
      case 'invalid':
        return step
      default:
        return assertNever(step)
    }
  }

  /** The peer has said who it is: is it our counterpart? */
  #judge(metadata: Uint8Array, output: WriteBuffer): HandshakeResult {
    const { counterparts } = this.#types
    const version = this.#version
    const peer = parseMetadata(metadata)
    if ('kind' in peer) return peer
    if (!counterparts.includes(peer.socketType)) {
      // RFC 37 "The Socket-Type Property": "it SHOULD handle errors by returning an ERROR command, and
      // then disconnecting the peer."
      writeCommand(output, encodeError('Invalid socket type'))
      return invalid('zmtp-socket-type', `the peer's socket is not a ${counterparts[0]}`)
    }
    if (this.#options.role === 'dialler') {
      this.#state = 'ready'
      return { kind: 'ready', peer, version }
    }
    this.#state = 'offered'
    return { kind: 'offer', peer, version }
  }

  /** Between offer and `accept()` a peer has nothing to say; what it says nevertheless waits, bounded. */
  #holdBack(input: InputBuffer): HandshakeResult {
    const bytes = this.#bytesRead + input.length
    if (bytes <= this.#options.limits.handshakeBytes) return NEED_MORE
    return invalid('zmtp-handshake-size', `${bytes} bytes before the handshake was complete`)
  }

  /** The next command, once it is here as a whole. */
  #nextCommand(input: InputBuffer): Command | HandshakeResult {
    const { bytes, start, end } = input
    if (start === end) return NEED_MORE
    const flags = bytes[start]!
    const problem = checkFlags(flags)
    if (problem !== undefined) return problem
    // RFC 37 "Formal Grammar": `handshake = 1*command`.
    if ((flags & FLAG_COMMAND) === 0) {
      return invalid('zmtp-handshake', 'a message before the handshake was complete')
    }
    const isLong = (flags & FLAG_LONG) !== 0
    const headerBytes = isLong ? LONG_HEADER_BYTES : SHORT_HEADER_BYTES
    if (end - start < headerBytes) return NEED_MORE
    const size = isLong ? readLongSize(bytes, start + 1) : bytes[start + 1]!
    if (this.#bytesRead + headerBytes + size > this.#options.limits.handshakeBytes) {
      return invalid('zmtp-handshake-size', `a command of ${size} bytes in the handshake`)
    }
    if (end - start < headerBytes + size) return NEED_MORE
    this.#consume(input, headerBytes + size)
    return parseCommand(bytes.subarray(start + headerBytes, start + headerBytes + size))
  }

  #consume(input: InputBuffer, bytes: number): void {
    input.start += bytes
    this.#bytesRead += bytes
  }
}
