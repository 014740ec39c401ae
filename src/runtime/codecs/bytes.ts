/** `bytes()`: the payload as it is, for applications that do their own encoding. Nothing is copied. */
import { type Codec, type DecodeResult, decoded } from './codec.ts'

const BYTES: Codec<Uint8Array> = {
  name: 'bytes',
  encode(value: Uint8Array): Uint8Array {
    if (!(value instanceof Uint8Array)) throw new TypeError('a payload of bytes is a Uint8Array')
    return value
  },
  decode(bytes: Uint8Array): DecodeResult<Uint8Array> {
    return decoded(bytes)
  },
}

/**
 * Bytes as they are. `encode` gives back the array it was given, so it belongs to the library until
 * the message is accepted; `decode` gives back the received array itself, whose memory belongs to the
 * message (copy it with `slice()` to keep a small part of a large message).
 */
export function bytes(): Codec<Uint8Array> {
  return BYTES
}
