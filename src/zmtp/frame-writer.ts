/**
 * Frames on their way out: the bytes that wait, and the frame among them that is being filled.
 *
 * A link has one of these only while something waits to be sent. Most links are idle most of the time,
 * and there may be a thousand in a process: so a few are lent to those that write.
 */
import { assert } from '../base/assert.ts'
import type { ByteWriter } from '../base/bytes.ts'
import { LONG_HEADER_BYTES, reserveFrame, writeLongHeader } from './frame.ts'
import type { FrameProtection } from './mechanism.ts'
import { WriteBuffer } from './write-buffer.ts'

/** As many links as write in one turn, mostly. */
const SPARE_MAX = 512
const spare: FrameWriter[] = []

/** One with nothing in it; to be given back with `giveBack` once everything was taken. */
export function borrowFrameWriter(
  firstChunkBytes: number,
  protection: FrameProtection | undefined,
): FrameWriter {
  const writer = spare.pop()
  if (writer === undefined) return new FrameWriter(firstChunkBytes, protection)
  writer.buffer.reset(firstChunkBytes)
  writer.protection = protection
  return writer
}

export class FrameWriter {
  /** For the handshake, which writes in the clear. */
  readonly buffer: WriteBuffer
  /** How frames are sealed from here on. */
  protection: FrameProtection | undefined
  /** A PONG is among what waits. */
  pongWaits = false
  /** The frame given out last. It must be full before the next; where there is protection, it is then sealed. */
  #reserved: ByteWriter | undefined
  #reservedStart = 0
  #reservedFlags = 0

  constructor(firstChunkBytes: number, protection: FrameProtection | undefined) {
    this.buffer = new WriteBuffer(firstChunkBytes)
    this.protection = protection
  }

  /** Nothing is in it any more, and its link has forgotten it. */
  giveBack(): void {
    this.protection = undefined
    this.pongWaits = false
    if (spare.length < SPARE_MAX) spare.push(this)
  }

  /** Starts a frame of exactly `length` bytes, to be filled before the next call. */
  reserve(flags: number, length: number): ByteWriter {
    this.finish()
    const protection = this.protection
    if (protection === undefined) {
      this.#reserved = reserveFrame(this.buffer, flags, length)
      return this.#reserved
    }
    const writer = reserveFrame(this.buffer, 0, protection.overheadBytes + length)
    this.#reserved = writer
    this.#reservedStart = writer.offset
    this.#reservedFlags = flags
    writer.offset += protection.overheadBytes
    return writer
  }

  /** Writes a long frame in the clear, with its payload by reference. */
  append(flags: number, payload: Uint8Array): void {
    this.finish()
    writeLongHeader(this.buffer.reserve(LONG_HEADER_BYTES), flags, payload.length)
    this.buffer.append(payload)
  }

  /** The frame given out last is complete from here on. */
  finish(): void {
    const writer = this.#reserved
    if (writer === undefined) return
    this.#reserved = undefined
    assert(writer.offset === writer.end, 'a reserved frame is filled before the next call')
    this.protection?.seal(writer.bytes, this.#reservedStart, writer.end, this.#reservedFlags)
  }
}
