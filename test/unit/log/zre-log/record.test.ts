import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex, utf8Encode } from '../../../../src/base/bytes.ts'
import {
  decodeRecord,
  encodeRecord,
  RECORD_BYTES_MAX,
  wallMsOf,
  type ZreLogRecord,
  zreLogId,
} from '../../../../src/log/zre-log/record.ts'
import { bytesOf } from '../../zmtp/helpers.ts'

const RECORD: ZreLogRecord = {
  level: 'info',
  event: 'exit',
  node: 0x1a2b,
  peer: 0x3c4d,
  time: 1_700_000_000_123,
  data: 'this is you',
}

const VECTORS: readonly (readonly [string, ZreLogRecord, string])[] = [
  [
    'an ordinary record',
    RECORD,
    'aaa2 01 03 04 1a2b 3c4d 0000018bcfe5687b 0b 7468697320697320796f75',
  ],
  [
    'an error of C Zyre’s, without event and peer, in seconds',
    { level: 'error', event: 'none', node: 1, peer: 0, time: 1_402_511_772, data: 'é' },
    'aaa2 01 01 00 0001 0000 000000005398a19c 02 c3a9',
  ],
  [
    'the least of everything',
    { level: 'error', event: 'none', node: 0, peer: 0, time: 0, data: '' },
    `aaa2 01 01 00 0000 0000 ${'00'.repeat(8)} 00`,
  ],
  [
    'the most of everything',
    {
      level: 'info',
      event: 'recv',
      node: 65_535,
      peer: 65_535,
      time: Number.MAX_SAFE_INTEGER,
      data: 'x'.repeat(255),
    },
    `aaa2 01 03 06 ffff ffff 001fffffffffffff ff ${'78'.repeat(255)}`,
  ],
]

describe('a record', () => {
  it.each(VECTORS)('is written and read: %s', (_title, record, hex) => {
    const bytes = bytesOf(hex)
    expect(toHex(encodeRecord(record))).toBe(toHex(bytes))
    expect(decodeRecord(bytes)).toEqual({ kind: 'record', record })
    expect(bytes.length).toBeLessThanOrEqual(RECORD_BYTES_MAX)
  })

  it.each(VECTORS)('cut off anywhere is invalid: %s', (_title, _record, hex) => {
    const bytes = bytesOf(hex)
    for (let end = 0; end < bytes.length; end++) {
      const code = end < 2 ? 'zrelog-signature' : 'zrelog-truncated'
      expect(decodeRecord(bytes.subarray(0, end)), `${end} bytes`).toMatchObject({ code })
    }
  })

  it.each([
    ['zrelog-signature', 'aaa1 01 03 04 1a2b 3c4d 0000018bcfe5687b 00'],
    ['zrelog-signature', '0000'],
    ['zrelog-command', 'aaa2 02 03 04 1a2b 3c4d 0000018bcfe5687b 00'],
    ['zrelog-command', 'aaa2 00'],
    ['zrelog-level', 'aaa2 01 00 04 1a2b 3c4d 0000018bcfe5687b 00'],
    ['zrelog-level', 'aaa2 01 04 04 1a2b 3c4d 0000018bcfe5687b 00'],
    ['zrelog-event', 'aaa2 01 03 07 1a2b 3c4d 0000018bcfe5687b 00'],
    ['zrelog-event', 'aaa2 01 03 ff 1a2b 3c4d 0000018bcfe5687b 00'],
    ['zrelog-time', 'aaa2 01 03 04 1a2b 3c4d 0020000000000000 00'],
    ['zrelog-truncated', 'aaa2 01 03 04 1a2b 3c4d 0000018bcfe5687b 02 61'],
  ])('is refused with %s: %s', (code, hex) => {
    expect(decodeRecord(bytesOf(hex))).toMatchObject({ kind: 'invalid', code })
  })

  it('of C Zyre’s whose text is over 255 bytes is read as far as its length goes', () => {
    const hex = `aaa2 01 02 00 0001 0000 0000000000000001 2c ${'61'.repeat(300)}`
    expect(decodeRecord(bytesOf(hex))).toMatchObject({ record: { data: 'a'.repeat(44) } })
  })

  it('keeps nothing of the bytes, and malformed UTF-8 does not matter', () => {
    const bytes = bytesOf('aaa2 01 03 04 1a2b 3c4d 0000018bcfe5687b 03 61ff62')
    const decoded = decodeRecord(bytes)
    bytes.fill(0)
    expect(decoded).toMatchObject({ record: { data: 'a\ufffdb' } })
  })

  it.each([
    ['control characters', 'a\nb\tc\u001b[31m\u007f', 'a b c [31m '],
    ['300 letters', 'x'.repeat(300), 'x'.repeat(255)],
    ['256 bytes, the last two one letter', `${'x'.repeat(254)}é`, 'x'.repeat(254)],
    ['255 bytes, the last two one letter', `${'x'.repeat(253)}é`, `${'x'.repeat(253)}é`],
    ['half a surrogate pair at the cut', `${'x'.repeat(254)}😀`, 'x'.repeat(254)],
    ['letters of three bytes', '€'.repeat(100), '€'.repeat(85)],
    ['letters of four bytes', '😀'.repeat(200), '😀'.repeat(63)],
  ])('has its text cut and cleaned: %s', (_title, data, written) => {
    const bytes = encodeRecord({ ...RECORD, data })
    expect(bytes.length).toBeLessThanOrEqual(RECORD_BYTES_MAX)
    expect(decodeRecord(bytes)).toMatchObject({ record: { data: written } })
  })

  it.each([{ node: -1 }, { node: 65_536 }, { peer: 0.5 }, { time: -1 }, { time: Number.NaN }])(
    'asserts what its writer gave: %j',
    (wrong) => {
      expect(() => encodeRecord({ ...RECORD, ...wrong })).toThrow('assertion')
    },
  )

  it('comes out as it went in', () => {
    const record = fc.record({
      level: fc.constantFrom('error', 'warning', 'info'),
      event: fc.constantFrom('none', 'join', 'leave', 'enter', 'exit', 'send', 'recv'),
      node: fc.nat(65_535),
      peer: fc.nat(65_535),
      time: fc.nat(Number.MAX_SAFE_INTEGER),
      data: fc
        .string({ unit: 'grapheme', maxLength: 300 })
        .filter((text) => utf8Encode(text).length <= 255 && !/\p{Cc}/u.test(text)),
    })
    fc.assert(
      fc.property(record, (made) => {
        expect(decodeRecord(encodeRecord(made))).toEqual({ kind: 'record', record: made })
      }),
    )
  })

  it('never throws, whatever the bytes and the text', () => {
    const start = fc.constantFrom('', 'aa', 'aaa2', 'aaa201', 'aaa20103', 'aaa2010304')
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (hex, rest) => {
        const decoded = decodeRecord(Uint8Array.of(...bytesOf(hex), ...rest))
        expect(['record', 'invalid']).toContain(decoded.kind)
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (data) => {
        const bytes = encodeRecord({ ...RECORD, data })
        expect(decodeRecord(bytes).kind).toBe('record')
        expect(bytes.length).toBeLessThanOrEqual(RECORD_BYTES_MAX)
      }),
    )
  })
})

describe('zreLogId', () => {
  it('is the hash of C Zyre: 33 times the hash so far, then the byte by XOR, in 16 bits', () => {
    expect(zreLogId('')).toBe(0)
    expect(zreLogId('a')).toBe(0x61)
    expect(zreLogId('ab')).toBe((33 * 0x61) ^ 0x62)
    expect(zreLogId('abc')).toBe(((33 * ((33 * 0x61) ^ 0x62)) ^ 0x63) & 0xffff)
    expect(zreLogId('tcp://192.168.100.100:49152')).toBeLessThan(65_536)
  })
})

describe('wallMsOf', () => {
  it('reads seconds and milliseconds', () => {
    expect(wallMsOf({ time: 1_402_511_772 })).toBe(1_402_511_772_000)
    expect(wallMsOf({ time: 1_402_511_772_000 })).toBe(1_402_511_772_000)
    expect(wallMsOf({ time: 0 })).toBe(0)
  })
})
