import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DialBudget } from '../../../src/mesh/dial-budget.ts'

/** How many dials the budget gives when as many as possible are wanted until `end`. */
function dialsUntil(budget: DialBudget, start: number, end: number): number[] {
  const taken: number[] = []
  for (let now = start; now <= end; now = budget.nextAt(now)) {
    expect(budget.take(now)).toBe(true)
    taken.push(now)
  }
  return taken
}

describe('the dial budget', () => {
  it('gives a second’s worth at once, and then as many per second', () => {
    const times = dialsUntil(new DialBudget(100), 5_000, 15_000)
    expect(times.filter((at) => at === 5_000)).toHaveLength(100)
    expect(times.length).toBe(100 + 1_000)
  })

  it('refills while nobody dials, and never beyond one second’s worth', () => {
    const budget = new DialBudget(10)
    dialsUntil(budget, 0, 0)
    expect(dialsUntil(budget, 500, 500)).toHaveLength(5)
    expect(dialsUntil(budget, 100_000, 100_000)).toHaveLength(10)
  })

  it('says when the next one will be there, and keeps its word', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 5_000, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 50 }),
        (perSecond, waits) => {
          const budget = new DialBudget(perSecond)
          let now = 1_234.567
          for (const wait of waits) {
            now += wait
            while (budget.take(now));
            const next = budget.nextAt(now)
            expect(next).toBeGreaterThan(now)
            now = next
            expect(budget.take(now)).toBe(true)
          }
        },
      ),
      { seed: 8, numRuns: 200 },
    )
  })

  it('of less than one per second gives one at a time', () => {
    expect(dialsUntil(new DialBudget(0.5), 0, 9_000)).toEqual([0, 2_000, 4_000, 6_000, 8_000])
  })

  it('of nothing gives nothing', () => {
    const budget = new DialBudget(0)
    expect(budget.take(0)).toBe(false)
    expect(budget.nextAt(7)).toBe(Number.POSITIVE_INFINITY)
  })
})
