import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  parsePeerId,
  peerIdFromBytes,
  peerIdToBytes,
  stampUuid,
} from '../../../src/base/peer-id.ts'

const DIGITS = '00112233445566778899AABBCCDDEEFF'

describe('a peer id', () => {
  it('is 32 upper-case digits, from anywhere in the bytes', () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, i) => (i === 0 ? 1 : (i - 1) * 0x11))
    expect(peerIdFromBytes(bytes, 1)).toBe(DIGITS)
  })

  it('comes back as it went', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const id = peerIdFromBytes(bytes)
        expect(peerIdToBytes(id)).toEqual(bytes)
        expect(parsePeerId(id)).toBe(id)
      }),
      { seed: 5 },
    )
  })

  it.each([DIGITS.toLowerCase(), DIGITS, '00112233-4455-6677-8899-aabbccddeeff'])(
    'is read from %s',
    (text) => {
      expect(parsePeerId(text)).toBe(DIGITS)
    },
  )

  it.each(['', DIGITS.slice(1), `${DIGITS}0`, `${DIGITS.slice(1)}G`, `${DIGITS} `])(
    'is not %j',
    (text) => {
      expect(parsePeerId(text)).toBeUndefined()
    },
  )

  it.each(['', DIGITS.slice(2), 'nonsense'])('of %j has no bytes: that is a bug', (text) => {
    expect(() => peerIdToBytes(text)).toThrow(TypeError)
  })
})

it('random bytes become a UUID of version 4 and variant 1, in place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const before = bytes.slice()
      expect(stampUuid(bytes)).toBe(bytes)
      expect([bytes[6]! >> 4, bytes[8]! >> 6]).toEqual([4, 2])
      const stamped = [6, 8]
      expect(bytes.filter((_, i) => !stamped.includes(i))).toEqual(
        before.filter((_, i) => !stamped.includes(i)),
      )
    }),
    { seed: 6 },
  )
})
