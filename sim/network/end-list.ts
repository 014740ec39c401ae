/**
 * All ends of connections of one process, and what they have in common: a list that runs through the ends
 * themselves, without memory of its own.
 */
import type { Gate } from './gate.ts'
import type { TcpEnd } from './tcp-end.ts'
import type { TcpShared } from './tcp-shared.ts'

export class EndList {
  readonly shared: TcpShared
  readonly gate: Gate
  #first: TcpEnd | undefined
  #length = 0

  constructor(shared: TcpShared, gate: Gate) {
    this.shared = shared
    this.gate = gate
  }

  get length(): number {
    return this.#length
  }

  add(end: TcpEnd): void {
    end.nextInList = this.#first
    if (this.#first !== undefined) this.#first.previousInList = end
    this.#first = end
    this.#length++
  }

  remove(end: TcpEnd): void {
    const { previousInList, nextInList } = end
    if (previousInList !== undefined) previousInList.nextInList = nextInList
    else if (this.#first === end) this.#first = nextInList
    else return
    if (nextInList !== undefined) nextInList.previousInList = previousInList
    end.previousInList = undefined
    end.nextInList = undefined
    this.#length--
  }

  /** A copy, because whoever walks it ends ends. */
  all(): TcpEnd[] {
    const ends: TcpEnd[] = []
    for (let end = this.#first; end !== undefined; end = end.nextInList) ends.push(end)
    return ends
  }
}
