/** Records on their way: what a line holds, and what is none. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8Decode, utf8Encode } from '../../../src/base/bytes.ts'
import { bytesOf, cutTo, decodeRecords, encodeRecords } from '../../../src/log/lines.ts'
import { type RawRecord, readText } from '../../../src/log/record.ts'
import { type Batch, decodeLogMessage, encodeLogMessage } from '../../../src/log/wire.ts'

const FIRST: RawRecord = {
  seq: 7,
  ticks: 2 ** 50,
  time: 1_795_295_544_380.5,
  level: 30,
  text: '{}',
}

describe('records as lines', () => {
  it('are numbers as differences, and text', () => {
    const second = {
      ...FIRST,
      seq: 9,
      ticks: FIRST.ticks + 5,
      time: FIRST.time - 1.25,
      text: '{"msg":"ж b"}',
    }
    const bytes = encodeRecords([FIRST, second])
    expect(utf8Decode(bytes)).toBe(
      '7 1125899906842624 1795295544380.5 30 {}\n2 5 -1.25 30 {"msg":"ж b"}',
    )
    expect(decodeRecords(bytes)).toEqual([FIRST, second])
  })

  it('come back as they were, whatever they say, in no more bytes than was reckoned', () => {
    const step = fc.record({
      seq: fc.integer({ min: 1, max: 1_000 }),
      ticks: fc.integer({ min: 0, max: 2 ** 40 }),
      time: fc
        .double({ min: -2_000, max: 2_000, noNaN: true })
        .map((ms) => Math.round(ms * 64) / 64),
      level: fc.integer({ min: 0, max: 1_000 }),
      text: fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let last = FIRST
        const records = steps.map(({ seq, ticks, time, level, text }) => {
          const at = { seq: last.seq + seq, ticks: last.ticks + ticks, time: last.time + time }
          last = { ...at, level, text: JSON.stringify(text) }
          return last
        })
        const bytes = encodeRecords(records)
        expect(decodeRecords(bytes)).toEqual(records)
        expect(bytes.length).toBeLessThanOrEqual(
          records.reduce((sum, each) => sum + bytesOf(each), 0),
        )
      }),
    )
  })

  it.each([
    ['no UTF-8', Uint8Array.of(0x31, 0xff)],
    ['a number too few', utf8Encode('1 1 1 {}')],
    ['no number', utf8Encode('x 1 1 30 {}')],
    ['an empty number', utf8Encode('1  1 30 {}')],
    ['a number that falls', utf8Encode('5 1 1 30 {}\n-1 1 1 30 {}')],
    ['a number without end', utf8Encode(`${'9'.repeat(400)} 1 1 30 {}`)],
    ['more than a number holds', utf8Encode('9007199254740991 1 1 30 {}\n1 1 1 30 {}')],
    ['no time', utf8Encode('1 1 Infinity 30 {}')],
    ['no level', utf8Encode('1 1 1 1001 {}')],
    ['an empty line', utf8Encode('1 1 1 30 {}\n')],
    ['a long text', utf8Encode(`1 1 1 30 ${'x'.repeat(16_385)}`)],
    ['too many', utf8Encode(Array.from({ length: 513 }, () => '1 1 1 30 {}').join('\n'))],
    [
      'too much',
      utf8Encode(Array.from({ length: 5 }, () => `1 1 1 30 ${'x'.repeat(16_000)}`).join('\n')),
    ],
  ])('are not read: %s', (_name, bytes) => {
    expect(decodeRecords(bytes)).toBeUndefined()
  })

  it('are cut to any size, and still say something', () => {
    for (const msg of [
      'x'.repeat(9_000),
      'ж'.repeat(9_000),
      '\u0000'.repeat(2_500),
      '😀'.repeat(4_000),
    ]) {
      const record = { ...FIRST, text: JSON.stringify({ msg }) }
      const cut = cutTo(1_024, record)
      expect(bytesOf(cut)).toBeLessThanOrEqual(1_024)
      expect(readText(cut.text)!.fields['cutFrom']).toBe(record.text.length)
      expect(readText(cut.text)!.msg.length).toBeGreaterThan(100)
    }
  })
})

describe('a batch', () => {
  const batch: Batch = {
    kind: 'batch',
    id: 1,
    batch: 1,
    records: [FIRST],
    lost: 0,
    next: 8,
    upTo: FIRST.ticks,
    caughtUp: true,
    wall: 0,
    echo: 0,
    keptMs: 0,
  }
  const read = (message: Batch, ticks: number): unknown => {
    return decodeLogMessage(encodeLogMessage(message, ticks))?.message
  }

  it('is read with and without records', () => {
    expect(read(batch, FIRST.ticks)).toEqual(batch)
    const none = { ...batch, records: [] }
    expect(read(none, FIRST.ticks)).toEqual(none)
  })

  it('is refused when it, or what it holds, is later than the message says to be', () => {
    expect(read({ ...batch, upTo: 0 }, FIRST.ticks - 1)).toBeUndefined()
    expect(read({ ...batch, records: [] }, FIRST.ticks - 1)).toBeUndefined()
  })
})
