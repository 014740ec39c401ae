/**
 * Frames as they stand on the wire: the flags octet, and the writing of a frame's header.
 * Reading is in `frame-decoder.ts`.
 */
import type { ByteWriter } from '../base/bytes.ts'
import type { WriteBuffer } from './write-buffer.ts'

// RFC 37 "Framing": the flags octet. The names are those of the specification.
export const FLAG_MORE: number = 0x01
export const FLAG_LONG: number = 0x02
export const FLAG_COMMAND: number = 0x04
/** RFC 37 "Framing": "Bits 7-3 are reserved for future use and MUST be zero." */
export const FLAGS_RESERVED: number = 0xf8

/** RFC 37 "Framing": "A short frame has a body of 0 to 255 octets." */
export const SHORT_FRAME_BYTES_MAX: number = 255
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
