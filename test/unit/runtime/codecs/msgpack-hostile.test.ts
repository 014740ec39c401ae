/** MessagePack from a peer that means harm: nothing is built from what the check refuses. */
import fc from 'fast-check'
import * as noEval from 'msgpackr/index-no-eval'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { concatBytes, utf8Encode } from '../../../../src/base/bytes.ts'
import type { CodecInvalidCode } from '../../../../src/runtime/codecs/codec.ts'
import { msgpack } from '../../../../src/runtime/codecs/msgpack.ts'
import { bytesOf } from './vectors.ts'

const codec = msgpack()
const unpack = vi.spyOn(noEval.Packr.prototype, 'unpack')

afterEach(() => {
  unpack.mockClear()
})

/** Refused with `code`, and before msgpackr saw it. */
function expectRefused(bytes: Uint8Array, code: CodecInvalidCode): void {
  expect(codec.decode(bytes)).toMatchObject({ kind: 'invalid', code })
  expect(unpack).not.toHaveBeenCalled()
}

test('the spy sees what is unpacked', () => {
  expect(codec.decode(bytesOf('01')).kind).toBe('value')
  expect(unpack).toHaveBeenCalledOnce()
})

describe('announced lengths', () => {
  test.each([
    ['bin 8', 'c4ff'],
    ['bin 16', 'c5ffff'],
    ['bin 32', 'c6ffffffff'],
    ['ext 8', 'c7ffff'],
    ['ext 16', 'c8ffffff'],
    ['ext 32', 'c9ffffffffff'],
    ['fixstr', 'bf61'],
    ['str 8', 'd9ff61'],
    ['str 16', 'daffff61'],
    ['str 32', 'dbffffffff61'],
    ['fixarray', '9f00'],
    ['array 16', 'dcffff00'],
    ['array 32', 'ddffffffff00'],
    ['fixmap', '8f0000'],
    ['map 16', 'deffff0000'],
    ['map 32', 'dfffffffff0000'],
    ['map 32 of half as many', 'df7fffffff0000'],
    ['a map of one pair with a key only', '8101'],
  ])('%s beyond the payload is refused', (_, hex) => {
    expectRefused(bytesOf(hex), 'payload-msgpack')
  })

  test('arrays that announce the whole rest, one in another, cost nothing', () => {
    // msgpackr pull request 200: 73 KB of such headers took 1.4 GB.
    const bytes = new Uint8Array(24_000 * 3)
    for (let i = 0; i < bytes.length; i += 3) bytes.set([0xdc, 0xff, 0xff], i)
    expectRefused(bytes, 'payload-size')
    const roomy = msgpack({ maxItems: 2 ** 30 })
    expect(roomy.decode(bytes)).toMatchObject({ code: 'payload-depth' })
    expect(unpack).not.toHaveBeenCalled()
  })

  test('a million empty maps are too many values', () => {
    const count = 1_000_000
    const bytes = new Uint8Array(5 + count).fill(0x80)
    bytes.set([0xdd, (count >> 24) & 255, (count >> 16) & 255, (count >> 8) & 255, count & 255])
    expectRefused(bytes, 'payload-size')
  })
})

describe('nesting', () => {
  test.each([
    ['arrays', '91'],
    ['maps', '8101'],
    ['arrays with a long header', 'dd00000001'],
    ['maps with a long header', 'df0000000101'],
  ])('a megabyte of %s is refused, without recursion', (_, header) => {
    expectRefused(
      bytesOf(header.repeat(Math.floor(1_000_000 / (header.length / 2)))),
      'payload-depth',
    )
  })

  test('512 levels, the most that can be allowed, are unpacked', () => {
    const deep = msgpack({ maxDepth: 512 })
    expect(deep.decode(bytesOf(`${'91'.repeat(512)}c0`)).kind).toBe('value')
    expect(deep.decode(bytesOf(`${'8101'.repeat(512)}c0`)).kind).toBe('value')
  })
})

describe('extensions', () => {
  const hexByte = (byte: number): string => byte.toString(16).padStart(2, '0')

  test.each([
    ['record definition, one byte', 'd4724091a161c0'],
    ['record definition, two bytes', 'd572400091a161c0'],
    ['bundled strings', 'd66200000001a0a0'],
    ['reference target', 'd6690000000190'],
    ['reference', 'd67000000001'],
    ['a reference inside of its target', 'd6690000000191d67000000001'],
    ['an error', 'd4650093a14ea16dc0'],
    ['a regular expression', 'd4780092a928612b292b2b2b2b24a0'],
    ['a set', 'd473009101'],
    ['a typed array', 'c70974080000000000000000'],
    ['an array buffer', 'c7027410ff'],
    ['a large bigint', `c70942${'ff'.repeat(9)}`],
    ['undefined of notepack', 'd40000'],
  ])('%s is refused', (_, hex) => {
    expectRefused(bytesOf(hex), 'payload-extension')
    expectRefused(bytesOf(`91${hex}`), 'payload-extension')
    expectRefused(bytesOf(`81a161${hex}`), 'payload-extension')
  })

  test('of all types in all forms only the timestamp is taken', () => {
    for (let type = 0; type < 256; type++) {
      const t = hexByte(type)
      const forms = [`d4${t}00`, `d5${t}0000`, `d6${t}00000000`, `d7${t}${'00'.repeat(8)}`]
      forms.push(`d8${t}${'00'.repeat(16)}`, `c700${t}`, `c80001${t}00`, `c900000001${t}00`)
      forms.push(`c70c${t}${'00'.repeat(12)}`, `c704${t}00000000`)
      for (const [i, form] of forms.entries()) {
        const isTimestamp = type === 0xff && (i === 2 || i === 3 || i >= 8)
        unpack.mockClear()
        expect(codec.decode(bytesOf(form)).kind, form).toBe(isTimestamp ? 'value' : 'invalid')
        expect(unpack.mock.calls.length, form).toBe(isTimestamp ? 1 : 0)
      }
    }
  })

  test.each([
    ['one byte', 'd4ff00'],
    ['no byte', 'c700ff'],
    ['16 bytes', `d8ff${'00'.repeat(16)}`],
    ['64 bits with 10⁹ nanoseconds', 'd7ffee6b280000000000'],
    ['96 bits with 10⁹ nanoseconds', 'c70cff3b9aca000000000000000000'],
    ['96 bits, the first second too late', 'c70cff00000000000007dba8218001'],
    ['96 bits, the first second too early', 'c70cff00000000fffff82457de7fff'],
  ])('a timestamp of %s is refused', (_, hex) => {
    expectRefused(bytesOf(hex), 'payload-extension')
  })

  test.each([
    ['the last second', 'c70cff00000000000007dba8218000', 8.64e15],
    ['the first second', 'c70cff00000000fffff82457de8000', -8.64e15],
  ])('%s of time is a date', (_, hex, at) => {
    expect(codec.decode(bytesOf(hex))).toEqual({ kind: 'value', value: new Date(at) })
  })

  test('no key is an extension', () => {
    expectRefused(bytesOf('81d6ff0000000101'), 'payload-key')
  })
})

test('0xc1, and bytes that msgpackr reads as records, stay plain', () => {
  expectRefused(bytesOf('c1'), 'payload-msgpack')
  expectRefused(bytesOf('92c101'), 'payload-msgpack')
  for (let token = 0x40; token < 0x80; token++) {
    expect(codec.decode(Uint8Array.of(token))).toEqual({ kind: 'value', value: token })
  }
})

describe('keys', () => {
  test.each([
    ['nil', 'c0'],
    ['a boolean', 'c3'],
    ['a float', 'cb3ff8000000000000'],
    ['binary', 'c40161'],
    ['an array', '9101'],
    ['a map', '80'],
  ])('%s is refused', (_, hex) => {
    expectRefused(bytesOf(`81${hex}01`), 'payload-key')
    expectRefused(bytesOf(`82a16101${hex}01`), 'payload-key')
    expect(codec.decode(bytesOf(`81a161${hex}`)).kind).toBe('value')
  })

  const proto = utf8Encode('__proto__')
  test.each([
    ['fixstr', 'a9'],
    ['str 8', 'd909'],
    ['str 16', 'da0009'],
    ['str 32', 'db00000009'],
  ])('__proto__ as %s is refused', (_, header) => {
    const key = concatBytes([bytesOf(header), proto])
    const polluting = bytesOf('81a8706f6c6c75746564c3')
    expectRefused(concatBytes([bytesOf('81'), key, polluting]), 'payload-key')
    expectRefused(concatBytes([bytesOf('9182a16101'), key, polluting]), 'payload-key')
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
    // As a value it is only a word.
    expect(codec.decode(concatBytes([bytesOf('81a161'), key]))).toEqual({
      kind: 'value',
      value: { a: '__proto__' },
    })
  })

  test('constructor and prototype are keys like others, and reach no prototype', () => {
    const sent = { constructor: { prototype: { polluted: true } } }
    expect(codec.decode(codec.encode(sent))).toEqual({ kind: 'value', value: sent })
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test('of duplicates the last counts', () => {
    expect(codec.decode(bytesOf('82a16101a16102'))).toEqual({ kind: 'value', value: { a: 2 } })
  })
})

test.each([
  'a1ff',
  'a2c080',
  'a3eda080',
  'a4f4908080',
  'a2e282',
  '81a1ff01',
  `d941${'61'.repeat(64)}ff`,
])('a string that is not UTF-8 is refused (%s)', (hex) => {
  expectRefused(bytesOf(hex), 'payload-utf8')
})

test('whatever the check lets through, msgpackr unpacks, and the value can be sent again', () => {
  // Bytes that lean towards headers, so that many of the inputs are well-formed.
  const byte = fc.oneof(
    fc.constantFrom(
      0x80,
      0x81,
      0x82,
      0x90,
      0x91,
      0x93,
      0xa0,
      0xa1,
      0xa2,
      0xc0,
      0xc3,
      0xc4,
      0xcc,
      0xd9,
    ),
    fc.constantFrom(0xd0, 0xd1, 0xc5, 0xda, 0xdc, 0xde, 0x00, 0x01, 0x02, 0x61, 0x62, 0xe0, 0xff),
    fc.nat(255),
  )
  let accepted = 0
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 24 }), (input) => {
      unpack.mockClear()
      const result = codec.decode(Uint8Array.from(input))
      expect(unpack.mock.calls.length).toBe(result.kind === 'value' ? 1 : 0)
      if (result.kind === 'invalid') return
      accepted++
      expect(codec.decode(codec.encode(result.value))).toEqual(result)
    }),
    { seed: 99, numRuns: 20_000 },
  )
  // The test would prove nothing if nearly everything were refused.
  expect(accepted).toBeGreaterThan(1_000)
})

test('reasons hold nothing of the payload', () => {
  const secret = concatBytes([bytesOf('81a673656372657401'), utf8Encode('secret')])
  expect(JSON.stringify(codec.decode(secret))).not.toContain('secret')
})
