/**
 * Looks through the bytes of one MessagePack value before anything is built from them: is it whole,
 * well-formed, and within the bounds? It is no decoder: it reads headers, skips content, allocates
 * nothing and does not recurse, so that neither an announced length nor nesting costs anything.
 *
 * The format is that of https://github.com/msgpack/msgpack/blob/master/spec.md, narrowed:
 * - one value, and no bytes after it;
 * - strings are well-formed UTF-8;
 * - map keys are strings or integers, and never `__proto__`;
 * - the only extension is the timestamp (type −1), with a time that a JavaScript date can hold.
 *   msgpackr would act upon many more: record definitions, bundled strings, references, errors,
 *   regular expressions, typed arrays, and whatever the application registered;
 * - 0xc1, which the format never uses and msgpackr gives a meaning, is refused.
 *
 * Start reading at `check`.
 */
import { type Invalid, invalid } from '../../base/errors.ts'
import type { Bounds } from './bounds.ts'
import type { CodecInvalidCode } from './codec.ts'
import { isUtf8 } from './utf8-check.ts'

type Refusal = Invalid<CodecInvalidCode>

// The families of first bytes.
const SCALAR = 0
const STRING = 1
const BINARY = 2
const CONTAINER = 3
const EXTENSION = 4
const NEVER_USED = 5

/** Which family a first byte belongs to. */
const FAMILY = new Uint8Array(256)
/** Scalar and fixext: bytes that follow, the type of an extension not counted. Else: bytes of the length. */
const SIZE = new Uint8Array(256)
/** 1 for strings and integers, which can be the key of a map. */
const IS_KEY = new Uint8Array(256)

fill(FAMILY, 0x80, 0x9f, CONTAINER)
fill(FAMILY, 0xa0, 0xbf, STRING)
fill(FAMILY, 0xc1, 0xc1, NEVER_USED)
fill(FAMILY, 0xc4, 0xc6, BINARY)
fill(FAMILY, 0xc7, 0xc9, EXTENSION)
fill(FAMILY, 0xd4, 0xd8, EXTENSION)
fill(FAMILY, 0xd9, 0xdb, STRING)
fill(FAMILY, 0xdc, 0xdf, CONTAINER)
SIZE.set(
  [1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 16, 1, 2, 4, 2, 4, 2, 4],
  0xc4,
)
fill(IS_KEY, 0x00, 0x7f, 1)
fill(IS_KEY, 0xa0, 0xbf, 1)
fill(IS_KEY, 0xcc, 0xd3, 1)
fill(IS_KEY, 0xd9, 0xdb, 1)
fill(IS_KEY, 0xe0, 0xff, 1)

function fill(table: Uint8Array, first: number, last: number, value: number): void {
  table.fill(value, first, last + 1)
}

const TIMESTAMP_TYPE = 0xff
const NANOSECONDS_MAX = 999_999_999
/** ECMA-262 "Time Values and Time Range": ±8.64 × 10¹⁵ ms. */
const SECONDS_MAX = 8.64e12

const PROTO = [0x5f, 0x5f, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x5f, 0x5f]

/** One checker serves one codec; each `check` starts afresh. */
export class MsgpackCheck {
  readonly #bounds: Bounds
  /** Of every open container but the innermost: items still to come, keys and values counted apart. */
  readonly #openLeft: Int32Array
  readonly #openIsMap: Uint8Array

  #bytes: Uint8Array = new Uint8Array(0)
  #offset = 0
  #end = 0
  #items = 0
  #depth = 0
  /** The innermost container; at depth 0, the one value that is wanted. */
  #left = 0
  #isMap = false
  #refusal: Refusal | undefined

  constructor(bounds: Bounds) {
    this.#bounds = bounds
    this.#openLeft = new Int32Array(bounds.maxDepth)
    this.#openIsMap = new Uint8Array(bounds.maxDepth)
  }

  /** Whether `bytes[start, end)` is one acceptable value: `undefined`, or why not. */
  check(bytes: Uint8Array, start = 0, end: number = bytes.length): Refusal | undefined {
    const { maxBytes } = this.#bounds
    if (end - start > maxBytes) {
      return invalid('payload-size', `${end - start} bytes are more than ${maxBytes}`)
    }
    this.#bytes = bytes
    this.#offset = start
    this.#end = end
    this.#items = 1
    this.#depth = 0
    this.#left = 1
    this.#isMap = false
    this.#refusal = undefined
    while (this.#nextItem());
    return this.#refusal
  }

  /** Steps over one item, or out of a container; false when everything is done or something is wrong. */
  #nextItem(): boolean {
    if (this.#left === 0) return this.#close()
    if (this.#offset >= this.#end) return this.#truncated()
    const token = this.#bytes[this.#offset++]!
    this.#left--
    // Of n pairs, 2n items are to come: an odd number is left exactly after a key.
    const isKey = this.#isMap && (this.#left & 1) === 1
    if (isKey && IS_KEY[token] === 0) {
      return this.#refuse('payload-key', `a map key is neither a string nor an integer`)
    }
    switch (FAMILY[token]) {
      case SCALAR:
        this.#offset += SIZE[token]!
        return this.#offset <= this.#end || this.#truncated()
      case STRING:
        return this.#string(token, isKey)
      case BINARY:
        return this.#skip(this.#length(SIZE[token]!))
      case CONTAINER:
        return this.#open(token)
      case EXTENSION:
        return this.#extension(token)
      default:
        return this.#refuse('payload-msgpack', 'the byte 0xc1 starts no value')
    }
  }

  #string(token: number, isKey: boolean): boolean {
    const length = token < 0xc0 ? token & 0x1f : this.#length(SIZE[token]!)
    const start = this.#offset
    if (!this.#skip(length)) return false
    if (!isUtf8(this.#bytes, start, this.#offset)) {
      return this.#refuse('payload-utf8', `a string of ${length} bytes is not well-formed UTF-8`)
    }
    if (isKey && length === PROTO.length && this.#isProto(start)) {
      return this.#refuse('payload-key', 'a key is __proto__')
    }
    return true
  }

  #isProto(start: number): boolean {
    for (let i = 0; i < PROTO.length; i++) if (this.#bytes[start + i] !== PROTO[i]) return false
    return true
  }

  /** Steps into a container, whose items become what is expected next. */
  #open(token: number): boolean {
    const isMap = token < 0x90 || token >= 0xde
    const count = token < 0xa0 ? token & 0x0f : this.#length(SIZE[token]!)
    const items = isMap ? 2 * count : count
    // Every item takes one byte at the least.
    if (items > this.#end - this.#offset) return this.#truncated()
    this.#items += items
    if (this.#items > this.#bounds.maxItems) {
      return this.#refuse('payload-size', `more than ${this.#bounds.maxItems} values`)
    }
    if (this.#depth === this.#bounds.maxDepth) {
      return this.#refuse('payload-depth', `nested deeper than ${this.#bounds.maxDepth} levels`)
    }
    this.#openLeft[this.#depth] = this.#left
    this.#openIsMap[this.#depth] = this.#isMap ? 1 : 0
    this.#depth++
    this.#left = items
    this.#isMap = isMap
    return true
  }

  /** Steps out of a container that is complete; at the outermost level, ends the walk. */
  #close(): boolean {
    if (this.#depth > 0) {
      this.#depth--
      this.#left = this.#openLeft[this.#depth]!
      this.#isMap = this.#openIsMap[this.#depth] === 1
      return true
    }
    const trailing = this.#end - this.#offset
    if (trailing === 0) return false
    return this.#refuse('payload-msgpack', `${trailing} bytes follow the value`)
  }

  #extension(token: number): boolean {
    // fixext (0xd4 … 0xd8) says its length with the first byte.
    const length = token >= 0xd4 ? SIZE[token]! : this.#length(SIZE[token]!)
    if (!this.#skip(1)) return false
    const type = this.#bytes[this.#offset - 1]!
    const start = this.#offset
    if (!this.#skip(length)) return false
    if (type !== TIMESTAMP_TYPE) {
      return this.#refuse(
        'payload-extension',
        `the extension type ${(type << 24) >> 24} is unknown`,
      )
    }
    if (this.#isTimestamp(start, length)) return true
    return this.#refuse('payload-extension', `a timestamp of ${length} bytes holds no usable time`)
  }

  /** Specification "Timestamp extension type": 32 bits of seconds, 30 + 34 bits, or 32 + 64 bits. */
  #isTimestamp(start: number, length: number): boolean {
    if (length === 4) return true
    if (length === 8) return this.#u32(start) >>> 2 <= NANOSECONDS_MAX
    if (length !== 12) return false
    const seconds = (this.#u32(start + 4) | 0) * 0x1_0000_0000 + this.#u32(start + 8)
    return this.#u32(start) <= NANOSECONDS_MAX && Math.abs(seconds) <= SECONDS_MAX
  }

  /** Reads a length of 1, 2 or 4 bytes. When it is cut off, gives back more than can follow. */
  #length(size: number): number {
    const start = this.#offset
    this.#offset += size
    if (this.#offset > this.#end) return Number.MAX_SAFE_INTEGER
    if (size === 1) return this.#bytes[start]!
    if (size === 4) return this.#u32(start)
    return this.#bytes[start]! * 0x100 + this.#bytes[start + 1]!
  }

  #u32(offset: number): number {
    const bytes = this.#bytes
    return (
      bytes[offset]! * 0x1_00_00_00 +
      ((bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!)
    )
  }

  #skip(length: number): boolean {
    if (length > this.#end - this.#offset) return this.#truncated()
    this.#offset += length
    return true
  }

  #truncated(): boolean {
    return this.#refuse('payload-msgpack', 'the value is longer than the payload')
  }

  #refuse(code: CodecInvalidCode, reason: string): boolean {
    this.#refusal = invalid(code, reason)
    return false
  }
}
