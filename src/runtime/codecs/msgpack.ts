/**
 * `msgpack()`: one MessagePack value, smaller and richer than JSON (byte arrays, times, 64-bit
 * integers), and readable for every other language. msgpackr does the work; this module keeps it to
 * the plain format, and lets it see only bytes that `msgpack-check.ts` has found harmless.
 *
 * Why the entry `index-no-eval`: mobile engines and strict content policies forbid building functions
 * from text; msgpackr's main entry loads native code where it finds `msgpackr-extract`; and msgpackr
 * keeps its extensions in one table per copy, where those of the application would act on our
 * messages. This entry is a copy of its own, without all three.
 */
import { addExtension, Packr, type PackrOptions } from 'msgpackr/index-no-eval'
import { invalid } from '../../base/errors.ts'
import { type BoundsOptions, resolveBounds } from './bounds.ts'
import { type Codec, type DecodeResult, decoded } from './codec.ts'
import { MsgpackCheck } from './msgpack-check.ts'

/** The bounds of a MessagePack codec; see each for its range and default. */
export type MsgpackOptions = BoundsOptions

/** msgpackr begins with slabs of 8 KiB, each for many messages; a copy costs more than it saves there. */
const SHARED_SLAB_BYTES_MAX = 64 * 1024

const PACKR_OPTIONS: PackrOptions = {
  useRecords: false,
  mapsAsObjects: true,
  moreTypes: false,
  structuredClone: false,
  bundleStrings: false,
  // Byte arrays in a received value outlive the chunk that they came in, and do not hold on to it.
  copyBuffers: true,
  // The type depends on the value, not on which form the sender's library chose for it.
  int64AsType: 'auto',
  // The shortest header for each map, and more than 65,535 entries.
  variableMapSize: true,
  // As in JSON: an optional field that is undefined is absent. In an array it becomes nil.
  skipValues: [undefined],
  encodeUndefinedAsNil: true,
  writeFunction: () => {
    throw new TypeError('a function cannot be encoded')
  },
}

/**
 * Objects that msgpackr would encode as something else without a word: Set, Error and RegExp become
 * arrays; of a Float64Array and its like, only as many bytes as it has elements are written, and stale
 * memory is sent for the rest; a DataView becomes empty.
 */
const UNENCODABLE = {
  [Symbol.hasInstance](value: unknown): boolean {
    if (ArrayBuffer.isView(value)) return !(value instanceof Uint8Array)
    return (
      value instanceof ArrayBuffer ||
      value instanceof Set ||
      value instanceof Error ||
      value instanceof RegExp
    )
  },
}

addExtension({
  Class: UNENCODABLE,
  write(value: object): never {
    throw new TypeError(`a value of class ${value.constructor.name} cannot be encoded`)
  },
})

/**
 * Values as MessagePack.
 *
 * | value | arrives as |
 * | --- | --- |
 * | null, boolean, string, Uint8Array | the same (a Buffer as Uint8Array) |
 * | number | the same; −0 as 0. Whole numbers up to 32 bits go as integers, all others as 64-bit floats |
 * | bigint, −2⁶³ to 2⁶⁴−1 | a number within ±2⁵³, a bigint beyond |
 * | Date, valid | Date |
 * | array | array; undefined elements as null |
 * | object, Map | plain object; undefined members of an object left out, integer keys as text |
 * | an object of another class | what its `toJSON()` gives back, else its own enumerable members |
 *
 * `encode` throws for everything else (undefined, functions, symbols, larger bigints, Set, Error,
 * RegExp, ArrayBuffer and its views, cycles), for strings under 64 characters with a lone surrogate (in
 * longer ones U+FFFD takes its place), and for whatever `decode` with the same options would refuse.
 * The bytes it gives back may be a view of a slab that holds other messages too: do not transfer their
 * `buffer`. The encoder's slabs grow with the largest value it has seen.
 *
 * `decode` refuses what is not exactly one well-formed value within the bounds, keys that are neither
 * strings nor integers, the key `__proto__`, and every extension but timestamps. Of duplicate keys the
 * last one counts. Fractions of a millisecond of a timestamp are cut off, and a byte-order mark at the
 * beginning of a string of more than 64 bytes is lost.
 *
 * @throws EarshotError ERR_EARSHOT_BAD_OPTION for a bound outside its range.
 */
export function msgpack<T = unknown>(options: MsgpackOptions = {}): Codec<T> {
  const checker = new MsgpackCheck(resolveBounds(options))
  const packr = new Packr(PACKR_OPTIONS)
  return {
    name: 'msgpack',
    encode(value: T): Uint8Array {
      if (value === undefined) throw new TypeError('undefined cannot be encoded')
      const packed = plainView(packr.pack(value))
      const refusal = checker.check(packed)
      if (refusal !== undefined) throw new TypeError(refusal.reason)
      // After one large value msgpackr's slabs stay large: a small message must not keep one alive.
      return packed.buffer.byteLength > SHARED_SLAB_BYTES_MAX ? packed.slice() : packed
    },
    decode(bytes: Uint8Array): DecodeResult<T> {
      // msgpackr adds a property to what it unpacks, and makes parts of a Buffer Buffers.
      const view = plainView(bytes)
      const refusal = checker.check(view)
      if (refusal !== undefined) return refusal
      try {
        return decoded(packr.unpack(view) as T)
      } catch {
        return invalid('payload-msgpack', `the ${bytes.length} bytes cannot be unpacked`)
      }
    },
  }
}

/** The same bytes as an array of the plain class: in Node.js they often come as a Buffer. */
function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
