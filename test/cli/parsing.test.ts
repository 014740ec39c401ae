import { InvalidArgumentError } from 'commander'
import { describe, expect, it } from 'vitest'
import { shortName } from '../../cli/common-options.ts'
import { formatDuration, formatRoundTrip, parseDuration, roundedMs } from '../../cli/duration.ts'
import {
  countOption,
  durationOption,
  groupArgument,
  intervalOption,
  parseHeader,
  portOption,
} from '../../cli/parsers.ts'

describe('a duration', () => {
  it.each([
    ['5', 5_000],
    ['5s', 5_000],
    ['500ms', 500],
    ['1.5', 1_500],
    ['.5s', 500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    [' 3s ', 3_000],
  ])('%j is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(['', '0', '0ms', '-1', '5 s', '5sec', 's', '1e3', 'Infinity', 'NaN', '5s5', '600h'])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )

  it.each([
    [12, '12 ms'],
    [999, '999 ms'],
    [1_200, '1.2 s'],
    [90_000, '1.5 min'],
  ])('of %i ms reads %j', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it.each([
    [0.1234, '0.123 ms'],
    [1.234, '1.23 ms'],
    [123.456, '123.5 ms'],
  ])('of %d ms as a round trip reads %j', (ms, text) => {
    expect(formatRoundTrip(ms)).toBe(text)
  })

  it('is rounded to microseconds for programs', () => {
    expect(roundedMs(1.667048000000225)).toBe(1.667)
  })
})

describe('an option', () => {
  it('for a port takes 1 to 65535', () => {
    expect([portOption('1'), portOption('65535')]).toEqual([1, 65_535])
    for (const text of ['0', '65536', '1.5', '-1', '', 'http', '0x10']) {
      expect(() => portOption(text), text).toThrow(InvalidArgumentError)
    }
  })

  it('for a count takes whole numbers from 1', () => {
    expect(countOption('10')).toBe(10)
    for (const text of ['0', '-1', '1.5', '', 'ten', '9999999999']) {
      expect(() => countOption(text), text).toThrow(InvalidArgumentError)
    }
  })

  it('for a duration says what it expects', () => {
    expect(() => durationOption('soon')).toThrow('Expected a time such as 5, 5s, 500ms or 2m')
  })

  it('for an interval takes no less than nodes answer', () => {
    expect(intervalOption('250ms')).toBe(250)
    expect(() => intervalOption('249ms')).toThrow('Expected 250 ms or more.')
  })

  it('for a header splits at the first =', () => {
    expect(parseHeader('X-ROLE=display')).toEqual(['X-ROLE', 'display'])
    expect(parseHeader('X-SUM=a=b')).toEqual(['X-SUM', 'a=b'])
    expect(parseHeader('X-EMPTY=')).toEqual(['X-EMPTY', ''])
    expect(parseHeader('=value')).toBeUndefined()
    expect(parseHeader('value')).toBeUndefined()
  })

  it('for a group takes 1 to 255 bytes', () => {
    expect(groupArgument('ü'.repeat(127))).toHaveLength(127)
    expect(() => groupArgument('')).toThrow(InvalidArgumentError)
    expect(() => groupArgument('ü'.repeat(128))).toThrow(InvalidArgumentError)
  })
})

describe('the default name', () => {
  it('is the host name without its domain', () => {
    expect(shortName('kitchen.example.org')).toBe('kitchen')
    expect(shortName('kitchen')).toBe('kitchen')
  })

  it('is that of the program where the host has none', () => {
    expect(shortName('')).toBe('earshot')
    expect(shortName('.local')).toBe('earshot')
    expect(shortName('x'.repeat(256))).toBe('earshot')
  })
})
