/**
 * A first-in, first-out queue with a limit: a ring over one array that grows by doubling up to
 * `capacity` and never beyond. What to do when it is full is the owner's decision.
 *
 *     shift() ← [ head … ] ← push()
 */
import { assert } from './assert.ts'

const INITIAL_SLOTS = 16
/** An idle queue holds no more: what a read of small messages brings at once fits. */
const IDLE_SLOTS_MAX = 4_096

export class BoundedQueue<T> {
  /** Items at the most. */
  readonly capacity: number
  #slots: (T | undefined)[]
  #head = 0
  #length = 0

  constructor(capacity: number) {
    assert(capacity > 0, 'a queue has room for at least one item')
    this.capacity = capacity
    this.#slots = []
  }

  get length(): number {
    return this.#length
  }

  get isFull(): boolean {
    return this.#length >= this.capacity
  }

  /** Appends an item; false, and nothing happens, when the queue is full. */
  push(item: T): boolean {
    if (this.isFull) return false
    if (this.#length === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item
    this.#length++
    return true
  }

  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#slots[this.#head]
  }

  /** The item at `index`, counted from the oldest. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined
    return this.#slots[(this.#head + index) & (this.#slots.length - 1)]
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const item = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.#length--
    if (this.#length === 0 && this.#slots.length > IDLE_SLOTS_MAX) this.clear()
    return item
  }

  clear(): void {
    this.#slots = []
    this.#head = 0
    this.#length = 0
  }

  /** Keeps the items for which `keep` is true, in their order; gives back how many went. */
  retain(keep: (item: T) => boolean): number {
    const kept = [...this].filter(keep)
    const removed = this.#length - kept.length
    if (removed === 0) return 0
    this.clear()
    for (const item of kept) this.push(item)
    return removed
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.#length; i++) {
      yield this.#slots[(this.#head + i) & (this.#slots.length - 1)]!
    }
  }

  #grow(): void {
    const slots = new Array<T | undefined>(Math.max(INITIAL_SLOTS, this.#slots.length * 2))
    for (let i = 0; i < this.#length; i++) {
      slots[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)]
    }
    this.#slots = slots
    this.#head = 0
  }
}
