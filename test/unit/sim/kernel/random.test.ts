/** Whether the random numbers look random: their moments, and that neighbours have nothing to do with each other. */
import { describe, expect, it } from 'vitest'
import { hashText, hashUnit, RandomStream } from '../../../../sim/kernel/random.ts'

const COUNT = 50_000

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, variance }
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [{ mean: meanA, variance: varianceA }, { mean: meanB, variance: varianceB }] = [
    moments(a),
    moments(b),
  ]
  const covariance =
    a.reduce((sum, value, i) => sum + (value - meanA) * (b[i]! - meanB), 0) / a.length
  return covariance / Math.sqrt(varianceA * varianceB)
}

/** Chi-squared over 100 equal bins: about 99, give or take 14. */
function chiSquared(values: readonly number[]): number {
  const bins = new Array<number>(100).fill(0)
  for (const value of values) bins[Math.floor(value * 100)]!++
  const expected = values.length / 100
  return bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

const series = (draw: (i: number) => number): number[] =>
  Array.from({ length: COUNT }, (_, i) => draw(i))

const link = (from: number, to: number) => series((i) => hashUnit(99, from, to, i))
const stream = (purpose: string) => {
  const random = new RandomStream(99, purpose)
  return series(() => random.unit())
}

describe.each([
  ['packets of one link', link(3, 4)],
  ['the same packet of many links', series((i) => hashUnit(99, i >> 8, i & 255, 1))],
  ['many seeds', series((i) => hashUnit(i, 1, 2, 3))],
  ['a stream', stream('a')],
  ['first numbers of many streams', series((i) => new RandomStream(99, `host ${i}`).unit())],
])('%s', (_, values) => {
  it('are spread evenly over 0 to 1', () => {
    const { mean, variance } = moments(values)
    expect(mean).toBeCloseTo(1 / 2, 2)
    expect(variance).toBeCloseTo(1 / 12, 2)
    expect(chiSquared(values)).toBeLessThan(160)
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true)
  })

  it('say nothing of the next', () => {
    expect(Math.abs(correlation(values.slice(1), values.slice(0, -1)))).toBeLessThan(0.02)
  })
})

describe('neighbours', () => {
  it.each([
    ['a link and the next', link(3, 4), link(3, 5)],
    ['a link and its way back', link(3, 4), link(4, 3)],
    ['a seed and the next', link(3, 4), series((i) => hashUnit(100, 3, 4, i))],
    ['two streams', stream('host 1'), stream('host 2')],
  ])('have nothing to do with each other: %s', (_, a, b) => {
    expect(Math.abs(correlation(a, b))).toBeLessThan(0.02)
    expect(a.filter((value, i) => value === b[i]).length).toBeLessThan(3)
  })
})

describe('a random stream', () => {
  it('is known by its seed and purpose alone', () => {
    const draw = (seed: number, purpose: string) => new RandomStream(seed, purpose).next()
    expect(draw(1, 'a')).toBe(draw(1, 'a'))
    expect(draw(1, 'a')).not.toBe(draw(2, 'a'))
    expect(draw(1, 'a')).not.toBe(draw(1, 'b'))
    expect(hashText(1, 'ab')).not.toBe(hashText(1, 'ba'))
  })

  it('draws, picks and shuffles within bounds', () => {
    const random = new RandomStream(5, 'x')
    const below = Array.from({ length: 1_000 }, () => random.below(7))
    expect(new Set(below)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]))
    const between = Array.from({ length: 1_000 }, () => random.between(-2, 3))
    expect(Math.min(...between)).toBeGreaterThanOrEqual(-2)
    expect(Math.max(...between)).toBeLessThan(3)
    expect([...random.shuffle([1, 2, 3, 4, 5])].sort()).toEqual([1, 2, 3, 4, 5])
    expect(() => random.pick([])).toThrow(RangeError)
    expect(random.fill(new Uint8Array(7)).some((byte) => byte !== 0)).toBe(true)
  })
})
