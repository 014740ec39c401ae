/** What holds for every vector: both directions, every cut, every surplus byte. */
import { describe, expect, it } from 'vitest'
import { ByteWriter, concatBytes, toHex } from '../../../src/base/bytes.ts'
import { decodeZre } from '../../../src/zre/decode.ts'
import { encodeZre, zreLength } from '../../../src/zre/encode.ts'
import type { ZreMessage } from '../../../src/zre/message.ts'
import { COMMAND } from '../../../src/zre/message.ts'
import { bytesOf, LIMITS, VECTORS } from './vectors.ts'

const SURROUNDINGS = Uint8Array.of(0xaa, 0xa1, 0xff)

function encoded(message: ZreMessage): Uint8Array {
  const bytes = new Uint8Array(zreLength(message))
  encodeZre(message, new ByteWriter(bytes))
  return bytes
}

it('the table has every command', () => {
  const commands = new Set(VECTORS.map((vector) => bytesOf(vector.hex)[2]!))
  expect([...commands].sort((a, b) => a - b)).toEqual(Object.values(COMMAND))
})

describe.each(VECTORS)('$title', ({ hex, message }) => {
  const bytes = bytesOf(hex)

  it('decodes to its message', () => {
    expect(decodeZre(bytes, 0, bytes.length, LIMITS)).toEqual(message)
  })

  it('decodes to the same between other bytes, and from a Buffer', () => {
    const whole = concatBytes([SURROUNDINGS, bytes, SURROUNDINGS])
    const start = SURROUNDINGS.length
    const end = start + bytes.length
    expect(decodeZre(whole, start, end, LIMITS)).toEqual(message)
    expect(decodeZre(Buffer.from(whole), start, end, LIMITS)).toEqual(message)
  })

  it('encodes to its bytes', () => {
    expect(toHex(encoded(message))).toBe(toHex(bytes))
  })

  it('encodes exactly into the reserved place and leaves its surroundings alone', () => {
    const whole = new Uint8Array(bytes.length + 6).fill(0x77)
    const writer = new ByteWriter(whole, 3, 3 + zreLength(message))
    encodeZre(message, writer)
    expect(writer.remaining).toBe(0)
    expect(toHex(whole)).toBe(`777777${toHex(bytes)}777777`)
  })

  it('is invalid when cut anywhere, even if the missing bytes follow in memory', () => {
    for (let end = 0; end < bytes.length; end++) {
      expect(decodeZre(bytes, 0, end, LIMITS)).toMatchObject({
        kind: 'invalid',
        code: end < 2 ? 'zre-signature' : 'zre-truncated',
      })
    }
  })

  it('is invalid with one byte more', () => {
    const longer = concatBytes([bytes, Uint8Array.of(0)])
    expect(decodeZre(longer, 0, longer.length, LIMITS)).toMatchObject({
      kind: 'invalid',
      code: 'zre-trailing-bytes',
    })
  })
})
