/**
 * The pending events of a simulation: millions of them, without an object for each.
 *
 *     slot:   target[ ]  kind[ ]  argument[ ]  tick[ ]  next[ ]      one row per event, reused
 *     near:   a wheel of WHEEL_TICKS buckets, each a list of slots in order of arrival
 *     far:    a binary heap of slots, for what is due after the wheel's horizon
 *
 * Time is counted in whole ticks. Events of one tick come out in the order in which they were put in; pushing
 * and taking cost the same however many are pending. A cancelled event keeps its row until its tick, or, in the heap,
 * until half of the heap is cancelled: timers that are put off for ever cost nothing.
 */
import { assert } from '../../src/base/assert.ts'

/** Handles the events that were put in for it. What kinds and arguments mean is its own affair. */
export interface EventTarget {
  /** Where it is known: whether nothing will come of the events that are still pending for it. */
  readonly isOver?: boolean
  handleEvent(kind: number, argument: number): void
}

/** Names a pending event, to cancel it: a row and the number of times it was used. */
export type EventToken = number

/** About one second (see TICKS_PER_MS in `time.ts`): the timers of a calm mesh and all packets fit. */
const WHEEL_TICKS = 16_384
const WHEEL_MASK = WHEEL_TICKS - 1
const NONE = -1
const INITIAL_ROWS = 1_024
/** A token is `uses × ROWS_MAX + row`, where uses are counted modulo 2²⁷, so that it is exact as a double. */
const ROWS_MAX = 2 ** 26
const USES_MASK = 2 ** 27 - 1
/** Fewer cancelled events than this are not worth a sweep of the heap. */
const SWEEP_MIN = 1_024

export class EventQueue {
  #targets: (EventTarget | undefined)[] = []
  #kinds = new Uint8Array(INITIAL_ROWS)
  #arguments = new Int32Array(INITIAL_ROWS)
  #ticks = new Float64Array(INITIAL_ROWS)
  #next = new Int32Array(INITIAL_ROWS)
  #uses = new Uint32Array(INITIAL_ROWS)
  #rows = 0
  #freeRow = NONE
  readonly #heads = new Int32Array(WHEEL_TICKS).fill(NONE)
  readonly #tails = new Int32Array(WHEEL_TICKS).fill(NONE)
  /** One bit per bucket: is anything in it? */
  readonly #filled = new Int32Array(WHEEL_TICKS / 32)
  #far = new Int32Array(INITIAL_ROWS)
  /** Order of arrival, for rows of the far heap that are due in one tick. */
  #order = new Float64Array(INITIAL_ROWS)
  #farLength = 0
  /** Of them, cancelled. */
  #farCancelled = 0
  #arrivals = 0
  #now = 0
  #length = 0

  /** What the last `take` found. */
  target: EventTarget | undefined
  kind = 0
  argument = 0

  /** Pending events, cancelled ones not counted. */
  get length(): number {
    return this.#length
  }

  /** Whom pending events are for, once per event. */
  *pendingTargets(): Iterable<EventTarget> {
    for (const target of this.#targets) if (target !== undefined) yield target
  }

  /** The tick of the wheel: nothing can be put in before it. */
  get now(): number {
    return this.#now
  }

  push(tick: number, target: EventTarget, kind: number, argument: number): EventToken {
    assert(tick >= this.#now, 'an event is due now or later')
    const row = this.#takeRow()
    this.#targets[row] = target
    this.#kinds[row] = kind
    this.#arguments[row] = argument
    this.#ticks[row] = tick
    this.#length++
    if (tick - this.#now < WHEEL_TICKS) this.#append(row, tick & WHEEL_MASK)
    else this.#pushFar(row)
    return this.#uses[row]! * ROWS_MAX + row
  }

  /** False when the event has happened, or was cancelled before. */
  cancel(token: EventToken): boolean {
    const row = token % ROWS_MAX
    if (this.#uses[row] !== (token - row) / ROWS_MAX || this.#targets[row] === undefined) {
      return false
    }
    this.#targets[row] = undefined
    this.#length--
    if (this.#ticks[row]! - this.#now >= WHEEL_TICKS) this.#cancelFar()
    return true
  }

  /** The tick of the earliest event (perhaps a cancelled one), or Infinity. */
  nextTick(): number {
    const near = this.#nextFilled()
    if (near !== NONE) return near
    return this.#farLength === 0 ? Number.POSITIVE_INFINITY : this.#ticks[this.#far[0]!]!
  }

  /** Moves the wheel on; every event before `tick` must have been taken. */
  advance(tick: number): void {
    assert(tick >= this.#now, 'time does not go back')
    this.#now = tick
    const horizon = tick + WHEEL_TICKS
    while (this.#farLength > 0) {
      const row = this.#far[0]!
      const due = this.#ticks[row]!
      if (due >= horizon) break
      this.#popFar()
      if (this.#targets[row] !== undefined) {
        this.#append(row, due & WHEEL_MASK)
      } else {
        this.#farCancelled--
        this.#freeTheRow(row)
      }
    }
  }

  /** Takes the first event of the present tick into `target`, `kind` and `argument`; false when there is none. */
  take(): boolean {
    const bucket = this.#now & WHEEL_MASK
    for (;;) {
      const row = this.#heads[bucket]!
      if (row === NONE) return false
      const next = this.#next[row]!
      this.#heads[bucket] = next
      if (next === NONE) {
        this.#tails[bucket] = NONE
        this.#filled[bucket >>> 5]! &= ~(1 << (bucket & 31))
      }
      const target = this.#targets[row]
      this.target = target
      this.kind = this.#kinds[row]!
      this.argument = this.#arguments[row]!
      this.#freeTheRow(row)
      if (target === undefined) continue
      this.#length--
      return true
    }
  }

  // Rows

  #takeRow(): number {
    const free = this.#freeRow
    if (free !== NONE) {
      this.#freeRow = this.#next[free]!
      return free
    }
    const row = this.#rows++
    assert(row < ROWS_MAX, 'pending events stay below 67 million')
    if (row === this.#kinds.length) this.#grow()
    return row
  }

  #freeTheRow(row: number): void {
    this.#targets[row] = undefined
    this.#uses[row] = (this.#uses[row]! + 1) & USES_MASK
    this.#next[row] = this.#freeRow
    this.#freeRow = row
  }

  #grow(): void {
    const length = 2 * this.#kinds.length
    this.#kinds = grown(this.#kinds, new Uint8Array(length))
    this.#arguments = grown(this.#arguments, new Int32Array(length))
    this.#ticks = grown(this.#ticks, new Float64Array(length))
    this.#next = grown(this.#next, new Int32Array(length))
    this.#uses = grown(this.#uses, new Uint32Array(length))
    this.#far = grown(this.#far, new Int32Array(length))
    this.#order = grown(this.#order, new Float64Array(length))
  }

  // The wheel

  #append(row: number, bucket: number): void {
    const tail = this.#tails[bucket]!
    this.#next[row] = NONE
    this.#tails[bucket] = row
    if (tail === NONE) {
      this.#heads[bucket] = row
      this.#filled[bucket >>> 5]! |= 1 << (bucket & 31)
    } else {
      this.#next[tail] = row
    }
  }

  /** The tick of the first bucket in use, from now on around the wheel, or NONE. */
  #nextFilled(): number {
    const start = this.#now & WHEEL_MASK
    const words = this.#filled
    let word = start >>> 5
    let bits = words[word]! & (-1 << (start & 31))
    for (let i = 0; i <= words.length; i++) {
      if (bits !== 0) {
        const bucket = (word << 5) + 31 - Math.clz32(bits & -bits)
        return this.#now + ((bucket - start) & WHEEL_MASK)
      }
      word = (word + 1) % words.length
      bits = words[word]!
    }
    return NONE
  }

  // The heap, by tick and then by order of arrival

  #pushFar(row: number): void {
    this.#order[row] = this.#arrivals++
    this.#siftUp(row, this.#farLength++)
  }

  #siftUp(row: number, from: number): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#isBefore(row, this.#far[parent]!)) break
      this.#far[index] = this.#far[parent]!
      index = parent
    }
    this.#far[index] = row
  }

  #popFar(): void {
    const row = this.#far[--this.#farLength]!
    if (this.#farLength > 0) this.#siftDown(row)
  }

  #siftDown(row: number): void {
    const length = this.#farLength
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= length) break
      if (child + 1 < length && this.#isBefore(this.#far[child + 1]!, this.#far[child]!)) child++
      if (!this.#isBefore(this.#far[child]!, row)) break
      this.#far[index] = this.#far[child]!
      index = child
    }
    this.#far[index] = row
  }

  /** One more of the heap is cancelled. At half of it, the heap is built anew from the others. */
  #cancelFar(): void {
    this.#farCancelled++
    if (this.#farCancelled < SWEEP_MIN || 2 * this.#farCancelled < this.#farLength) return
    const length = this.#farLength
    this.#farLength = 0
    this.#farCancelled = 0
    // Each goes to a place before or at its own: nothing is overwritten before it was read.
    for (let i = 0; i < length; i++) {
      const row = this.#far[i]!
      if (this.#targets[row] === undefined) this.#freeTheRow(row)
      else this.#siftUp(row, this.#farLength++)
    }
  }

  #isBefore(a: number, b: number): boolean {
    const atA = this.#ticks[a]!
    const atB = this.#ticks[b]!
    return atA < atB || (atA === atB && this.#order[a]! < this.#order[b]!)
  }
}

function grown<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from)
  return to
}
