/**
 * What a codec is: the two functions that turn an application's value into the bytes of one message
 * frame and back. Typed groups are built with one of `text()`, `json()`, `bytes()`, `msgpack()`, or
 * with an object of the application's own.
 *
 * A codec is not a schema: it promises the form of a value (a string; a tree of plain values), never
 * that the value is what the application expects. `schema.ts` checks that afterwards.
 */
import type { Invalid } from '../../base/errors.ts'

/**
 * Why a received payload is refused. The codes are stable: they appear in `warning` events and are
 * the names of counters.
 */
export const CODEC_INVALID_CODES = [
  /** Text that is not well-formed UTF-8. */
  'payload-utf8',
  /** Not a JSON text (RFC 8259). */
  'payload-json',
  /** Not exactly one well-formed MessagePack value. */
  'payload-msgpack',
  /** A map key that is refused: `__proto__`, or in MessagePack anything but a string or an integer. */
  'payload-key',
  /** A MessagePack extension other than a proper timestamp. */
  'payload-extension',
  /** Containers nested deeper than the codec's `maxDepth`. */
  'payload-depth',
  /** More bytes than `maxBytes`, or more values than `maxItems`. */
  'payload-size',
  /** Decoded, but refused by the schema of the group. */
  'payload-schema',
  /** A message of a typed group that does not have exactly one frame. */
  'payload-frames',
] as const

export type CodecInvalidCode = (typeof CODEC_INVALID_CODES)[number]

/** What `decode` gives back: the value, or why there is none. */
export type DecodeResult<T> =
  | { readonly kind: 'value'; readonly value: T }
  | Invalid<CodecInvalidCode>

/** Values of type T as the bytes of one frame. A codec keeps no state between calls. */
export interface Codec<T> {
  /** Short and stable, for logs and announcements: `text`, `json`, `bytes`, `msgpack`, or your own. */
  readonly name: string
  /**
   * The bytes of `value`, which nobody writes to afterwards. `bytes()` gives back the caller's own
   * array; others may give a view of larger memory.
   *
   * @throws whatever suits: the library wraps it into an EarshotError ERR_EARSHOT_ENCODE. The codecs of
   * the house throw a TypeError for every value that their own `decode`, with the same options, would
   * refuse.
   */
  encode(value: T): Uint8Array
  /**
   * The value of `bytes`, which are a peer's and may hold anything. Never throws, never writes to
   * `bytes`. The value shares no memory with `bytes`, except that of `bytes()`.
   */
  decode(bytes: Uint8Array): DecodeResult<T>
}

/** A successful `DecodeResult`. */
export function decoded<T>(value: T): DecodeResult<T> {
  return { kind: 'value', value }
}
