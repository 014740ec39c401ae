/** What every codec of the house promises, each against the same checks. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EMPTY_BYTES } from '../../../../src/base/bytes.ts'
import { bytes } from '../../../../src/runtime/codecs/bytes.ts'
import { CODEC_INVALID_CODES, type Codec } from '../../../../src/runtime/codecs/codec.ts'
import { json } from '../../../../src/runtime/codecs/json.ts'
import { msgpack } from '../../../../src/runtime/codecs/msgpack.ts'
import { text } from '../../../../src/runtime/codecs/text.ts'

const SEED = 20_251_118

const CASES: readonly { codec: Codec<unknown>; name: string; values: fc.Arbitrary<unknown> }[] = [
  { codec: text(), name: 'text', values: fc.string({ unit: 'binary' }) },
  { codec: json(), name: 'json', values: fc.jsonValue() },
  { codec: bytes(), name: 'bytes', values: fc.uint8Array() },
  { codec: msgpack(), name: 'msgpack', values: fc.jsonValue() },
]

/** What JSON and MessagePack have one form for: −0 becomes 0. */
function withoutNegativeZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(withoutNegativeZero)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, withoutNegativeZero(v)]))
}

/** Encodes; `undefined` when the codec says that it cannot. */
function tryEncode(codec: Codec<unknown>, value: unknown): Uint8Array | undefined {
  try {
    return codec.encode(value)
  } catch {
    return undefined
  }
}

describe.each(CASES)('$name', ({ codec, name, values }) => {
  test('has its name', () => {
    expect(codec.name).toBe(name)
  })

  test('decodes what it encoded', () => {
    fc.assert(
      fc.property(values, (value) => {
        const encoded = tryEncode(codec, value)
        // Keys named __proto__ are refused; nothing else that these arbitraries make is.
        if (encoded === undefined) return JSON.stringify(value).includes('__proto__')
        expect(codec.decode(encoded)).toEqual({ kind: 'value', value: withoutNegativeZero(value) })
        return true
      }),
      { seed: SEED, numRuns: 1_000 },
    )
  })

  test('never throws on random bytes, and gives a code of the catalogue', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        const result = codec.decode(input)
        if (result.kind === 'invalid') {
          expect(CODEC_INVALID_CODES).toContain(result.code)
          expect(result.reason.length).toBeGreaterThan(0)
        }
      }),
      { seed: SEED, numRuns: 5_000 },
    )
  })

  test('never throws on a valid payload with some bytes changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(10_000), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(values, changes, (value, pokes) => {
        const encoded = tryEncode(codec, value)
        if (encoded === undefined || encoded.length === 0) return
        const changed = encoded.slice()
        for (const [at, byte] of pokes) changed[at % changed.length] = byte
        expect(['value', 'invalid']).toContain(codec.decode(changed).kind)
      }),
      { seed: SEED, numRuns: 2_000 },
    )
  })

  test('leaves the received bytes alone and reads only its part of a larger buffer', () => {
    const encoded = codec.encode(name === 'bytes' ? Uint8Array.of(1, 2) : 'hello')
    const chunk = new Uint8Array(encoded.length + 20).fill(0x93)
    chunk.set(encoded, 10)
    const before = chunk.slice()
    const view = chunk.subarray(10, 10 + encoded.length)
    expect(codec.decode(view)).toEqual(codec.decode(encoded))
    expect(chunk).toEqual(before)
    expect(Object.keys(view).length).toBe(encoded.length)
  })

  test('takes an empty payload without throwing', () => {
    expect(codec.decode(EMPTY_BYTES).kind).toBe(
      name === 'text' || name === 'bytes' ? 'value' : 'invalid',
    )
  })
})

describe('text', () => {
  test('keeps a byte-order mark', () => {
    expect(text().decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toEqual({
      kind: 'value',
      value: '\ufeffa',
    })
  })

  test.each(['ff', 'c080', 'eda080', 'f4908080', 'e282'])('refuses %s as UTF-8', (hex) => {
    const input = Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
    expect(text().decode(input)).toMatchObject({ kind: 'invalid', code: 'payload-utf8' })
  })

  test.each(['\ud83d', '\ude42 after', 'before \ud83d', '\ude42\ud83d'])(
    'will not encode a lone surrogate (%j)',
    (value) => {
      expect(() => text().encode(value)).toThrow(TypeError)
    },
  )

  test('will not encode what is no string', () => {
    expect(() => text().encode(5 as never)).toThrow(TypeError)
  })
})

describe('bytes', () => {
  test('copies nothing', () => {
    const value = Uint8Array.of(1, 2, 3)
    expect(bytes().encode(value)).toBe(value)
    const result = bytes().decode(value)
    expect(result.kind === 'value' && result.value).toBe(value)
  })

  test('will not encode what is no Uint8Array', () => {
    expect(() => bytes().encode('abc' as never)).toThrow(TypeError)
    expect(() => bytes().encode(new Float64Array(1) as never)).toThrow(TypeError)
  })
})
