import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { nodeClock } from '../../../src/platform-node/clock.ts'

const DELAY_MS_MAX = 2 ** 31 - 1

describe('a timer of Node.js', () => {
  /** What `performance.now()` shows; only the test moves it. */
  let now = 1_000.25
  let calls = 0
  const count = () => {
    calls++
  }

  beforeEach(() => {
    now = 1_000.25
    calls = 0
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    vi.spyOn(performance, 'now').mockImplementation(() => now)
  })

  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  test('that setTimeout fires early waits for the rest', () => {
    nodeClock.setTimer(now + 10, count)
    now += 9.4
    vi.advanceTimersByTime(10)
    expect(calls).toBe(0)
    now += 0.6
    vi.advanceTimersByTime(1)
    expect(calls).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('that waits for the rest can be cancelled', () => {
    const timer = nodeClock.setTimer(now + 10, count)
    vi.advanceTimersByTime(10)
    timer.cancel()
    now += 100
    vi.advanceTimersByTime(100)
    expect(calls).toBe(0)
  })

  test('farther away than setTimeout can count is reached in laps', () => {
    nodeClock.setTimer(now + 2 * DELAY_MS_MAX + 5, count)
    for (const lap of [DELAY_MS_MAX, DELAY_MS_MAX]) {
      now += lap
      vi.advanceTimersByTime(lap)
      expect(calls).toBe(0)
    }
    now += 5
    vi.advanceTimersByTime(5)
    expect(calls).toBe(1)
  })
})

test('an armed timer does not keep the process alive', () => {
  const timeouts = () =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = timeouts()
  const timer = nodeClock.setTimer(nodeClock.now() + 3_600_000, () => {})
  expect(timeouts()).toBe(before)
  timer.cancel()
})

test('the first of a turn is called before others that are ready, and later ones after them', async () => {
  const order: string[] = []
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  await turn()
  await turn()
  setImmediate(() => order.push('ready'))
  nodeClock.endOfTurn(() => order.push('first'))
  nodeClock.endOfTurn(() => order.push('second'))
  await turn()
  await turn()
  expect(order).toEqual(['first', 'ready', 'second'])
  nodeClock.endOfTurn(() => order.push('first of the next'))
  await Promise.resolve()
  await new Promise<void>((resolve) => process.nextTick(resolve))
  expect(order.at(-1)).toBe('first of the next')
})

test('the end of the turn comes before the process may exit', async () => {
  const immediates = () =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'Immediate').length
  await new Promise<void>((resolve) => {
    nodeClock.endOfTurn(() => {
      const before = immediates()
      nodeClock.endOfTurn(resolve)
      expect(immediates()).toBe(before + 1)
    })
  })
})
