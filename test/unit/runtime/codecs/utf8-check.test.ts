/** The check of UTF-8 agrees with the platform's strict decoder, byte for byte. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8DecodeStrict } from '../../../../src/base/bytes.ts'
import { isUtf8 } from '../../../../src/runtime/codecs/utf8-check.ts'

/** The bytes at which the table of well-formed sequences changes. */
const EDGES = [
  0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
  0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
]

test('agrees on every sequence of up to three edges, and on four that begin a four-byte form', () => {
  const agree = (...sequence: number[]): void => {
    const bytes = Uint8Array.from(sequence)
    if (isUtf8(bytes, 0, bytes.length) !== (utf8DecodeStrict(bytes) !== undefined)) {
      expect.unreachable(`disagreement on ${sequence.map((byte) => byte.toString(16)).join(' ')}`)
    }
  }
  for (const a of EDGES) {
    agree(a)
    for (const b of EDGES) {
      agree(a, b)
      for (const c of EDGES) {
        agree(a, b, c)
        if (a >= 0xf0) for (const d of EDGES) agree(a, b, c, d)
      }
    }
  }
})

test('agrees on random bytes and on random text', () => {
  const text = fc.string({ unit: 'binary' }).map((value) => new TextEncoder().encode(value))
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 12 }), text),
      (bytes) => isUtf8(bytes, 0, bytes.length) === (utf8DecodeStrict(bytes) !== undefined),
    ),
    { seed: 11, numRuns: 5_000 },
  )
})

test('looks at its stretch only', () => {
  const bytes = Uint8Array.of(0xff, 0x61, 0xc3, 0xa9, 0xff)
  expect(isUtf8(bytes, 1, 4)).toBe(true)
  expect(isUtf8(bytes, 1, 3)).toBe(false)
  expect(isUtf8(bytes, 0, 4)).toBe(false)
  expect(isUtf8(bytes, 2, 2)).toBe(true)
})
