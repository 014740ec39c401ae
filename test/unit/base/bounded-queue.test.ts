import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BoundedQueue } from '../../../src/base/bounded-queue.ts'

type Operation =
  | { readonly kind: 'push'; readonly item: number }
  | { readonly kind: 'shift' | 'retain' | 'clear' }

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('push' as const), item: fc.nat(99) }) },
  { weight: 5, arbitrary: fc.constant({ kind: 'shift' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'retain' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'clear' as const }) },
)

const isEven = (item: number): boolean => item % 2 === 0

/** Does the same to the queue and to the array; gives both answers. */
function apply(queue: BoundedQueue<number>, model: number[], each: Operation): [unknown, unknown] {
  switch (each.kind) {
    case 'push': {
      const fits = model.length < queue.capacity
      if (fits) model.push(each.item)
      return [queue.push(each.item), fits]
    }
    case 'shift':
      return [queue.shift(), model.shift()]
    case 'retain': {
      const kept = model.filter(isEven)
      const removed = model.length - kept.length
      model.splice(0, model.length, ...kept)
      return [queue.retain(isEven), removed]
    }
    case 'clear':
      model.length = 0
      return [queue.clear(), undefined]
  }
}

describe('a bounded queue', () => {
  it('does what an array with a limit does, whatever comes', () => {
    const operations = fc.array(operation, { maxLength: 200, size: 'max' })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), operations, (capacity, steps) => {
        const queue = new BoundedQueue<number>(capacity)
        const model: number[] = []
        for (const each of steps) {
          const [answer, expected] = apply(queue, model, each)
          expect(answer).toBe(expected)
          expect([...queue]).toEqual(model)
          expect([queue.length, queue.peek()]).toEqual([model.length, model[0]])
          expect(queue.isFull).toBe(model.length === capacity)
        }
      }),
      { seed: 2, numRuns: 100 },
    )
  })

  it('keeps an item that is undefined apart from no item', () => {
    const queue = new BoundedQueue<undefined>(2)
    queue.push(undefined)
    expect(queue.length).toBe(1)
    queue.shift()
    expect(queue.length).toBe(0)
  })

  it('has a capacity of at least one', () => {
    expect(() => new BoundedQueue(0)).toThrow('assertion failed')
  })
})
