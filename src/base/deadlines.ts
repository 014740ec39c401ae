/**
 * Time as data. A machine keeps one small table of named deadlines; whoever runs many machines keeps
 * them in an `Agenda`, which knows the earliest. Nobody here reads a clock: `now` is always passed in,
 * in milliseconds of a monotonic clock.
 */
import { assert } from './assert.ts'

/** "Not set": later than every deadline. */
export const NEVER: number = Number.POSITIVE_INFINITY

/** One machine's named deadlines: at most a dozen names, so the earliest is found by looking at all. */
export class Deadlines<Name extends string> {
  readonly #names: readonly Name[]
  readonly #at: number[]

  constructor(names: readonly Name[]) {
    this.#names = names
    this.#at = names.map(() => NEVER)
  }

  /** Sets or moves a deadline. */
  set(name: Name, at: number): void {
    this.#at[this.#index(name)] = at
  }

  /** Sets a deadline unless an earlier one stands. */
  setEarlier(name: Name, at: number): void {
    const index = this.#index(name)
    if (at < this.#at[index]!) this.#at[index] = at
  }

  clear(name: Name): void {
    this.#at[this.#index(name)] = NEVER
  }

  get(name: Name): number {
    return this.#at[this.#index(name)]!
  }

  isSet(name: Name): boolean {
    return this.get(name) !== NEVER
  }

  /** The earliest deadline of all, or NEVER. */
  next(): number {
    let earliest = NEVER
    for (const at of this.#at) if (at < earliest) earliest = at
    return earliest
  }

  /** Takes the earliest deadline that has come, clearing it; call until `undefined`. */
  takeDue(now: number): Name | undefined {
    let due = -1
    let earliest = NEVER
    for (let i = 0; i < this.#at.length; i++) {
      const at = this.#at[i]!
      if (at <= now && at < earliest) {
        due = i
        earliest = at
      }
    }
    if (due < 0) return undefined
    this.#at[due] = NEVER
    return this.#names[due]
  }

  #index(name: Name): number {
    const index = this.#names.indexOf(name)
    assert(index >= 0, `the deadline ${name} is in the table`)
    return index
  }
}

/** What an `Agenda` holds. Its two fields belong to the agenda; start them as NEVER and −1. */
export interface AgendaEntry {
  dueAt: number
  agendaIndex: number
}

/** Entries by due time: a binary heap in which each entry knows its place, so that it can be moved. */
export class Agenda<Entry extends AgendaEntry> {
  readonly #heap: Entry[] = []

  get length(): number {
    return this.#heap.length
  }

  /** When the earliest entry is due, or NEVER. */
  next(): number {
    return this.#heap[0]?.dueAt ?? NEVER
  }

  /** Files or moves an entry; NEVER takes it out. */
  schedule(entry: Entry, at: number): void {
    if (at === entry.dueAt) return
    if (at === NEVER) {
      this.remove(entry)
      return
    }
    const before = entry.dueAt
    entry.dueAt = at
    if (entry.agendaIndex < 0) {
      entry.agendaIndex = this.#heap.length
      this.#heap.push(entry)
      this.#siftUp(entry.agendaIndex)
    } else if (at < before) {
      this.#siftUp(entry.agendaIndex)
    } else {
      this.#siftDown(entry.agendaIndex)
    }
  }

  remove(entry: Entry): void {
    const index = entry.agendaIndex
    entry.dueAt = NEVER
    entry.agendaIndex = -1
    if (index < 0) return
    const last = this.#heap.pop()!
    if (last === entry) return
    this.#place(last, index)
    this.#siftUp(index)
    this.#siftDown(last.agendaIndex)
  }

  /** Takes out the earliest entry that is due at `now`; call until `undefined`. */
  takeDue(now: number): Entry | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.dueAt > now) return undefined
    this.remove(first)
    return first
  }

  /** Takes out everything. */
  clear(): void {
    for (const entry of this.#heap.splice(0)) {
      entry.dueAt = NEVER
      entry.agendaIndex = -1
    }
  }

  #place(entry: Entry, index: number): void {
    this.#heap[index] = entry
    entry.agendaIndex = index
  }

  #siftUp(from: number): void {
    const entry = this.#heap[from]!
    let index = from
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = this.#heap[parentIndex]!
      if (parent.dueAt <= entry.dueAt) break
      this.#place(parent, index)
      index = parentIndex
    }
    this.#place(entry, index)
  }

  #siftDown(from: number): void {
    const entry = this.#heap[from]!
    let index = from
    for (;;) {
      let childIndex = 2 * index + 1
      if (childIndex >= this.#heap.length) break
      const right = this.#heap[childIndex + 1]
      if (right !== undefined && right.dueAt < this.#heap[childIndex]!.dueAt) childIndex++
      const child = this.#heap[childIndex]!
      if (child.dueAt >= entry.dueAt) break
      this.#place(child, index)
      index = childIndex
    }
    this.#place(entry, index)
  }
}
