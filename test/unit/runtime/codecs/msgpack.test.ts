/** MessagePack between friends: forms of the specification, JavaScript values, ownership. */

import fc from 'fast-check'
import { Packr as SharedPackr } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../../../src/base/bytes.ts'
import { msgpack } from '../../../../src/runtime/codecs/msgpack.ts'
import { bytesOf, VECTORS } from './vectors.ts'

const codec = msgpack()

function roundTrip(value: unknown): unknown {
  const result = codec.decode(codec.encode(value))
  if (result.kind === 'invalid') throw new Error(result.reason)
  return result.value
}

describe.each(VECTORS)('$name', ({ hex, value, encodedHex }) => {
  test('is decoded', () => {
    expect(codec.decode(bytesOf(hex))).toEqual({ kind: 'value', value })
  })

  test('is encoded in its shortest form', () => {
    expect(toHex(codec.encode(value))).toBe(encodedHex ?? hex)
    expect(roundTrip(value)).toEqual(value)
  })

  test('is refused when cut anywhere', () => {
    const whole = bytesOf(hex)
    for (let length = 0; length < whole.length; length++) {
      const result = codec.decode(whole.subarray(0, length))
      expect(result, `${length} bytes`).toMatchObject({ kind: 'invalid', code: 'payload-msgpack' })
    }
  })

  test('is refused with a byte after it', () => {
    expect(codec.decode(bytesOf(`${hex}c0`))).toMatchObject({ code: 'payload-msgpack' })
  })
})

/** Everything whose round trip is promised. */
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger().map((n) => (n === 0 ? 0 : n)),
    fc.double({ noNaN: true }).map((n) => (n === 0 ? 0 : n)),
    fc.constant(Number.NaN),
    fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 53n) - 1n }),
    fc.string({ unit: 'binary' }).filter((text) => !text.startsWith('\ufeff')),
    fc
      .string({ unit: 'binary', minLength: 30, maxLength: 300 })
      .filter((text) => !text.startsWith('\ufeff')),
    fc.uint8Array(),
    fc.date({ noInvalidDate: true }),
    fc.array(tie('node')),
    fc.dictionary(
      fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
      tie('node'),
      { noNullPrototype: true },
    ),
  ),
})).node

test('whatever is encoded arrives as it was', () => {
  fc.assert(
    fc.property(value, (sent) => {
      expect(roundTrip(sent)).toEqual(sent)
    }),
    { seed: 424_242, numRuns: 2_000 },
  )
})

describe('JavaScript values', () => {
  test.each<[string, unknown, unknown]>([
    ['a small bigint arrives as a number', 5n, 5],
    ['the last bigint that is a number', 2n ** 53n, 2 ** 53],
    ['the first that stays a bigint', 2n ** 53n + 1n, 2n ** 53n + 1n],
    ['−0 arrives as 0', -0, 0],
    ['an undefined member is left out', { a: undefined, b: 1 }, { b: 1 }],
    ['an undefined element arrives as null', [undefined], [null]],
    [
      'a Map arrives as an object',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, 'b'],
      ]),
      { a: 1, 2: 'b' },
    ],
    [
      'an object without prototype arrives as a plain one',
      Object.assign(Object.create(null), { a: 1 }),
      { a: 1 },
    ],
    [
      'keys of Object.prototype are ordinary',
      { constructor: 1, hasOwnProperty: 2, toString: 3 },
      { constructor: 1, hasOwnProperty: 2, toString: 3 },
    ],
  ])('%s', (_, sent, received) => {
    expect(roundTrip(sent)).toEqual(received)
  })

  test('toJSON is honoured', () => {
    class Celsius {
      readonly degrees = 21
      toJSON(): string {
        return `${this.degrees} °C`
      }
    }
    expect(roundTrip([new Celsius()])).toEqual(['21 °C'])
  })

  test('more than 65,535 keys', () => {
    const wide = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]))
    expect(roundTrip(wide)).toEqual(wide)
  })

  test('a byte-order mark at the beginning of a long string is lost, of a short one not', () => {
    expect(roundTrip('\ufeffshort')).toBe('\ufeffshort')
    expect(roundTrip(`\ufeff${'x'.repeat(70)}`)).toBe('x'.repeat(70))
  })

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a function inside', { f: () => 1 }],
    ['a symbol', Symbol('s')],
    ['a bigint beyond 64 bits', 2n ** 64n],
    ['a Set', new Set([1])],
    ['an Error', new Error('e')],
    ['a RegExp', /x/],
    ['a Float64Array', new Float64Array([1.5, 2.5])],
    ['an Int8Array', new Int8Array(2)],
    ['a DataView', new DataView(new ArrayBuffer(4))],
    ['an ArrayBuffer', new ArrayBuffer(4)],
    ['an invalid Date', new Date(Number.NaN)],
    ['a Map with a key that is an object', new Map([[{}, 1]])],
    ['a key __proto__', JSON.parse('{"__proto__":1}')],
    ['a Map with a key __proto__', new Map([['__proto__', 1]])],
    ['a short string with a lone surrogate', 'cut \ud83d'],
  ])('%s will not be encoded, and does no harm', (_, sent) => {
    expect(() => codec.encode(sent)).toThrow()
    expect(() => codec.encode([1, sent === undefined ? () => 1 : sent])).toThrow()
    expect(roundTrip({ after: 'it' })).toEqual({ after: 'it' })
  })

  test('a cycle will not be encoded, and does no harm', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    expect(() => codec.encode(cycle)).toThrow(RangeError)
    expect(roundTrip({ after: 'it' })).toEqual({ after: 'it' })
  })

  test('an encode inside of an encode (toJSON) disturbs neither', () => {
    class Wrapped {
      readonly inner: unknown
      constructor(inner: unknown) {
        this.inner = inner
      }
      toJSON(): unknown {
        return codec.encode(this.inner)
      }
    }
    const received = roundTrip({ before: 1, wrapped: new Wrapped([1, 2]), after: 'x' })
    expect(received).toEqual({ before: 1, wrapped: bytesOf('920102'), after: 'x' })
  })
})

describe('memory', () => {
  test('encoded bytes are not overwritten by later calls', () => {
    const many = Array.from({ length: 2_000 }, (_, i) =>
      codec.encode({ i, text: 'x'.repeat(i % 50) }),
    )
    for (const [i, encoded] of many.entries()) {
      expect(codec.decode(encoded)).toEqual({
        kind: 'value',
        value: { i, text: 'x'.repeat(i % 50) },
      })
    }
  })

  test('a small message does not hold on to the slab of a large one', () => {
    const own = msgpack()
    expect(own.encode(new Uint8Array(1_000_000)).length).toBe(1_000_005)
    expect(own.encode('small').buffer.byteLength).toBeLessThanOrEqual(64 * 1024)
  })

  test('byte arrays are copies, plain, whatever class the payload has', () => {
    const payload = Buffer.from('81a162c403010203', 'hex')
    const result = codec.decode(payload)
    payload.fill(0)
    if (result.kind === 'invalid') throw new Error(result.reason)
    const { b } = result.value as { b: Uint8Array }
    expect(b).toEqual(Uint8Array.of(1, 2, 3))
    expect(b.constructor).toBe(Uint8Array)
    expect(b.buffer.byteLength).toBe(3)
    expect(codec.encode({ b }).constructor).toBe(Uint8Array)
  })
})

test('what the application does with its own msgpackr does not touch the codec', () => {
  const records = new SharedPackr({ structures: [] })
  const packed = records.pack({ a: 1, b: 2 })
  expect(codec.decode(packed).kind).toBe('invalid')
  expect(roundTrip({ a: 1, b: 2 })).toEqual({ a: 1, b: 2 })
})
