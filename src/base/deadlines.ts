/**
 * Time as data. A machine keeps one small table of named deadlines; whoever runs many machines keeps
 * them in an `Agenda`, which knows the earliest. Nobody here reads a clock: `now` is always passed in,
 * in milliseconds of a monotonic clock.
 */
import { assert } from './assert.ts'

/** "Not set": later than every deadline. */
export const NEVER: number = Number.POSITIVE_INFINITY

/**
 * One machine's named deadlines: at most a dozen names, so the earliest is found by looking at all. They lie in
 * memory that may be somebody else's: who has thousands of machines keeps all their deadlines in one array, and one
 * of these objects, pointed where it is needed (`pointAt`).
 */
export class Deadlines<Name extends string> {
  readonly #names: readonly Name[]
  #at: Float64Array
  #start = 0

  constructor(names: readonly Name[]) {
    this.#names = names
    this.#at = new Float64Array(names.length).fill(NEVER)
  }

  /** From now on it stands for the deadlines in `at`, from `start` on, one for each name. */
  pointAt(at: Float64Array, start: number): this {
    this.#at = at
    this.#start = start
    return this
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
    const end = this.#start + this.#names.length
    for (let i = this.#start; i < end; i++) {
      const at = this.#at[i]!
      if (at < earliest) earliest = at
    }
    return earliest
  }

  /** Takes the earliest deadline that has come, clearing it; call until `undefined`. */
  takeDue(now: number): Name | undefined {
    let due = -1
    let earliest = NEVER
    const end = this.#start + this.#names.length
    for (let i = this.#start; i < end; i++) {
      const at = this.#at[i]!
      if (at <= now && at < earliest) {
        due = i
        earliest = at
      }
    }
    if (due < 0) return undefined
    this.#at[due] = NEVER
    return this.#names[due - this.#start]
  }

  #index(name: Name): number {
    const index = this.#names.indexOf(name)
    assert(index >= 0, 'a deadline is in the table')
    return this.#start + index
  }
}

/** What an `Agenda` holds. Its field belongs to the agenda; start it as −1. */
export interface AgendaEntry {
  agendaIndex: number
}

/**
 * Entries by due time: a binary heap in which each entry knows its place, so that it can be moved. The times lie
 * beside the entries: in them, each would be an object of its own.
 */
export class Agenda<Entry extends AgendaEntry> {
  readonly #heap: Entry[] = []
  readonly #times: number[] = []

  get length(): number {
    return this.#heap.length
  }

  /** When the earliest entry is due, or NEVER. */
  next(): number {
    return this.#heap.length === 0 ? NEVER : this.#times[0]!
  }

  /** When this entry is due, or NEVER. */
  dueAt(entry: Entry): number {
    return entry.agendaIndex < 0 ? NEVER : this.#times[entry.agendaIndex]!
  }

  /** Files or moves an entry; NEVER takes it out. */
  schedule(entry: Entry, at: number): void {
    const before = this.dueAt(entry)
    if (at === before) return
    if (at === NEVER) {
      this.remove(entry)
      return
    }
    if (entry.agendaIndex < 0) {
      const index = this.#heap.length
      this.#heap.push(entry)
      this.#times.push(at)
      this.#siftUp(entry, at, index)
    } else if (at < before) {
      this.#siftUp(entry, at, entry.agendaIndex)
    } else {
      this.#siftDown(entry, at, entry.agendaIndex)
    }
  }

  remove(entry: Entry): void {
    const index = entry.agendaIndex
    entry.agendaIndex = -1
    if (index < 0) return
    const last = this.#heap.pop()!
    const at = this.#times.pop()!
    if (last === entry) return
    this.#siftUp(last, at, index)
    this.#siftDown(last, at, last.agendaIndex)
  }

  /** Takes out the earliest entry that is due at `now`; call until `undefined`. */
  takeDue(now: number): Entry | undefined {
    const first = this.#heap[0]
    if (first === undefined || this.#times[0]! > now) return undefined
    this.remove(first)
    return first
  }

  /** Takes out everything. */
  clear(): void {
    for (const entry of this.#heap.splice(0)) entry.agendaIndex = -1
    this.#times.length = 0
  }

  #place(entry: Entry, at: number, index: number): void {
    this.#heap[index] = entry
    this.#times[index] = at
    entry.agendaIndex = index
  }

  /** Places an entry, due at `at`, at `from` or above. */
  #siftUp(entry: Entry, at: number, from: number): void {
    let index = from
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parentAt = this.#times[parentIndex]!
      if (parentAt <= at) break
      this.#place(this.#heap[parentIndex]!, parentAt, index)
      index = parentIndex
    }
    this.#place(entry, at, index)
  }

  /** Places an entry, due at `at`, at `from` or below. */
  #siftDown(entry: Entry, at: number, from: number): void {
    const { length } = this.#heap
    let index = from
    for (;;) {
      let childIndex = 2 * index + 1
      if (childIndex >= length) break
      const right = childIndex + 1
      if (right < length && this.#times[right]! < this.#times[childIndex]!) childIndex = right
      const childAt = this.#times[childIndex]!
      if (childAt >= at) break
      this.#place(this.#heap[childIndex]!, childAt, index)
      index = childIndex
    }
    this.#place(entry, at, index)
  }
}
