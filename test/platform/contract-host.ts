/** The rest of a host: clock, timers, entropy, interfaces, uncaught errors. */
import { describe, expect, test } from 'vitest'
import { broadcastAddress, inSubnet } from '../../src/runtime/interface-selection.ts'
import type { Bench } from './harness.ts'

const DAY_MS = 24 * 3_600_000

export function describeHost(bench: () => Bench): void {
  const clock = () => bench().platform.clock

  /** Arms a timer; the array notes what the clock shows when it fires. */
  const arm = (at: number, firedAt: number[]) =>
    bench().call(() =>
      clock().setTimer(at, () => {
        bench().called('timer')
        firedAt.push(clock().now())
      }),
    )

  describe('a clock', () => {
    test('never goes back', async () => {
      const before = clock().now()
      await bench().harness.quiet()
      expect(clock().now()).toBeGreaterThanOrEqual(before)
      expect(Number.isFinite(clock().wallNow())).toBe(true)
    })

    test('calls a timer once, and never early', async () => {
      const start = clock().now()
      const delays = Array.from({ length: 60 }, (_, i) => i * 0.37)
      const fired: number[][] = delays.map(() => [])
      for (const [i, delay] of delays.entries()) arm(start + delay, fired[i]!)
      await bench().waitFor(() => fired.every((times) => times.length > 0), 'all timers')
      await bench().harness.quiet()
      for (const [i, times] of fired.entries()) {
        expect(times).toHaveLength(1)
        expect(times[0]).toBeGreaterThanOrEqual(start + delays[i]!)
      }
    })

    test('calls a timer that is due already, but later', async () => {
      const fired: number[] = []
      arm(clock().now() - 1_000, fired)
      expect(fired).toEqual([])
      await bench().waitFor(() => fired.length === 1, 'the timer')
    })

    test('does not call a cancelled timer', async () => {
      const fired: number[] = []
      const timer = arm(clock().now() + 1, fired)
      timer.cancel()
      timer.cancel()
      const later: number[] = []
      arm(clock().now() + 20, later)
      await bench().waitFor(() => later.length === 1, 'a later timer')
      expect(fired).toEqual([])
    })

    test('lets a timer cancel another that is due with it, and itself', async () => {
      const at = clock().now() + 5
      let calls = 0
      const timers = [0, 1].map(() =>
        clock().setTimer(at, () => {
          calls++
          for (const timer of timers) timer.cancel()
        }),
      )
      const later: number[] = []
      arm(at + 20, later)
      await bench().waitFor(() => later.length === 1, 'a later timer')
      expect(calls).toBe(1)
    })

    test.each([100 * DAY_MS, Number.POSITIVE_INFINITY])(
      'waits for one %d ms away',
      async (delay) => {
        const fired: number[] = []
        const timer = arm(clock().now() + delay, fired)
        await bench().harness.quiet()
        expect(fired).toEqual([])
        timer.cancel()
      },
    )

    test('calls at the end of the turn, in the order of asking, and not from within', async () => {
      const order: string[] = []
      bench().call(() =>
        clock().endOfTurn(() => {
          bench().called('endOfTurn')
          order.push('first')
          clock().endOfTurn(() => order.push('third'))
        }),
      )
      clock().endOfTurn(() => order.push('second'))
      expect(order).toEqual([])
      await bench().waitFor(() => order.length === 3, 'three calls')
      expect(order).toEqual(['first', 'second', 'third'])
    })

    test('calls at the end of the turn only after the code that asked has returned', async () => {
      const order: string[] = []
      const { near, far } = await bench().connect()
      far.onBytes = () => {
        clock().endOfTurn(() => order.push('end of turn'))
        order.push('returned')
      }
      near.write(new Uint8Array(1))
      await bench().waitFor(() => order.length === 2, 'both')
      expect(order).toEqual(['returned', 'end of turn'])
    })
  })

  describe('entropy', () => {
    test('fills the bytes it is given, differently each time', () => {
      const bytes = new Uint8Array(64)
      expect(bench().platform.entropy.fill(bytes)).toBe(bytes)
      const other = bench().platform.entropy.fill(new Uint8Array(64))
      expect(new Set(bytes).size).toBeGreaterThan(8)
      expect(other).not.toEqual(bytes)
    })

    test('fills a view without touching its neighbours', () => {
      const bytes = new Uint8Array(64)
      bench().platform.entropy.fill(bytes.subarray(16, 48))
      expect(bytes.subarray(0, 16)).toEqual(new Uint8Array(16))
      expect(bytes.subarray(48)).toEqual(new Uint8Array(16))
    })

    test('gives numbers from 0 to below 1', () => {
      const numbers = Array.from({ length: 1_000 }, () => bench().platform.entropy.random())
      expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true)
      expect(new Set(numbers).size).toBeGreaterThan(900)
    })
  })

  describe('interfaces', () => {
    test('list the host\u2019s address, with the prefix that gives its broadcast address', () => {
      const own = bench()
        .platform.interfaces()
        .find(({ address }) => address === bench().host)
      expect(own?.family).toBe('IPv4')
      expect(own && broadcastAddress(own.address, own.prefixLength)).toBe(
        bench().harness.broadcastAddress,
      )
    })

    test('are loopback exactly where the address is', () => {
      const loopback = { address: '127.0.0.0', prefixLength: 8 }
      for (const each of bench().platform.interfaces()) {
        expect(each.name).not.toBe('')
        expect(each.prefixLength).toBeGreaterThanOrEqual(0)
        expect(each.prefixLength).toBeLessThanOrEqual(each.family === 'IPv4' ? 32 : 128)
        if (each.family === 'IPv4' && inSubnet(each.address, loopback)) {
          expect(each.loopback).toBe(true)
        }
      }
    })
  })

  describe('the delay of the event loop', () => {
    const read = () => bench().platform.eventLoopDelay?.()

    test('comes soon after somebody has asked; never from a host that cannot tell', async () => {
      read()
      if (!bench().harness.measuresDelay) {
        await bench().harness.quiet()
        expect(read()).toBeUndefined()
        return
      }
      await bench().waitFor(() => read() !== undefined, 'an answer')
      const { overMs, meanMs, p99Ms, maxMs } = read()!
      expect(overMs).toBeGreaterThan(0)
      expect(Math.min(meanMs, p99Ms)).toBeGreaterThanOrEqual(0)
      expect(maxMs).toBeGreaterThanOrEqual(Math.max(meanMs, p99Ms))
      expect(Number.isFinite(maxMs)).toBe(true)
      // Asking does not shorten what it covers; or it was made anew, and covers a whole window.
      const later = read()!.overMs
      expect(later >= overMs || later >= 10_000).toBe(true)
    })
  })

  describe('an uncaught error', () => {
    test('is shown later, whatever was thrown', async () => {
      const error = new Error('a listener of the application threw')
      bench().platform.reportUncaught(error)
      bench().platform.reportUncaught('not even an error')
      expect(bench().harness.uncaught()).toEqual([])
      await bench().waitFor(() => bench().harness.uncaught().length === 2, 'both errors')
      expect(bench().harness.uncaught()).toEqual([error, 'not even an error'])
    })
  })
}
