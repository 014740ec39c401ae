/**
 * Frame headers as they stand on the wire: the flags octet and the size. What follows them is read in
 * `handshake.ts` and `frame-decoder.ts`.
 */
import type { ByteWriter } from '../base/bytes.ts'
import { invalid } from '../base/errors.ts'
import type { ZmtpInvalid } from './codes.ts'
import type { WriteBuffer } from './write-buffer.ts'

// RFC 37 "Framing": the flags octet. The names are those of the specification.
export const FLAG_MORE: number = 0x01
export const FLAG_LONG: number = 0x02
export const FLAG_COMMAND: number = 0x04
/** RFC 37 "Framing": "Bits 7-3 are reserved for future use and MUST be zero." */
const FLAGS_RESERVED = 0xf8

/** RFC 37 "Framing": "A short frame has a body of 0 to 255 octets." */
const SHORT_FRAME_BYTES_MAX = 255
export const SHORT_HEADER_BYTES: number = 2
export const LONG_HEADER_BYTES: number = 9

/** Writes a frame's header; the writer given back is to be filled with exactly `length` bytes of body. */
export function reserveFrame(output: WriteBuffer, flags: number, length: number): ByteWriter {
  if (length > SHORT_FRAME_BYTES_MAX) {
    const writer = output.reserve(LONG_HEADER_BYTES + length)
    writeLongHeader(writer, flags, length)
    return writer
  }
  const writer = output.reserve(SHORT_HEADER_BYTES + length)
  const offset = writer.offset
  writer.bytes[offset] = flags
  writer.bytes[offset + 1] = length
  writer.offset = offset + SHORT_HEADER_BYTES
  return writer
}

/** RFC 37 "Framing": LONG means "the frame size is encoded as a 64-bit unsigned integer in network byte order". */
export function writeLongHeader(writer: ByteWriter, flags: number, length: number): void {
  writer.u8(flags | FLAG_LONG)
  writer.u32(Math.floor(length / 0x1_0000_0000))
  writer.u32(length % 0x1_0000_0000)
}

/** Whether a flags octet may be: undefined when it may. */
export function checkFlags(flags: number): ZmtpInvalid | undefined {
  if ((flags & FLAGS_RESERVED) !== 0) {
    return invalid('zmtp-frame-flags', `reserved flag bits: ${flags}`)
  }
  // RFC 37 "Framing": MORE "SHALL be zero on command frames".
  if ((flags & FLAG_COMMAND) !== 0 && (flags & FLAG_MORE) !== 0) {
    return invalid('zmtp-frame-flags', 'MORE on a command')
  }
  return undefined
}

/** The size of a long frame, from `at` on. Inexact beyond 2^53, which is over every limit. */
export function readLongSize(bytes: Uint8Array, at: number): number {
  let size = 0
  for (let i = at; i < at + 8; i++) size = size * 256 + bytes[i]!
  return size
}
