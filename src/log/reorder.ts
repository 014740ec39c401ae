/**
 * The reorder window: holds records of many sources until none can come that belongs before them, or until they have
 * waited long enough, and gives them back in the order of the mesh's time.
 *
 *     push() ─▶ heap, by time ─▶ shift()
 *          └──▶ arrivals ─▶ oldestCameAt: a source whose records are always the earliest would hide it in the heap
 */
import { BoundedQueue } from '../base/bounded-queue.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { RawRecord } from './record.ts'

/** Whose a record is. */
export interface Origin {
  readonly node: PeerId
  readonly name: string
}

/** A record that waits for its turn. */
export interface Held<Source extends Origin = Origin> {
  readonly source: Source
  readonly raw: RawRecord
  /** When it came, by a clock of the collector's. */
  readonly cameAt: number
  /** What it adds to the weight of all that wait. */
  readonly weight: number
  /** Its turn has come. */
  isGiven: boolean
}

/** Arrivals beyond those that wait which are not worth a sweep. */
const SLACK = 1_024

export class ReorderWindow<Source extends Origin = Origin> {
  /** A heap: the earliest is first. */
  readonly #heap: Held<Source>[] = []
  /** As they came; some have been given back since. */
  readonly #arrivals = new BoundedQueue<Held<Source>>(Number.MAX_SAFE_INTEGER)
  /** Of all that wait. */
  weight = 0

  get length(): number {
    return this.#heap.length
  }

  /** The earliest of those that wait. */
  peek(): Held<Source> | undefined {
    return this.#heap[0]
  }

  /** When that came which has waited longest; `undefined` when nothing waits. */
  get oldestCameAt(): number | undefined {
    const arrivals = this.#arrivals
    while (arrivals.peek()?.isGiven === true) arrivals.shift()
    return arrivals.peek()?.cameAt
  }

  push(source: Source, raw: RawRecord, cameAt: number, weight: number): void {
    const held: Held<Source> = { source, raw, cameAt, weight, isGiven: false }
    const heap = this.#heap
    this.weight += weight
    this.#arrivals.push(held)
    heap.push(held)
    let at = heap.length - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(held, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = held
  }

  shift(): Held<Source> | undefined {
    const first = this.#heap[0]
    if (first === undefined) return undefined
    this.#removeFirst()
    this.weight -= first.weight
    first.isGiven = true
    if (this.#arrivals.length > 2 * this.#heap.length + SLACK) {
      this.#arrivals.retain(({ isGiven }) => !isGiven)
    }
    return first
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

/** Ties are broken the same way everywhere, so that all collectors show one order. */
function isBefore(a: Held, b: Held): boolean {
  if (a.raw.ticks !== b.raw.ticks) return a.raw.ticks < b.raw.ticks
  if (a.source.node !== b.source.node) return a.source.node < b.source.node
  return a.raw.seq < b.raw.seq
}
