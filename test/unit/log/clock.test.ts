import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MeshClock } from '../../../src/log/clock.ts'

const EPOCH = Date.UTC(2026, 0, 1)
const MS = 1_024

/** A host whose clocks a test sets: `now` runs, `wall` may jump. */
function host(wallAheadMs = 0) {
  const state = { now: 1_000, wallAheadMs }
  const clock = new MeshClock({
    now: () => state.now,
    wallNow: () => EPOCH + state.now + state.wallAheadMs,
    setTimer: () => ({ cancel: () => {} }),
    endOfTurn: () => {},
  })
  return { state, clock }
}

describe('the mesh clock', () => {
  it('shows the wall clock, in ticks of 1/1024 ms', () => {
    const { clock, state } = host()
    expect(clock.stamp()).toBe((EPOCH + 1_000) * MS)
    state.now += 2.5
    expect(clock.stamp()).toBe((EPOCH + 1_002.5) * MS)
  })

  it('gives each stamp once, within an instant too', () => {
    const { clock } = host()
    const stamps = Array.from({ length: 2_000 }, () => clock.stamp())
    expect(new Set(stamps).size).toBe(2_000)
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b))
  })

  it('takes a later time over, and keeps abreast of it', () => {
    const { clock, state } = host()
    const theirs = (EPOCH + 3_600_000) * MS
    expect(clock.merge(theirs)).toBe(true)
    expect(clock.stamp()).toBe(theirs + 1)
    state.now += 10
    expect(clock.read()).toBe(theirs + 10 * MS)
  })

  it('is later than a time that it was told, even one of this instant', () => {
    const { clock } = host()
    clock.merge(clock.read())
    const told = clock.read()
    expect(clock.stamp()).toBeGreaterThan(told)
  })

  it('follows a wall clock that is put forward, and not one that is put back', () => {
    const { clock, state } = host()
    state.wallAheadMs = 60_000
    expect(clock.read()).toBe((EPOCH + 61_000) * MS)
    state.wallAheadMs = -3_600_000
    state.now += 1
    expect(clock.read()).toBe((EPOCH + 61_001) * MS)
  })

  it.each([
    Number.NaN,
    -1,
    0,
    1.5,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    (EPOCH + 500 * 86_400_000) * MS,
  ])('refuses %d', (ticks) => {
    const { clock } = host()
    const before = clock.read()
    expect(clock.merge(ticks)).toBe(false)
    expect(clock.read()).toBe(before)
  })

  it('believes no more than 400 days ahead of the wall clock, however often it is told', () => {
    const { clock } = host()
    for (let i = 1; i <= 100; i++) clock.merge((EPOCH + i * 399 * 86_400_000) * MS)
    expect(clock.read()).toBeLessThan((EPOCH + 401 * 86_400_000) * MS)
  })

  it('of a host whose clock was never set takes the time of others', () => {
    const { clock } = host(-EPOCH)
    const theirs = (EPOCH + 300 * 86_400_000) * MS
    expect(clock.merge(theirs)).toBe(true)
    expect(clock.stamp()).toBeGreaterThan(theirs)
  })

  it.each([
    ['long before 1970', -2 * EPOCH],
    ['beyond all numbers', 1e18],
  ])('of a host whose clock shows %s gives stamps that others can read', (_name, aheadMs) => {
    const { clock } = host(aheadMs)
    const [first, second] = [clock.stamp(), clock.stamp()]
    expect(Number.isSafeInteger(first) && first > 0).toBe(true)
    expect(Number.isSafeInteger(second) && second > first).toBe(true)
    expect(clock.merge((EPOCH + 1_000) * MS)).toBe(true)
  })

  it('orders whatever happens before something else, however wrong the clocks are', () => {
    const step = fc.record({
      from: fc.nat(3),
      to: fc.nat(3),
      passes: fc.nat(50),
      jump: fc.constantFrom(0, 0, 0, -3_600_000, 7_000),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const hosts = [host(), host(-3_600_000), host(3_600_000), host(86_400_000)]
        const last = hosts.map(() => 0)
        for (const { from, to, passes, jump } of steps) {
          for (const { state } of hosts) state.now += passes
          hosts[from]!.state.wallAheadMs += jump
          const sent = hosts[from]!.clock.stamp()
          expect(sent).toBeGreaterThan(last[from]!)
          last[from] = sent
          expect(hosts[to]!.clock.merge(sent)).toBe(true)
          const received = hosts[to]!.clock.stamp()
          expect(received).toBeGreaterThan(Math.max(sent, last[to]!))
          last[to] = received
        }
      }),
    )
  })
})
