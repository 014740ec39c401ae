/** The bounds are the same for both codecs, and the same for sender and receiver. */
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../../../src/base/limits.ts'
import { type BoundsOptions, DEFAULT_BOUNDS } from '../../../../src/runtime/codecs/bounds.ts'
import type { Codec, CodecInvalidCode } from '../../../../src/runtime/codecs/codec.ts'
import { json } from '../../../../src/runtime/codecs/json.ts'
import { msgpack } from '../../../../src/runtime/codecs/msgpack.ts'

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}

const CODECS: readonly { name: string; make: (options?: BoundsOptions) => Codec<unknown> }[] = [
  { name: 'json', make: json },
  { name: 'msgpack', make: msgpack },
]

describe.each(CODECS)('$name', ({ make }) => {
  const roomy = make({ maxDepth: 512 })

  function expectRefused(codec: Codec<unknown>, value: unknown, code: CodecInvalidCode): void {
    expect(codec.decode(roomy.encode(value))).toMatchObject({ kind: 'invalid', code })
    expect(() => codec.encode(value)).toThrow(TypeError)
  }

  function expectAccepted(codec: Codec<unknown>, value: unknown): void {
    expect(codec.decode(codec.encode(value))).toEqual({ kind: 'value', value })
  }

  test('takes 64 levels and refuses 65', () => {
    expectAccepted(make(), nested(64))
    expectRefused(make(), nested(65), 'payload-depth')
  })

  test('counts containers side by side as one level', () => {
    expectAccepted(make({ maxDepth: 2 }), [[1], [2], { a: 3 }, []])
    expectRefused(make({ maxDepth: 1 }), [[]], 'payload-depth')
  })

  test('with maxDepth 0 takes scalars only', () => {
    expectAccepted(make({ maxDepth: 0 }), 'scalar')
    expectRefused(make({ maxDepth: 0 }), [], 'payload-depth')
  })

  test('counts elements, keys and values', () => {
    // 1 array + its 3 elements + 2 keys and 2 values of the last.
    const value = [1, 2, { a: 3, b: 4 }]
    expectAccepted(make({ maxItems: 8 }), value)
    expectRefused(make({ maxItems: 7 }), value, 'payload-size')
  })

  test('refuses more bytes than maxBytes', () => {
    const value = 'x'.repeat(100)
    const { length } = roomy.encode(value)
    expectAccepted(make({ maxBytes: length }), value)
    expectRefused(make({ maxBytes: length - 1 }), value, 'payload-size')
  })

  test.each([
    { maxDepth: -1 },
    { maxDepth: 513 },
    { maxDepth: 1.5 },
    { maxItems: 0 },
    { maxBytes: 0 },
    { maxBytes: 2 ** 31 },
    { maxBytes: Number.NaN },
    { maxItems: Number.POSITIVE_INFINITY },
    { maxItems: '5' as never },
  ])('will not be made with %j', (options) => {
    expect(() => make(options)).toThrow(expect.objectContaining({ code: 'ERR_EARSHOT_BAD_OPTION' }))
  })
})

test('by default admits as many bytes as a message may have', () => {
  expect(DEFAULT_BOUNDS.maxBytes).toBe(DEFAULT_LIMITS.messageBytes)
})
