/**
 * The reorder window: holds records of many sources until none can come that belongs before them, or until they have
 * waited long enough, and gives them back in the order of the mesh's time.
 */
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
  /** When it came, by the collector's monotonic clock. */
  readonly cameAt: number
}

export class ReorderWindow<Source extends Origin = Origin> {
  /** A heap: the earliest is first. */
  readonly #heap: Held<Source>[] = []

  get length(): number {
    return this.#heap.length
  }

  /** The earliest of those that wait. */
  peek(): Held<Source> | undefined {
    return this.#heap[0]
  }

  push(held: Held<Source>): void {
    const heap = this.#heap
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
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
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
    return first
  }
}

/** Ties are broken the same way everywhere, so that all collectors show one order. */
function isBefore(a: Held, b: Held): boolean {
  if (a.raw.ticks !== b.raw.ticks) return a.raw.ticks < b.raw.ticks
  if (a.source.node !== b.source.node) return a.source.node < b.source.node
  return a.raw.seq < b.raw.seq
}
