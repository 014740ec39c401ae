/**
 * `json()`: one JSON text (RFC 8259) in UTF-8. Depth and number of values are counted on the bytes
 * before `JSON.parse` sees them: engines differ in how they parse deep nesting, and small texts can
 * become large heaps.
 *
 * It is not a typed codec: what arrives is any JSON value, to be checked by a schema.
 */
import { utf8DecodeStrict, utf8Encode } from '../../base/bytes.ts'
import { type Invalid, invalid } from '../../base/errors.ts'
import { type Bounds, type BoundsOptions, resolveBounds } from './bounds.ts'
import { type Codec, type CodecInvalidCode, type DecodeResult, decoded } from './codec.ts'

/** The bounds of a JSON codec; see each for its range and default. */
export type JsonOptions = BoundsOptions

/**
 * Values as JSON, with what `JSON.stringify` makes of them: `undefined` members are left out, NaN and
 * infinities become null, `toJSON` is honoured.
 *
 * An object key `__proto__`, however it is spelled, is refused as `payload-key`: parsed, it is a
 * harmless own property that turns into a changed prototype when an application copies or merges the
 * value. Dropping it would alter a message without a word. Duplicate keys: the last one counts.
 *
 * `encode` throws for what JSON has no form for (undefined, functions, bigints, cycles) and for
 * whatever `decode` with the same options would refuse.
 *
 * @throws EarshotError ERR_EARSHOT_BAD_OPTION for a bound outside its range.
 */
export function json<T = unknown>(options: JsonOptions = {}): Codec<T> {
  const bounds = resolveBounds(options)
  return {
    name: 'json',
    encode(value: T): Uint8Array {
      const text: string | undefined = JSON.stringify(value)
      if (text === undefined) throw new TypeError('the value has no JSON form')
      const bytes = utf8Encode(text)
      const refusal = checkStructure(bytes, bounds) ?? checkKeys(text)
      if (refusal !== undefined) throw new TypeError(refusal.reason)
      return bytes
    },
    decode(bytes: Uint8Array): DecodeResult<T> {
      const refusal = checkStructure(bytes, bounds)
      if (refusal !== undefined) return refusal
      const text = utf8DecodeStrict(bytes)
      if (text === undefined) {
        return invalid('payload-utf8', `the ${bytes.length} bytes are not well-formed UTF-8`)
      }
      let value: T
      try {
        value = JSON.parse(text)
      } catch {
        // The engine's own message quotes the text, which is the peer's.
        return invalid('payload-json', `the ${bytes.length} bytes are not one JSON value`)
      }
      return checkKeys(text) ?? decoded(value)
    },
  }
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * Counts structural characters outside of strings. It is exact for well-formed JSON; of anything else
 * it bounds what the parser will be given, and the parser then refuses it. UTF-8 needs no decoding
 * first: the bytes of a character beyond ASCII are all ≥ 0x80.
 */
function checkStructure(bytes: Uint8Array, bounds: Bounds): Invalid<CodecInvalidCode> | undefined {
  if (bytes.length > bounds.maxBytes) {
    return invalid('payload-size', `${bytes.length} bytes are more than ${bounds.maxBytes}`)
  }
  let depth = 0
  let items = 1
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i]) {
      case QUOTE:
        i = endOfString(bytes, i + 1)
        break
      // `[a, b]` has one opening bracket and one comma for its two values; `{k: v}` one brace and one
      // colon. An empty container is counted as if it held one value.
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        items++
        if (++depth > bounds.maxDepth) {
          return invalid('payload-depth', `nested deeper than ${bounds.maxDepth} levels`)
        }
        break
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth--
        break
      case COMMA:
      case COLON:
        items++
    }
  }
  if (items <= bounds.maxItems) return undefined
  return invalid('payload-size', `${items} values are more than ${bounds.maxItems}`)
}

/** Where the closing quote of the string stands whose content starts at `offset`. */
function endOfString(bytes: Uint8Array, offset: number): number {
  let i = offset
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1
  return i
}

/**
 * `"__proto__"` as a key, each letter plain or escaped. In a well-formed text it matches nothing else,
 * but for keys that end in an escaped quote and `__proto__`, which nobody will miss.
 */
const PROTO_KEY =
  /"(?:_|\\u005[fF]){2}(?:p|\\u0070)(?:r|\\u0072)(?:o|\\u006[fF])(?:t|\\u0074)(?:o|\\u006[fF])(?:_|\\u005[fF]){2}"\s*:/

function checkKeys(text: string): Invalid<CodecInvalidCode> | undefined {
  return PROTO_KEY.test(text) ? invalid('payload-key', 'a key is __proto__') : undefined
}
