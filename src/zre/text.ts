/**
 * Text going out: how many bytes a string has as UTF-8, and writing it without an array in between.
 * Half of a surrogate pair counts, and is written, as U+FFFD, as everywhere on the web platform.
 */
import { assert } from '../base/assert.ts'
import type { ByteWriter } from '../base/bytes.ts'
import { utf8Encode } from '../base/bytes.ts'
import { STRING_BYTES_MAX } from './message.ts'

/** Bytes of `text` as UTF-8. */
export function utf8Length(text: string): number {
  let length = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x80) continue
    length += code < 0x800 ? 1 : 2
    // A surrogate pair is two units and four bytes: its second half adds nothing.
    if (isHighSurrogate(code) && isLowSurrogate(text.charCodeAt(i + 1))) i++
  }
  return length
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}

/** Writes a `string`: one byte of length, then the text. */
export function putString(writer: ByteWriter, text: string): void {
  const lengthAt = writer.offset
  writer.u8(0)
  putText(writer, text)
  const length = writer.offset - lengthAt - 1
  assert(length <= STRING_BYTES_MAX, 'a string has at most 255 bytes')
  writer.bytes[lengthAt] = length
}

/** Writes a `longstr`: four bytes of length, then the text. */
export function putLongString(writer: ByteWriter, text: string): void {
  writer.u32(utf8Length(text))
  putText(writer, text)
}

function putText(writer: ByteWriter, text: string): void {
  const { bytes, offset } = writer
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x80) {
      writer.raw(utf8Encode(text))
      return
    }
    bytes[offset + i] = code
  }
  writer.offset = offset + text.length
}
