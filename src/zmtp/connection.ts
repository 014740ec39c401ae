/**
 * A ZMTP 3.1 connection without I/O: bytes in, messages out, and the other way round.
 *
 * It is not a socket: it does not dial, time out, reconnect or queue. It is not ZRE either: what the
 * frames mean is none of its business. Start reading here; then `handshake.ts` for the beginning and
 * `frame-decoder.ts` for the rest.
 *
 * A node has two for every peer, nearly all of them idle. So whatever serves bytes on their way (input,
 * decoder, output, handshake) is made when they come and dropped when they are gone.
 *
 * The order of calls:
 *
 *     connection = new ZmtpConnection(…)      // what it says first waits to be sent
 *     on bytes:  handleBytes(chunk), then poll() until 'needMore' or 'invalid'
 *                at 'offer': accept(), or drop the connection; then poll() on
 *     in state 'ready': reserveFrame / writeFrame / writePing
 *     after any of these: send what `takeSegments()` gives
 *
 * Limits and trust: nothing a peer sends makes this throw. `invalid` is final and sticky; all memory
 * held for input is gone by then. What was written before still waits (the rest of a greeting, an ERROR
 * that tells the peer why); sending it before closing is a courtesy.
 *
 * PONG: each PING is answered while `poll` runs, but only one PONG at a time waits to be sent. PINGs
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
import { FLAG_COMMAND, FLAG_MORE } from './frame.ts'
import { decodeInPlace } from './frame-decoder.ts'
import { borrowFrameWriter, type FrameWriter } from './frame-writer.ts'
import { Handshake, type ZmtpVersion } from './handshake.ts'
import { InputBuffer } from './input-buffer.ts'
import type { ConnectionRole, Mechanism } from './mechanism.ts'
import { type Decoded, MessageAssembler } from './message-assembler.ts'
import type { ExtraProperty, PeerMetadata } from './metadata.ts'
import type { Multipart } from './multipart.ts'
import type { SocketPattern } from './socket-pattern.ts'
import { Special } from './special.ts'
import { CHUNK_BYTES_MIN } from './write-buffer.ts'

export type { ExtraProperty, PeerMetadata } from './metadata.ts'

export interface ConnectionOptions {
  /** Without a `pattern`: who dialled is a DEALER, who accepted a ROUTER. */
  readonly role: ConnectionRole
  /** For this connection alone. See `PubConnection` and `SubConnection`. */
  readonly pattern?: SocketPattern
  /** What we announce: 17 bytes, 01 and our UUID; or none, as an acceptor may. */
  readonly identity: Uint8Array
  /** What READY says beside, on every connection of this role. */
  readonly properties?: readonly ExtraProperty[]
  /** For this connection alone. */
  readonly mechanism: Mechanism
  /** May be shared: it is not changed, and not copied. */
  readonly limits: ConnectionLimits
}

export type ConnectionLimits = Pick<Limits, 'handshakeBytes' | 'messageBytes' | 'messageFrames'>

export type ConnectionState = 'greeting' | 'handshake' | 'offered' | 'ready' | 'invalid'

export type ConnectionInput =
  | Multipart
  /** Acceptor: the dialler has said who it is. Nothing further is read until `accept()`. */
  | { readonly kind: 'offer'; readonly peer: PeerMetadata; readonly version: ZmtpVersion }
  /** Dialler: the handshake is complete. */
  | { readonly kind: 'ready'; readonly peer: PeerMetadata; readonly version: ZmtpVersion }
  /** The answer to a PING of ours. */
  | { readonly kind: 'pong'; readonly context: Uint8Array }
  | { readonly kind: 'needMore' }
  | ZmtpInvalid

/**
 * A payload from this size on is sent by reference: measured over loopback, a segment of its own costs
 * as much as copying 3 KiB, and at 8 KiB it saves a third of the whole way to the kernel.
 */
export const LARGE_FRAME_BYTES: number = 8 * 1024

const NEED_MORE: { readonly kind: 'needMore' } = { kind: 'needMore' }

export class ZmtpConnection {
  #limits: ConnectionLimits
  #state: ConnectionState = 'greeting'
  /** While received bytes are unread. */
  #input: InputBuffer | undefined
  /** While something waits to be sent. */
  #output: FrameWriter | undefined
  /** Anything out of the ordinary. */
  #special: Special | undefined
  /** Whether the last frame written had MORE: nothing may come between it and the next. */
  #messageOpen = false

  constructor(options: ConnectionOptions) {
    this.#limits = options.limits
    const special = this.#makeSpecial()
    special.handshake = new Handshake(options, this.#makeOutput().buffer)
    special.pattern = options.pattern
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Commands that meant nothing to us. A count that grows fast is a peer that plays games. */
  get ignoredCommands(): number {
    return this.#special?.ignoredCommands ?? 0
  }

  /** Bytes of memory held for input that is not a message yet. */
  get bufferedBytes(): number {
    return (this.#input?.heldBytes ?? 0) + (this.#special?.assembler?.heldBytes ?? 0)
  }

  /** Bytes that wait to be sent. */
  get outputBytes(): number {
    return this.#output === undefined ? 0 : this.#output.buffer.byteLength
  }

  /** Bytes of memory held for them. */
  get outputHeldBytes(): number {
    return this.#output?.buffer.heldBytes ?? 0
  }

  /** What is to be sent, in order: call after everything that may have written. See `WriteBuffer`. */
  takeSegments(): Uint8Array[] {
    const output = this.#output
    if (output === undefined) return []
    output.finish()
    const segments = output.buffer.takeSegments()
    this.#output = undefined
    const { nextChunkBytes } = output.buffer
    if (nextChunkBytes > CHUNK_BYTES_MIN) this.#makeSpecial().nextChunkBytes = nextChunkBytes
    else if (this.#special !== undefined) this.#endBurst(this.#special)
    output.giveBack()
    return segments
  }

  /** Other limits from here on: for a peer that is trusted with more. Not while a message is here in part. */
  setLimits(limits: ConnectionLimits): void {
    assert(this.#special?.assembler === undefined, 'limits change between messages')
    this.#limits = limits
  }

  /** Takes over a chunk: it must not change any more, and messages will be views of it. */
  handleBytes(chunk: Uint8Array): void {
    if (this.#state === 'invalid' || chunk.length === 0) return
    this.#input ??= new InputBuffer()
    this.#input.push(chunk)
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
        return this.#special!.invalid!
      default:
        return assertNever(state)
    }
  }

  /** Acceptor, after 'offer': lets the peer in. */
  accept(): void {
    assert(this.#state === 'offered', 'accept() answers an offer')
    const handshake = this.#special!.handshake!
    handshake.accept(this.#makeOutput().buffer)
    this.#enterReady(handshake)
  }

  /**
   * Starts a frame of exactly `length` bytes. The writer given back must be filled before the next call
   * to this object; it is one object, pointed elsewhere next time.
   */
  reserveFrame(length: number, more: boolean): ByteWriter {
    assert(this.#state === 'ready', 'frames are sent once the handshake is complete')
    this.#messageOpen = more
    return this.#makeOutput().reserve(more ? FLAG_MORE : 0, length)
  }

  /**
   * Writes a frame. A payload of LARGE_FRAME_BYTES or more goes by reference: it must not change until it
   * has been sent. A smaller one is copied, and the caller's again at once.
   */
  writeFrame(payload: Uint8Array, more: boolean): void {
    if (payload.length < LARGE_FRAME_BYTES || this.#special?.protection !== undefined) {
      this.reserveFrame(payload.length, more).raw(payload)
      return
    }
    assert(this.#state === 'ready', 'frames are sent once the handshake is complete')
    this.#messageOpen = more
    this.#makeOutput().append(more ? FLAG_MORE : 0, payload)
  }

  /** Asks for a sign of life. `ttlTenths` is 0 to 65,535 tenths of a second (0: none), `context` up to 16 bytes. */
  writePing(ttlTenths: number, context: Uint8Array): void {
    assert(isPing(ttlTenths, context), 'TTL and context fit a PING')
    this.writeCommand('PING', encodePingData(ttlTenths, context))
  }

  /** Writes a command, which the pattern knows the meaning of. The name is ASCII; `data` is copied. */
  writeCommand(name: string, data: Uint8Array): void {
    assert(this.#state === 'ready', 'a command is sent once the handshake is complete')
    assert(!this.#messageOpen, 'a command does not interrupt a message')
    const body = encodeCommand(name, data)
    const output = this.#makeOutput()
    output.reserve(FLAG_COMMAND, body.length).raw(body)
    output.finish()
  }

  /** Gives the connection up. Also for the owner of a pattern, who found what it does not allow. */
  fail(problem: ZmtpInvalid): ZmtpInvalid {
    this.#state = 'invalid'
    this.#input = undefined
    const special = this.#makeSpecial()
    special.invalid = problem
    special.handshake = undefined
    special.assembler = undefined
    special.owedPong = undefined
    return problem
  }

  /** For tests: what must hold between any two calls. */
  invariants(): void {
    this.#input?.invariants()
    this.#output?.buffer.invariants()
    const { handshake, assembler, invalid } = this.#special ?? {}
    assembler?.invariants()
    const handshaking = this.#state !== 'ready' && this.#state !== 'invalid'
    assert((handshake !== undefined) === handshaking, 'a handshake lives until its end')
    assert(assembler === undefined || this.#state === 'ready', 'messages come in ready')
    assert((invalid !== undefined) === (this.#state === 'invalid'), 'invalid has its reason')
    if (this.#state === 'invalid') assert(this.bufferedBytes === 0, 'invalid holds no input')
  }

  #pollHandshake(): ConnectionInput {
    const input = this.#input
    if (input === undefined) return NEED_MORE
    const handshake = this.#special!.handshake!
    const output = this.#makeOutput()
    const result = handshake.poll(input, output.buffer)
    if (output.buffer.byteLength === 0) {
      this.#output = undefined
      output.giveBack()
    }
    if (result.kind === 'invalid') return this.fail(result)
    if (result.kind === 'ready') this.#enterReady(handshake)
    else this.#state = handshake.state
    if (result.kind === 'needMore') this.#releaseInput(input)
    return result
  }

  #enterReady({ protection }: Handshake): void {
    this.#state = 'ready'
    const special = this.#special!
    special.handshake = undefined
    special.protection = protection
    // What waits of the handshake was written in the clear and is complete; frames to come are not part of it.
    if (this.#output !== undefined) this.#output.protection = protection
    this.#forgetSpecial(special)
  }

  #pollTraffic(): ConnectionInput {
    const input = this.#input
    while (input !== undefined) {
      const decoded = this.#decode(input)
      switch (decoded.kind) {
        case 'message':
          return decoded
        case 'needMore':
          this.#releaseInput(input)
          this.#answerPing()
          return decoded
        case 'invalid':
          return this.fail(decoded)
        case 'command': {
          const result = this.#handleCommand(decoded)
          if (result !== undefined) return result
          break
        }
        default:
          return assertNever(decoded)
      }
    }
    this.#answerPing()
    return NEED_MORE
  }

  #decode(input: InputBuffer): Decoded {
    const special = this.#special
    if (special === undefined || special.assembler === undefined) {
      // Sealed frames are opened one by one, exactly once: that is the careful half's.
      const isSealed = special !== undefined && special.protection !== undefined
      const message = isSealed ? undefined : decodeInPlace(input, this.#limits)
      if (message !== undefined) return message
      if (input.length === 0) return NEED_MORE
    }
    return this.#assemble(input, this.#makeSpecial())
  }

  #assemble(input: InputBuffer, special: Special): Decoded {
    special.assembler ??= new MessageAssembler(this.#limits, special.protection)
    const decoded = special.assembler.next(input)
    if (special.assembler.isIdle) {
      special.assembler = undefined
      this.#forgetSpecial(special)
    }
    return decoded
  }

  /** Forgets the memory once everything has been read, so that a tiny message does not pin its chunk. */
  #releaseInput(input: InputBuffer): void {
    if (input.length === 0) this.#input = undefined
  }

  #handleCommand(command: Command): ConnectionInput | undefined {
    switch (command.name) {
      case 'PING': {
        const context = parsePing(command.data)
        if ('kind' in context) return this.fail(context)
        this.#makeSpecial().owedPong = context
        this.#answerPing()
        return undefined
      }
      case 'PONG': {
        const context = parsePong(command.data)
        return 'kind' in context ? this.fail(context) : { kind: 'pong', context }
      }
      case 'READY':
        return this.fail(invalid('zmtp-handshake', 'READY after the handshake'))
      case 'ERROR':
        return this.fail(peerError(command.data))
      default:
        return this.#handleOther(command)
    }
  }

  #handleOther(command: Command): ConnectionInput | undefined {
    const special = this.#makeSpecial()
    const problem = special.pattern?.handleCommand(command) ?? 'unknown'
    if (problem === 'unknown') special.ignoredCommands++
    else if (problem !== 'understood') return this.fail(problem)
    return undefined
  }

  /** Writes the PONG that is owed, unless the one before still waits, or a message of ours is half written. */
  #answerPing(): void {
    const special = this.#special
    if (special?.owedPong === undefined || this.#messageOpen) return
    const output = this.#makeOutput()
    if (output.pongWaits) return
    this.writeCommand('PONG', special.owedPong)
    special.owedPong = undefined
    output.pongWaits = true
    this.#forgetSpecial(special)
  }

  #makeOutput(): FrameWriter {
    this.#output ??= borrowFrameWriter(
      this.#special?.nextChunkBytes ?? CHUNK_BYTES_MIN,
      this.#special?.protection,
    )
    return this.#output
  }

  #makeSpecial(): Special {
    this.#special ??= new Special()
    return this.#special
  }

  #forgetSpecial(special: Special): void {
    if (special.isEmpty) this.#special = undefined
  }

  /** The turn wrote little. */
  #endBurst(special: Special): void {
    special.nextChunkBytes = CHUNK_BYTES_MIN
    this.#forgetSpecial(special)
  }
}
