import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type DelayHistogram, LoopDelayMeter } from '../../../src/platform-node/loop-delay.ts'

const NS_PER_MS = 1e6

/** A histogram that holds what the test says, as Node.js does: its own 20 ms included. */
class FakeHistogram implements DelayHistogram {
  readonly calls: string[] = []
  lateMs: number | undefined
  enable(): boolean {
    return this.calls.push('enable') > 0
  }
  disable(): boolean {
    return this.calls.push('disable') > 0
  }
  reset(): void {
    this.calls.push('reset')
    this.lateMs = undefined
  }
  get mean(): number {
    return this.lateMs === undefined ? Number.NaN : (20 + this.lateMs) * NS_PER_MS
  }
  get max(): number {
    return this.lateMs === undefined ? 0 : (20 + 3 * this.lateMs) * NS_PER_MS
  }
  percentile(): number {
    return this.lateMs === undefined ? 511 : (20 + 2 * this.lateMs) * NS_PER_MS
  }
}

describe('the delay of the event loop', () => {
  let now = 1_000
  let made: FakeHistogram[] = []
  let meter = new LoopDelayMeter()

  beforeEach(() => {
    now = 1_000
    made = []
    meter = new LoopDelayMeter(() => {
      const histogram = new FakeHistogram()
      made.push(histogram)
      return histogram
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    vi.spyOn(performance, 'now').mockImplementation(() => now)
  })

  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  test('is not measured until somebody asks; the first answer is that there is none yet', () => {
    expect(made).toEqual([])
    expect(meter.read()).toBeUndefined()
    expect(made[0]!.calls).toEqual(['enable'])
    now += 5
    expect(meter.read()).toBeUndefined()
  })

  test('is what timers took beyond their time, since the first time that somebody asked', () => {
    meter.read()
    now += 1_234.4
    made[0]!.lateMs = 1.5
    expect(meter.read()).toEqual({ overMs: 1_234, meanMs: 1.5, p99Ms: 3, maxMs: 4.5 })
    expect(made).toHaveLength(1)
  })

  test('is never less than none, however early timers came', () => {
    meter.read()
    now += 100
    made[0]!.lateMs = -1
    expect(meter.read()).toMatchObject({ meanMs: 0, p99Ms: 0, maxMs: 0 })
  })

  test('covers at least 10 s from then on, and is the same for all who ask in between', () => {
    meter.read()
    now += 15_000
    made[0]!.lateMs = 2
    const answer = meter.read()
    expect(answer).toEqual({ overMs: 15_000, meanMs: 2, p99Ms: 4, maxMs: 6 })
    now += 9_999
    made[0]!.lateMs = 7
    expect(meter.read()).toBe(answer)
    now += 1
    expect(meter.read()).toEqual({ overMs: 10_000, meanMs: 7, p99Ms: 14, maxMs: 21 })
  })

  test('is measured no longer when nobody has asked for five minutes', () => {
    meter.read()
    vi.advanceTimersByTime(299_000)
    meter.read()
    vi.advanceTimersByTime(299_000)
    expect(made[0]!.calls).toEqual(['enable'])
    vi.advanceTimersByTime(1_000)
    expect(made[0]!.calls).toEqual(['enable', 'disable'])
    expect(meter.read()).toBeUndefined()
    expect(made[1]!.calls).toEqual(['enable'])
  })
})

test('a real stall is measured', async () => {
  const meter = new LoopDelayMeter()
  meter.read()
  while (meter.read() === undefined) await turn()
  const until = performance.now() + 200
  while (performance.now() < until);
  while (meter.read()!.maxMs < 150) await turn()
  const { meanMs, p99Ms, maxMs, overMs } = meter.read()!
  expect(meanMs).toBeLessThanOrEqual(p99Ms)
  expect(p99Ms).toBeLessThanOrEqual(maxMs)
  expect(overMs).toBeGreaterThanOrEqual(200)
})

test('measuring does not keep the process alive', () => {
  const timeouts = () =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timeouts()
  new LoopDelayMeter().read()
  expect(timeouts()).toBe(before)
})
