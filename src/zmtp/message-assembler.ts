/**
 * The careful half of frame decoding: one octet after the other, keeping its place.
 *
 * It takes over from `decodeInPlace` whatever cannot be handed out as a view of the chunk: a message
 * that straddles chunks, a command, a sealed frame, and everything that breaks a rule. Bodies are
 * gathered in one buffer, into which chunks are copied. Once idle it can be dropped.
 *
 *     flags ──► size ──► body ──┬─► command
 *       ▲                       ├─► MORE: next frame of the same message
 *       └───────────────────────┴─► message
 *
 * A large frame gets one buffer of its announced size, once a sixteenth of it is here. Until then its pieces (views
 * of the chunks, which they pin between calls) wait as they came: at most PIECES_MAX, of PIECE_BYTES_MIN or more each.
 *
 * Invariant: the buffer never exceeds GROW_BYTES_MIN, or GROW_FACTOR times what was received of the message,
 * whatever lengths were announced; and what was announced had been held against the limits before.
 */
import { assert, assertNever } from '../base/assert.ts'
import { EMPTY_BYTES } from '../base/bytes.ts'
import { invalid } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { ZmtpInvalid } from './codes.ts'
import { COMMAND_BYTES_MAX, type Command, parseCommand } from './command.ts'
import { checkFlags, FLAG_COMMAND, FLAG_LONG, FLAG_MORE } from './frame.ts'
import type { InputBuffer } from './input-buffer.ts'
import type { FrameProtection } from './mechanism.ts'
import { Multipart } from './multipart.ts'

export type Decoded = Multipart | Command | { readonly kind: 'needMore' } | ZmtpInvalid

export type MessageLimits = Pick<Limits, 'messageBytes' | 'messageFrames'>

const NEED_MORE: { readonly kind: 'needMore' } = { kind: 'needMore' }

/** Memory that a mere announcement may cost us: the whole table of inbound connections stays affordable. */
const GROW_BYTES_MIN = 16 * 1024
/** Beyond that: so many times what has arrived. Pages that nothing was written to are no memory yet. */
const GROW_FACTOR = 16
/** Pieces that wait for the buffer: none smaller (a chunk may be pinned for it), and no more of them. */
const PIECE_BYTES_MIN = 4 * 1024
const PIECES_MAX = 256

/** What assemblers without pieces share: never pushed to. */
const NO_PIECES: Uint8Array[] = []

export class MessageAssembler {
  readonly #limits: MessageLimits
  readonly #protection: FrameProtection | undefined
  #phase: 'flags' | 'size' | 'body' = 'flags'
  #flags = 0
  /** The size read so far. Beyond 2^53 it is inexact, which does not matter: no limit is that high. */
  #size = 0
  #sizeBytesLeft = 0
  /** Bytes of the frame's body still to come. */
  #bodyBytesLeft = 0
  /** Payloads of the message's frames, one behind the other; `bounds` has where. */
  #buffer: Uint8Array = EMPTY_BYTES
  /** What came after the buffer's part and waits for a larger buffer. Empty at the end of a frame. */
  #pieces: Uint8Array[] = NO_PIECES
  /** Bytes gathered, in the buffer and in pieces. */
  #length = 0
  /** Bytes gathered in pieces. */
  #piecesBytes = 0
  #frameStart = 0
  #bounds: number[] = []
  /** Bytes of the message's frames, announced ones of the current frame included. */
  #messageBytes = 0

  constructor(limits: MessageLimits, protection: FrameProtection | undefined) {
    this.#limits = limits
    this.#protection = protection
  }

  /** True between messages: nothing has been read of the next one. */
  get isIdle(): boolean {
    return this.#phase === 'flags' && this.#bounds.length === 0
  }

  /** Bytes of memory held for an unfinished message. */
  get heldBytes(): number {
    return this.#buffer.length + this.#piecesBytes
  }

  /** Reads on. After `needMore` all of the input has been read; after an `invalid` don't call again. */
  next(input: InputBuffer): Decoded {
    for (;;) {
      const phase = this.#phase
      let result: Decoded | undefined
      switch (phase) {
        case 'flags':
          result = this.#readFlags(input)
          break
        case 'size':
          result = this.#readSize(input)
          break
        case 'body':
          result = this.#readBody(input)
          break
        default:
          assertNever(phase)
      }
      if (result !== undefined) return result
    }
  }

  invariants(): void {
    assert(
      this.#length - this.#piecesBytes <= this.#buffer.length,
      'the gathered bytes lie within the buffer and the pieces',
    )
    assert(this.#pieces.length <= PIECES_MAX, 'there are few pieces')
    assert(this.#phase === 'body' || this.#piecesBytes === 0, 'pieces are of an unfinished frame')
    assert(
      this.#buffer.length <= Math.max(GROW_BYTES_MIN, GROW_FACTOR * this.#length),
      'memory follows what was received, not what was announced',
    )
    assert(this.#bounds.length <= 2 * this.#limits.messageFrames, 'frames stay within the limit')
    assert(this.#messageBytes <= this.#limits.messageBytes, 'bytes stay within the limit')
    if (this.isIdle) assert(this.#buffer.length === 0, 'nothing is held between messages')
  }

  #readFlags(input: InputBuffer): Decoded | undefined {
    if (input.start === input.end) return NEED_MORE
    const flags = input.bytes[input.start++]!
    const problem = checkFlags(flags)
    if (problem !== undefined) return problem
    this.#flags = flags
    this.#size = 0
    this.#sizeBytesLeft = (flags & FLAG_LONG) === 0 ? 1 : 8
    this.#phase = 'size'
    return undefined
  }

  #readSize(input: InputBuffer): Decoded | undefined {
    while (this.#sizeBytesLeft > 0) {
      if (input.start === input.end) return NEED_MORE
      this.#size = this.#size * 256 + input.bytes[input.start++]!
      this.#sizeBytesLeft--
    }
    const problem = this.#checkSize()
    if (problem !== undefined) return problem
    this.#bodyBytesLeft = this.#size
    this.#frameStart = this.#length
    this.#phase = 'body'
    return undefined
  }

  /** Holds an announced size against the limits, before a byte of memory is spent on it. */
  #checkSize(): ZmtpInvalid | undefined {
    if ((this.#flags & FLAG_COMMAND) !== 0) {
      if (this.#size <= COMMAND_BYTES_MAX) return undefined
      return invalid('zmtp-command-size', `a command of ${this.#size} bytes`)
    }
    const { messageBytes, messageFrames } = this.#limits
    if (this.#bounds.length >= 2 * messageFrames) {
      return invalid('zmtp-message-frames', `a message of more than ${messageFrames} frames`)
    }
    const payloadBytes = Math.max(0, this.#size - (this.#protection?.overheadBytes ?? 0))
    if (this.#messageBytes + payloadBytes > messageBytes) {
      return invalid('zmtp-message-size', `a message of more than ${messageBytes} bytes`)
    }
    return undefined
  }

  #readBody(input: InputBuffer): Decoded | undefined {
    const count = Math.min(this.#bodyBytesLeft, input.length)
    if (count > 0) {
      const bytes = input.bytes.subarray(input.start, input.start + count)
      if (this.#mayWait(count)) this.#keepPiece(bytes)
      else this.#copy(bytes)
      this.#length += count
      this.#bodyBytesLeft -= count
      input.start += count
    }
    if (this.#bodyBytesLeft > 0) return NEED_MORE
    this.#phase = 'flags'
    return this.#finishFrame()
  }

  #finishFrame(): Decoded | undefined {
    let start = this.#frameStart
    let end = this.#length
    if (this.#protection !== undefined) {
      const opened = this.#protection.open(this.#buffer, start, end)
      if (opened.kind === 'invalid') return opened
      this.#flags = opened.flags
      start = opened.start
      end = opened.end
    }
    if ((this.#flags & FLAG_COMMAND) !== 0) return this.#finishCommand(start, end)
    this.#bounds.push(start, end)
    this.#messageBytes += end - start
    return (this.#flags & FLAG_MORE) === 0 ? this.#finishMessage() : undefined
  }

  /**
   * RFC 37 "Formal Grammar" has commands only between messages; libzmq sends its PING between the
   * frames of one as well. So the message stays as it was, and the command's bytes are taken out.
   */
  #finishCommand(start: number, end: number): Command | ZmtpInvalid {
    const body = this.#buffer.slice(start, end)
    this.#length = this.#frameStart
    if (this.#bounds.length === 0) this.#buffer = EMPTY_BYTES
    if (body.length > COMMAND_BYTES_MAX) {
      return invalid('zmtp-command-size', `a command of ${body.length} bytes`)
    }
    return parseCommand(body)
  }

  #finishMessage(): Multipart {
    const slack = this.#buffer.length - this.#length
    // Growing ahead of further frames leaves slack; whoever keeps a message shall not keep that as well.
    const bytes = slack > this.#length >>> 2 ? this.#buffer.slice(0, this.#length) : this.#buffer
    const message = new Multipart(bytes, this.#bounds)
    this.#buffer = EMPTY_BYTES
    this.#length = 0
    this.#bounds = []
    this.#messageBytes = 0
    return message
  }

  /** Whether `count` more bytes that are here are better kept as they are: the buffer would soon be outgrown. */
  #mayWait(count: number): boolean {
    const needed = this.#length + count
    return (
      count >= PIECE_BYTES_MIN &&
      this.#pieces.length < PIECES_MAX &&
      needed > this.#buffer.length &&
      this.#frameEnd > bytesAllowed(needed)
    )
  }

  #keepPiece(bytes: Uint8Array): void {
    if (this.#piecesBytes === 0) this.#pieces = []
    this.#pieces.push(bytes)
    this.#piecesBytes += bytes.length
  }

  #copy(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length
    if (needed > this.#buffer.length) this.#grow(needed)
    this.#buffer.set(bytes, this.#length)
  }

  #grow(needed: number): void {
    let capacity = Math.min(this.#frameEnd, bytesAllowed(needed))
    // More frames follow: doubling keeps a message of many small ones linear. The last frame fits exactly.
    if ((this.#flags & FLAG_MORE) !== 0 || this.#protection !== undefined) {
      capacity = Math.max(capacity, 2 * needed)
    }
    const grown = new Uint8Array(capacity)
    let at = this.#length - this.#piecesBytes
    grown.set(this.#buffer.subarray(0, at))
    for (const piece of this.#pieces) {
      grown.set(piece, at)
      at += piece.length
    }
    this.#buffer = grown
    this.#pieces = NO_PIECES
    this.#piecesBytes = 0
  }

  /** Where the current frame's body will end in the buffer. */
  get #frameEnd(): number {
    return this.#length + this.#bodyBytesLeft
  }
}

/** Memory that so many bytes of a message may have cost once they are here. */
function bytesAllowed(received: number): number {
  return Math.max(GROW_BYTES_MIN, GROW_FACTOR * received)
}
