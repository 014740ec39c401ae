/**
 * A ZMTP 3.1 connection without I/O: bytes in, messages out, and the other way round.
 *
 * It is not a socket: it does not dial, time out, reconnect or queue. It is not ZRE either: what the
 * frames mean is none of its business. Start reading here; then `handshake.ts` for the beginning and
 * `frame-decoder.ts` for the rest.
 *
 * The order of calls:
 *
 *     connection = new ZmtpConnection(…)      // the greeting's head is in `output`
 *     on bytes:  handleBytes(chunk), then poll() until 'needMore' or 'invalid'
 *                at 'offer': accept(), or drop the connection; then poll() on
 *     in state 'ready': reserveFrame / writeFrame / writePing
 *     after any of these: send what `output.takeSegments()` gives
 *
 * Limits and trust: nothing a peer sends makes this throw. `invalid` is final and sticky; all memory
 * held for input is gone by then. `output` still has what was written before (the rest of a greeting,
 * an ERROR that tells the peer why); sending it before closing is a courtesy.
 *
 * PONG: each PING is answered while `poll` runs, but only one PONG at a time waits in `output`. PINGs
 * that come while it does are answered together, by one PONG with the newest context, in the first
 * `poll` after it was taken. So a flood of PINGs costs at most 23 bytes of output, and a peer that
 * reads gets its sign of life. RFC 37 "Connection Heartbeating" asks senders not to have more than a
 * few unanswered.
 */
import { assert, assertNever } from '../base/assert.ts'
import type { ByteWriter } from '../base/bytes.ts'
import { invalid } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { ZmtpInvalid } from './codes.ts'
import {
  type Command,
  encodeCommand,
  encodePingData,
  isPing,
  parsePing,
  parsePong,
  peerError,
} from './command.ts'
import {
  FLAG_COMMAND,
  FLAG_MORE,
  LONG_HEADER_BYTES,
  reserveFrame,
  writeLongHeader,
} from './frame.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { Handshake } from './handshake.ts'
import { InputBuffer } from './input-buffer.ts'
import type { ConnectionRole, FrameProtection, Mechanism } from './mechanism.ts'
import type { PeerMetadata } from './metadata.ts'
import type { Multipart } from './multipart.ts'
import { WriteBuffer } from './write-buffer.ts'

export type { PeerMetadata } from './metadata.ts'

export interface ConnectionOptions {
  /** Who dialled is a DEALER, who accepted a ROUTER. */
  readonly role: ConnectionRole
  /** What we announce: 17 bytes (01 and our UUID) for a dialler, none for an acceptor. */
  readonly identity: Uint8Array
  /** For this connection alone. */
  readonly mechanism: Mechanism
  readonly limits: Pick<Limits, 'handshakeBytes' | 'messageBytes' | 'messageFrames'>
}

export type ConnectionState = 'greeting' | 'handshake' | 'offered' | 'ready' | 'invalid'

export type ConnectionInput =
  | Multipart
  /** Acceptor: the dialler has said who it is. Nothing further is read until `accept()`. */
  | { readonly kind: 'offer'; readonly peer: PeerMetadata }
  /** Dialler: the handshake is complete. */
  | { readonly kind: 'ready'; readonly peer: PeerMetadata }
  /** The answer to a PING of ours. */
  | { readonly kind: 'pong'; readonly context: Uint8Array }
  | { readonly kind: 'needMore' }
  | ZmtpInvalid

/**
 * A payload from this size on is sent by reference: measured over loopback, a segment of its own costs
 * as much as copying 3 KiB, and at 8 KiB it saves a third of the whole way to the kernel.
 */
export const LARGE_FRAME_BYTES: number = 8 * 1024

export class ZmtpConnection {
  /** What is to be sent. Take it after every call that may have written. */
  readonly output: WriteBuffer
  readonly #limits: ConnectionOptions['limits']
  readonly #mechanism: Mechanism
  readonly #input = new InputBuffer()
  #state: ConnectionState = 'greeting'
  /** Until the handshake is complete. */
  #handshake: Handshake | undefined
  /** From then on. */
  #decoder: FrameDecoder | undefined
  #protection: FrameProtection | undefined
  #invalid: ZmtpInvalid | undefined
  #ignoredCommands = 0
  /** Context of the newest PING that has no PONG yet. */
  #owedPong: Uint8Array | undefined
  /** Where the last PONG ends, in the terms of `output.takenBytes`. */
  #pongEnd = 0
  /** Whether the last frame written had MORE: nothing may come between it and the next. */
  #messageOpen = false
  /** The frame given out last. It must be full before the next; where there is protection, it is then sealed. */
  #reserved: ByteWriter | undefined
  #reservedStart = 0
  #reservedFlags = 0

  constructor(options: ConnectionOptions) {
    this.output = new WriteBuffer(() => this.#finishReserved())
    this.#limits = options.limits
    this.#mechanism = options.mechanism
    this.#handshake = new Handshake(
      { ...options, bytesMax: options.limits.handshakeBytes },
      this.#input,
      this.output,
    )
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Commands that meant nothing to us. A count that grows fast is a peer that plays games. */
  get ignoredCommands(): number {
    return this.#ignoredCommands
  }

  /** Bytes of memory held for input that is not a message yet. */
  get bufferedBytes(): number {
    return this.#input.heldBytes + (this.#decoder?.heldBytes ?? 0)
  }

  /** Takes over a chunk: it must not change any more, and messages will be views of it. */
  handleBytes(chunk: Uint8Array): void {
    if (this.#state !== 'invalid') this.#input.push(chunk)
  }

  /** The next thing that the bytes received so far amount to. Call until 'needMore' or 'invalid'. */
  poll(): ConnectionInput {
    const state = this.#state
    switch (state) {
      case 'ready':
        return this.#pollTraffic()
      case 'greeting':
      case 'handshake':
      case 'offered':
        return this.#pollHandshake()
      case 'invalid':
        return this.#invalid!
      default:
        return assertNever(state)
    }
  }

  /** Acceptor, after 'offer': lets the peer in. */
  accept(): void {
    assert(this.#state === 'offered', 'accept() answers an offer')
    this.#handshake!.accept()
    this.#enterReady()
  }

  /**
   * Starts a frame of exactly `length` bytes. The writer given back must be filled before the next call
   * to this object or its `output`; it is one object, pointed elsewhere next time.
   */
  reserveFrame(length: number, more: boolean): ByteWriter {
    this.#finishReserved()
    assert(this.#state === 'ready', 'frames are sent once the handshake is complete')
    this.#messageOpen = more
    return this.#reserve(more ? FLAG_MORE : 0, length)
  }

  /**
   * Writes a frame. A payload of LARGE_FRAME_BYTES or more goes by reference: it must not change until it
   * has been sent. A smaller one is copied, and the caller's again at once.
   */
  writeFrame(payload: Uint8Array, more: boolean): void {
    if (payload.length < LARGE_FRAME_BYTES || this.#protection !== undefined) {
      this.reserveFrame(payload.length, more).raw(payload)
      return
    }
    this.#finishReserved()
    assert(this.#state === 'ready', 'frames are sent once the handshake is complete')
    this.#messageOpen = more
    const header = this.output.reserve(LONG_HEADER_BYTES)
    writeLongHeader(header, more ? FLAG_MORE : 0, payload.length)
    this.output.append(payload)
  }

  /** Asks for a sign of life. `ttlTenths` is 0 to 65,535 tenths of a second (0: none), `context` up to 16 bytes. */
  writePing(ttlTenths: number, context: Uint8Array): void {
    this.#finishReserved()
    assert(this.#state === 'ready', 'a PING is sent once the handshake is complete')
    assert(!this.#messageOpen, 'a PING does not interrupt a message')
    assert(isPing(ttlTenths, context), 'TTL and context fit a PING')
    this.#writeCommand('PING', encodePingData(ttlTenths, context))
  }

  /** For tests: what must hold between any two calls. */
  invariants(): void {
    this.#input.invariants()
    this.#decoder?.invariants()
    this.output.invariants()
    const handshaking = this.#state !== 'ready' && this.#state !== 'invalid'
    assert((this.#handshake !== undefined) === handshaking, 'a handshake lives until its end')
    assert((this.#decoder !== undefined) === (this.#state === 'ready'), 'a decoder lives in ready')
    assert((this.#invalid !== undefined) === (this.#state === 'invalid'), 'invalid has its reason')
    if (this.#state === 'invalid') assert(this.bufferedBytes === 0, 'invalid holds no input')
  }

  #pollHandshake(): ConnectionInput {
    const handshake = this.#handshake!
    const result = handshake.poll()
    if (result.kind === 'invalid') return this.#fail(result)
    if (result.kind === 'ready') this.#enterReady()
    else this.#state = handshake.state
    if (result.kind === 'needMore') this.#input.releaseIfEmpty()
    return result
  }

  #enterReady(): void {
    this.#state = 'ready'
    this.#handshake = undefined
    this.#protection = this.#mechanism.protection
    this.#decoder = new FrameDecoder(this.#input, this.#limits, this.#protection)
  }

  #pollTraffic(): ConnectionInput {
    for (;;) {
      const decoded = this.#decoder!.next()
      switch (decoded.kind) {
        case 'message':
          return decoded
        case 'needMore':
          this.#answerPing()
          return decoded
        case 'invalid':
          return this.#fail(decoded)
        case 'command': {
          const result = this.#handleCommand(decoded)
          if (result !== undefined) return result
          break
        }
        default:
          return assertNever(decoded)
      }
    }
  }

  #handleCommand(command: Command): ConnectionInput | undefined {
    switch (command.name) {
      case 'PING': {
        const context = parsePing(command.data)
        if ('kind' in context) return this.#fail(context)
        this.#owedPong = context
        this.#answerPing()
        return undefined
      }
      case 'PONG': {
        const context = parsePong(command.data)
        return 'kind' in context ? this.#fail(context) : { kind: 'pong', context }
      }
      case 'READY':
        return this.#fail(invalid('zmtp-handshake', 'READY after the handshake'))
      case 'ERROR':
        return this.#fail(peerError(command.data))
      default:
        this.#ignoredCommands++
        return undefined
    }
  }

  /** Writes the PONG that is owed, unless the one before still waits, or a message of ours is half written. */
  #answerPing(): void {
    if (this.#owedPong === undefined || this.#messageOpen) return
    if (this.#pongEnd > this.output.takenBytes) return
    this.#finishReserved()
    this.#writeCommand('PONG', this.#owedPong)
    this.#owedPong = undefined
    this.#pongEnd = this.output.takenBytes + this.output.byteLength
  }

  #writeCommand(name: string, data: Uint8Array): void {
    const body = encodeCommand(name, data)
    this.#reserve(FLAG_COMMAND, body.length).raw(body)
    this.#finishReserved()
  }

  #reserve(flags: number, length: number): ByteWriter {
    const protection = this.#protection
    if (protection === undefined) {
      this.#reserved = reserveFrame(this.output, flags, length)
      return this.#reserved
    }
    const writer = reserveFrame(this.output, 0, protection.overheadBytes + length)
    this.#reserved = writer
    this.#reservedStart = writer.offset
    this.#reservedFlags = flags
    writer.offset += protection.overheadBytes
    return writer
  }

  /** The frame given out last is complete from here on. */
  #finishReserved(): void {
    const writer = this.#reserved
    if (writer === undefined) return
    this.#reserved = undefined
    assert(writer.offset === writer.end, 'a reserved frame is filled before the next call')
    this.#protection?.seal(writer.bytes, this.#reservedStart, writer.end, this.#reservedFlags)
  }

  #fail(problem: ZmtpInvalid): ZmtpInvalid {
    this.#state = 'invalid'
    this.#invalid = problem
    this.#handshake = undefined
    this.#decoder = undefined
    this.#owedPong = undefined
    this.#input.clear()
    return problem
  }
}
