/**
 * Senders: one start of one member each. They are numbered as they come, so that what is kept per receiver and sender
 * is a row of an array: in a large mesh there are a million such pairs.
 */
import type { MeshNode } from '../../src/runtime/node.ts'

export interface SenderRef {
  /** Index of the member. */
  readonly sender: number
  readonly start: number
}

const STARTS_MAX = 2 ** 24

/** Exact for 2²⁴ starts of 2²⁹ members. */
export function senderKey({ sender, start }: SenderRef): number {
  return sender * STARTS_MAX + start
}

/** A number per receiving node and sender, 0 at first. */
export class PairNumbers {
  readonly #rows = new Map<number, number>()
  readonly #byReceiver = new WeakMap<MeshNode, Int32Array>()

  get(receiver: MeshNode, sender: SenderRef): number {
    return this.#byReceiver.get(receiver)?.[this.#row(sender)] ?? 0
  }

  set(receiver: MeshNode, sender: SenderRef, value: number): void {
    const row = this.#row(sender)
    let numbers = this.#byReceiver.get(receiver)
    if (numbers === undefined || row >= numbers.length) {
      const longer = new Int32Array(Math.max(16, row + 1 + (row >> 1)))
      if (numbers !== undefined) longer.set(numbers)
      numbers = longer
      this.#byReceiver.set(receiver, numbers)
    }
    numbers[row] = value
  }

  #row(sender: SenderRef): number {
    const key = senderKey(sender)
    let row = this.#rows.get(key)
    if (row === undefined) {
      row = this.#rows.size
      this.#rows.set(key, row)
    }
    return row
  }
}
