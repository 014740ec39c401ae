/**
 * `text()`: a string as UTF-8, strictly in both directions. What arrives is what was sent, a leading
 * byte-order mark included.
 */
import { utf8DecodeStrict, utf8Encode } from '../../base/bytes.ts'
import { invalid } from '../../base/errors.ts'
import { type Codec, type DecodeResult, decoded } from './codec.ts'

/** With the `u` flag whole pairs are single characters, so that this finds only halves of pairs. */
const LONE_SURROGATE = /[\ud800-\udfff]/u

const TEXT: Codec<string> = {
  name: 'text',
  encode(value: string): Uint8Array {
    if (typeof value !== 'string') throw new TypeError('a text is a string')
    if (LONE_SURROGATE.test(value)) throw new TypeError('the text has a lone surrogate')
    return utf8Encode(value)
  },
  decode(bytes: Uint8Array): DecodeResult<string> {
    const value = utf8DecodeStrict(bytes)
    if (value !== undefined) return decoded(value)
    return invalid('payload-utf8', `the ${bytes.length} bytes are not well-formed UTF-8`)
  },
}

/**
 * Strings as UTF-8. `encode` throws for a lone surrogate, which UTF-8 cannot hold (an emoji cut in
 * half, usually); `decode` refuses malformed UTF-8 with `payload-utf8`.
 */
export function text(): Codec<string> {
  return TEXT
}
