/** The event queue, alone and against a naive model of it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  EventQueue,
  type EventTarget,
  type EventToken,
} from '../../../../sim/kernel/event-queue.ts'

const DAY_TICKS = 24 * 3_600_000 * 16
const target: EventTarget = { handleEvent: () => {} }

/** Arguments of everything that is due until a tick, in the order of taking. */
function takeUntil(queue: EventQueue, tick: number): number[] {
  const taken: number[] = []
  for (;;) {
    while (queue.take()) taken.push(queue.argument)
    const next = queue.nextTick()
    if (next > tick) break
    queue.advance(next)
  }
  queue.advance(tick)
  return taken
}

describe('the event queue', () => {
  it('gives the events of one tick in the order of putting in, in the wheel and in the heap', () => {
    const queue = new EventQueue()
    const tick = 20_000
    for (let i = 0; i < 5; i++) queue.push(tick, target, 1, i) // beyond the wheel
    queue.advance(tick - 100)
    for (let i = 5; i < 10; i++) queue.push(tick, target, 1, i) // in the wheel
    expect(takeUntil(queue, tick)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('takes what is put in for the present tick while it is taken', () => {
    const queue = new EventQueue()
    queue.push(0, target, 1, 1)
    expect(queue.take()).toBe(true)
    queue.push(0, target, 1, 2)
    expect([queue.take(), queue.argument, queue.take()]).toEqual([true, 2, false])
  })

  it.each([16_383, 16_384, 16_385, 100 * DAY_TICKS, 1e15])(
    'keeps an event for %d ticks',
    (tick) => {
      const queue = new EventQueue()
      queue.push(tick, target, 3, -7)
      expect(queue.nextTick()).toBe(tick)
      queue.advance(tick - 1)
      expect(queue.take()).toBe(false)
      queue.advance(tick)
      expect([queue.take(), queue.kind, queue.argument]).toEqual([true, 3, -7])
      expect(queue.nextTick()).toBe(Number.POSITIVE_INFINITY)
    },
  )

  it('cancels once, and not what has happened', () => {
    const queue = new EventQueue()
    const [a, b] = [queue.push(5, target, 1, 1), queue.push(5, target, 1, 2)]
    expect([queue.cancel(a), queue.cancel(a), queue.length]).toEqual([true, false, 1])
    expect(takeUntil(queue, 5)).toEqual([2])
    expect([queue.cancel(b), queue.length]).toEqual([false, 0])
  })

  it('does not take the token of an earlier use of a row for that of a later one', () => {
    const queue = new EventQueue()
    const old = queue.push(0, target, 1, 1)
    queue.take()
    queue.push(0, target, 1, 2)
    expect(queue.cancel(old)).toBe(false)
    expect([queue.take(), queue.argument]).toEqual([true, 2])
  })

  it('keeps no row for far events that are put off again and again', () => {
    const queue = new EventQueue()
    let token: EventToken | undefined
    for (let i = 0; i < 200_000; i++) {
      if (token !== undefined) queue.cancel(token)
      token = queue.push(100 * DAY_TICKS + i, target, 1, i)
    }
    expect(token! % 2 ** 26).toBeLessThan(5_000)
    expect(takeUntil(queue, 200 * DAY_TICKS)).toEqual([199_999])
  })

  it('holds a hundred thousand events, and gives them in order', () => {
    const queue = new EventQueue()
    const ticks: number[] = []
    for (let i = 0; i < 100_000; i++) {
      const tick = Math.imul(i, 0x9e3779b1) >>> 12
      ticks.push(tick)
      queue.push(tick, target, 1, i)
    }
    const order = takeUntil(queue, 2 ** 20)
    const expected = [...ticks.keys()].sort((a, b) => ticks[a]! - ticks[b]! || a - b)
    expect(order).toEqual(expected)
  })

  it('refuses the past, and what is no time', () => {
    const queue = new EventQueue()
    queue.advance(10)
    expect(() => queue.push(9, target, 1, 0)).toThrow('now or later')
    expect(() => queue.push(Number.NaN, target, 1, 0)).toThrow('now or later')
    expect(() => queue.advance(9)).toThrow('does not go back')
  })
})

interface Pending {
  readonly tick: number
  readonly argument: number
  readonly token: EventToken
}

type Step =
  | { readonly do: 'push'; readonly delay: number }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'take'; readonly count: number }
  | { readonly do: 'advance'; readonly ticks: number }

const delay = fc.oneof(
  fc.nat(3),
  fc.nat(20_000),
  fc.constantFrom(16_383, 16_384, 16_385, 32_768),
  fc.nat(10_000_000),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const), delay }) },
  fc.record({ do: fc.constant('cancel' as const), which: fc.nat(1_000) }),
  fc.record({ do: fc.constant('take' as const), count: fc.nat(5) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), ticks: delay }) },
)

/** A list that is sorted whenever it is asked. */
class Model {
  now = 0
  pending: Pending[] = []
  gone: EventToken[] = []

  first(): Pending | undefined {
    let first: Pending | undefined
    for (const each of this.pending) if (first === undefined || each.tick < first.tick) first = each
    return first
  }

  remove(event: Pending): void {
    this.pending = this.pending.filter((each) => each !== event)
    this.gone.push(event.token)
  }
}

function takeBoth(queue: EventQueue, model: Model): boolean {
  const first = model.first()
  const isDue = first?.tick === model.now
  expect(queue.take()).toBe(isDue)
  if (!isDue) return false
  expect(queue.argument).toBe(first.argument)
  model.remove(first)
  return true
}

function advanceBoth(queue: EventQueue, model: Model, to: number): void {
  for (;;) {
    while (takeBoth(queue, model));
    const next = model.first()?.tick ?? Number.POSITIVE_INFINITY
    // What is cancelled may still have a tick.
    const at = Math.min(queue.nextTick(), to)
    expect(at).toBeLessThanOrEqual(Math.min(next, to))
    queue.advance(at)
    model.now = at
    if (at === to) return
  }
}

function apply(queue: EventQueue, model: Model, each: Step, argument: number): void {
  if (each.do === 'push') {
    const tick = model.now + each.delay
    model.pending.push({ tick, argument, token: queue.push(tick, target, 1, argument) })
  } else if (each.do === 'cancel') {
    const event = model.pending[each.which % Math.max(1, model.pending.length)]
    if (event !== undefined) {
      expect(queue.cancel(event.token)).toBe(true)
      model.remove(event)
    }
    for (const token of model.gone.slice(-5)) expect(queue.cancel(token)).toBe(false)
  } else if (each.do === 'take') {
    for (let i = 0; i < each.count; i++) takeBoth(queue, model)
  } else {
    advanceBoth(queue, model, model.now + each.ticks)
  }
  expect([queue.length, queue.now]).toEqual([model.pending.length, model.now])
}

describe('any use of the event queue', () => {
  it('goes as with a naive list', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [queue, model] = [new EventQueue(), new Model()]
        for (const [i, each] of steps.entries()) apply(queue, model, each, i)
        advanceBoth(queue, model, model.now + 20_000_000)
        expect(queue.length).toBe(0)
      }),
      { numRuns: 300 },
    )
  })
})
