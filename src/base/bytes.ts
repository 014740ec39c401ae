/**
 * Bytes: conversions, and the two cursors every codec of the house is written with.
 *
 * `ByteWriter` writes into memory somebody else owns, at a place already reserved; it never grows.
 * `ByteReader` reads within fixed bounds and turns sticky-`overrun` instead of throwing, because a
 * short message from a peer is an ordinary result, not an exception.
 */
import { assert } from './assert.ts'

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0)

const encoder = new TextEncoder()
// `ignoreBOM` keeps a leading byte-order mark: text arrives exactly as it was sent.
const lossyDecoder = new TextDecoder('utf-8', { ignoreBOM: true })
const strictDecoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

export function utf8Encode(text: string): Uint8Array {
  return encoder.encode(text)
}

/** UTF-8 to text; malformed sequences become U+FFFD. */
export function utf8Decode(bytes: Uint8Array): string {
  return lossyDecoder.decode(bytes)
}

/** UTF-8 to text, or `undefined` when the bytes are not well-formed UTF-8. */
export function utf8DecodeStrict(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    return undefined
  }
}

const HEX_DIGITS = '0123456789abcdef'

/** Lower-case hexadecimal, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX_DIGITS.charAt(byte >> 4) + HEX_DIGITS.charAt(byte & 15)
  return text
}

/** The bytes of a hexadecimal text (either case), or `undefined` when it is not one. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Whether the bytes from `start` up to `end` begin with all of `prefix`. */
export function startsWith(
  bytes: Uint8Array,
  prefix: Uint8Array,
  start = 0,
  end: number = bytes.length,
): boolean {
  if (end - start < prefix.length) return false
  for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false
  return true
}

/** A fresh array holding all parts in order. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

/** Writes big-endian values at a moving `offset` of borrowed memory, up to `end`. */
export class ByteWriter {
  bytes: Uint8Array
  offset: number
  end: number

  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  /** Points the writer at another place, so that one object serves a whole connection. */
  reset(bytes: Uint8Array, offset: number, end: number): void {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  get remaining(): number {
    return this.end - this.offset
  }

  u8(value: number): void {
    this.bytes[this.offset++] = value
  }

  u16(value: number): void {
    this.bytes[this.offset++] = value >>> 8
    this.bytes[this.offset++] = value
  }

  u32(value: number): void {
    this.bytes[this.offset++] = value >>> 24
    this.bytes[this.offset++] = value >>> 16
    this.bytes[this.offset++] = value >>> 8
    this.bytes[this.offset++] = value
  }

  raw(bytes: Uint8Array): void {
    assert(bytes.length <= this.remaining, 'a write stays within the reserved bytes')
    this.bytes.set(bytes, this.offset)
    this.offset += bytes.length
  }
}

/**
 * Reads big-endian values from `bytes[offset, end)`. A read past the end yields zeros or an empty
 * view and sets `overrun`, which stays set: read everything, then look at it once.
 */
export class ByteReader {
  readonly bytes: Uint8Array
  offset: number
  readonly end: number
  overrun = false

  constructor(bytes: Uint8Array, offset = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.offset = offset
    this.end = end
  }

  get remaining(): number {
    return this.end - this.offset
  }

  u8(): number {
    return this.#has(1) ? this.bytes[this.offset++]! : 0
  }

  u16(): number {
    if (!this.#has(2)) return 0
    return this.bytes[this.offset++]! * 0x100 + this.bytes[this.offset++]!
  }

  u32(): number {
    if (!this.#has(4)) return 0
    return this.u16() * 0x10000 + this.u16()
  }

  /** A view of the next `length` bytes, not a copy. */
  raw(length: number): Uint8Array {
    if (!this.#has(length)) return EMPTY_BYTES
    const view = this.bytes.subarray(this.offset, this.offset + length)
    this.offset += length
    return view
  }

  #has(length: number): boolean {
    if (length <= this.end - this.offset) return true
    this.overrun = true
    this.offset = this.end
    return false
  }
}
