import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ByteReader,
  ByteWriter,
  bytesEqual,
  concatBytes,
  fromHex,
  startsWith,
  toHex,
  utf8Decode,
  utf8DecodeStrict,
  utf8Encode,
} from '../../../src/base/bytes.ts'

const runs = { seed: 1, numRuns: 200 }

describe('text', () => {
  it('comes back as it went, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(utf8Decode(utf8Encode(text))).toBe(text)
        expect(utf8DecodeStrict(utf8Encode(text))).toBe(text)
      }),
      runs,
    )
  })

  it('keeps a leading byte-order mark', () => {
    const bytes = Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)
    expect(utf8Decode(bytes)).toBe('\ufeffA')
    expect(utf8DecodeStrict(bytes)).toBe('\ufeffA')
  })

  it.each([
    ['a lone continuation byte', [0x80]],
    ['a cut sequence', [0xe2, 0x82]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a byte that never occurs', [0xff]],
  ])('of %s is replaced when lossy, refused when strict', (_what, bytes) => {
    expect(utf8Decode(Uint8Array.from(bytes))).toContain('\ufffd')
    expect(utf8DecodeStrict(Uint8Array.from(bytes))).toBeUndefined()
  })
})

describe('hexadecimal', () => {
  it('comes back as it went, in either case', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes)
        expect(fromHex(toHex(bytes).toUpperCase())).toEqual(bytes)
      }),
      runs,
    )
  })

  it('is two lower-case digits a byte', () => {
    expect(toHex(Uint8Array.of(0, 10, 255))).toBe('000aff')
  })

  it.each(['0', 'abc', '0g', ' 00', '0x00', '00 11', '٠٠'])('is not %j', (text) => {
    expect(fromHex(text)).toBeUndefined()
  })
})

it('bytes are equal by content, not by where they lie', () => {
  const whole = Uint8Array.of(1, 2, 3, 1, 2)
  expect(bytesEqual(whole.subarray(0, 2), whole.subarray(3))).toBe(true)
  expect(bytesEqual(whole.subarray(0, 2), whole.subarray(1, 3))).toBe(false)
  expect(bytesEqual(whole.subarray(0, 2), whole.subarray(0, 3))).toBe(false)
  expect(bytesEqual(new Uint8Array(), new Uint8Array())).toBe(true)
})

it('bytes start with what lies within them, from the start on', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4)
  const starts = (prefix: number[], start?: number, end?: number) =>
    startsWith(bytes, Uint8Array.from(prefix), start, end)
  expect([starts([]), starts([1]), starts([1, 2, 3, 4])]).toEqual([true, true, true])
  expect([starts([2]), starts([1, 3]), starts([1, 2, 3, 4, 5])]).toEqual([false, false, false])
  expect([starts([2, 3], 1), starts([2, 3], 1, 3), starts([2, 3], 1, 2)]).toEqual([
    true,
    true,
    false,
  ])
  expect([starts([], 4), starts([4], 3), starts([4, 0], 3)]).toEqual([true, true, false])
})

it('joined bytes are a copy of all parts in order', () => {
  const part = Uint8Array.of(2, 3)
  const whole = concatBytes([Uint8Array.of(1), new Uint8Array(), part])
  part.fill(9)
  expect(whole).toEqual(Uint8Array.of(1, 2, 3))
  expect(concatBytes([])).toEqual(new Uint8Array())
})

describe('a writer and a reader', () => {
  type Field = readonly ['u8' | 'u16' | 'u32', number] | readonly ['raw', Uint8Array]
  const field = fc.oneof(
    fc.tuple(fc.constant('u8' as const), fc.nat(0xff)),
    fc.tuple(fc.constant('u16' as const), fc.nat(0xffff)),
    fc.tuple(fc.constant('u32' as const), fc.nat(0xffffffff)),
    fc.tuple(fc.constant('raw' as const), fc.uint8Array({ maxLength: 20 })),
  )
  const sizeOf = ([kind, value]: Field): number =>
    kind === 'raw' ? value.length : { u8: 1, u16: 2, u32: 4 }[kind]

  function write(writer: ByteWriter, [kind, value]: Field): void {
    if (kind === 'raw') writer.raw(value)
    else writer[kind](value)
  }

  it('agree on every sequence of fields, at any place in memory', () => {
    fc.assert(
      fc.property(fc.array(field), fc.nat(9), (fields, offset) => {
        const length = fields.reduce((total, each) => total + sizeOf(each), 0)
        const memory = new Uint8Array(offset + length + 3).fill(0xee)
        const writer = new ByteWriter(memory, offset, offset + length)
        for (const each of fields) write(writer, each)
        expect(writer.remaining).toBe(0)
        expect([...memory.subarray(0, offset), ...memory.subarray(offset + length)]).toEqual(
          new Array(offset + 3).fill(0xee),
        )
        const reader = new ByteReader(memory, offset, offset + length)
        for (const [kind, value] of fields) {
          if (kind === 'raw') expect(reader.raw(value.length)).toEqual(value)
          else expect(reader[kind]()).toBe(value)
        }
        expect(reader.overrun).toBe(false)
        expect(reader.remaining).toBe(0)
      }),
      runs,
    )
  })

  it('can be pointed elsewhere, so that one writer serves many frames', () => {
    const memory = new Uint8Array(6)
    const writer = new ByteWriter(memory, 0, 2)
    writer.u16(0x0102)
    writer.reset(memory, 4, 6)
    writer.u16(0x0304)
    expect(memory).toEqual(Uint8Array.of(1, 2, 0, 0, 3, 4))
  })

  it('do not let raw bytes run over the reserved place', () => {
    const writer = new ByteWriter(new Uint8Array(8), 0, 2)
    expect(() => writer.raw(new Uint8Array(3))).toThrow('assertion failed')
  })
})

describe('a reader past the end', () => {
  it.each(['u8', 'u16', 'u32'] as const)('gives 0 for %s and says so', (kind) => {
    const reader = new ByteReader(new Uint8Array(8).fill(0xff), 0, 0)
    expect(reader[kind]()).toBe(0)
    expect(reader.overrun).toBe(true)
  })

  it('gives an empty view for raw bytes', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2), 0, 2)
    expect(reader.raw(3)).toEqual(new Uint8Array())
    expect(reader.overrun).toBe(true)
  })

  it('stays overrun: what would still fit is not read either', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3), 0, 3)
    expect(reader.u32()).toBe(0)
    expect(reader.u8()).toBe(0)
    expect(reader.remaining).toBe(0)
    expect(reader.overrun).toBe(true)
  })

  it('views raw bytes without copying them', () => {
    const memory = Uint8Array.of(1, 2, 3)
    const view = new ByteReader(memory, 1).raw(2)
    memory[1] = 9
    expect(view).toEqual(Uint8Array.of(9, 3))
  })
})
