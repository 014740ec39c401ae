import { expect, it } from 'vitest'
import type { SequenceVerdict } from '../../../src/zre/sequence.ts'
import { checkSequence, HELLO_SEQUENCE, sequenceAfter } from '../../../src/zre/sequence.ts'

it('HELLO has 1', () => {
  expect(HELLO_SEQUENCE).toBe(1)
})

it('counts up, and from 65535 to 0', () => {
  expect([0, 1, 65_533, 65_534, 65_535].map(sequenceAfter)).toEqual([1, 2, 65_534, 65_535, 0])
})

const VERDICTS: readonly (readonly [string, number, number, SequenceVerdict])[] = [
  ['the successor', 1, 2, 'next'],
  ['65535 after 65534', 65_534, 65_535, 'next'],
  ['0 after 65535, as RFC 36 wraps', 65_535, 0, 'next'],
  ['0 after 65534, as zyre.js and Pyre wrap', 65_534, 0, 'short-wrap'],
  ['1 after 0', 0, 1, 'next'],
  ['a repeat', 7, 7, 'gap'],
  ['a repeated 0', 0, 0, 'gap'],
  ['one missing', 7, 9, 'gap'],
  ['one back', 7, 6, 'gap'],
  ['0 out of the blue', 7, 0, 'gap'],
  ['0 one before the short wrap', 65_533, 0, 'gap'],
  ['1 after 65535: the 0 is missing', 65_535, 1, 'gap'],
  ['1 after 65534', 65_534, 1, 'gap'],
]

it.each(VERDICTS)('%s: %i → %i is %s', (_what, previous, received, verdict) => {
  expect(checkSequence(previous, received)).toBe(verdict)
})

it('every number but the two right ones is a gap', () => {
  const accepted = (previous: number): number[] =>
    Array.from({ length: 65_536 }, (_, received) => received).filter(
      (received) => checkSequence(previous, received) !== 'gap',
    )
  expect(accepted(65_534)).toEqual([0, 65_535])
  expect(accepted(65_535)).toEqual([0])
  expect(accepted(100)).toEqual([101])
})
