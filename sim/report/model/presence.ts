/**
 * Presence over time: for each member and each bin of a time range, how much of its neighbourhood holds it for alive,
 * evasive or silent, how much misses it, and how much believes in its ghost. Averages over the bin's time, so that
 * nothing that is short falls through.
 */
import type { ReportData, TruthData } from './data.ts'
import { Places } from './places.ts'
import { GHOST, SEEN, type ViewLog } from './view-log.ts'

/** Shares kept per member and bin. What is left to 1 is seen by nobody, and rightly so. */
export const SHARES = ['alive', 'evasive', 'silent', 'missing', 'ghost'] as const
export const SHARE_COUNT: number = SHARES.length

export interface Range {
  readonly fromMs: number
  readonly toMs: number
}

/** Shares from 0 to 1 at `(member * bins + bin) * SHARE_COUNT + share`. */
export function presence(log: ViewLog, data: ReportData, range: Range, bins: number): Float32Array {
  const sum = new Sum(log.size, range, bins)
  const truths = new Truths(data, sum)
  const before = new Map<number, number>()
  const current = log.size <= 4_096 ? new Uint8Array(log.size * log.size) : undefined
  for (let row = 0; row < log.atMs.length; row++) {
    const atMs = log.atMs[row]!
    if (atMs > range.toMs) break
    truths.seek(atMs)
    const pair = log.pairs[row]!
    const state = log.states[row]!
    const last = current === undefined ? (before.get(pair) ?? SEEN.none) : current[pair]!
    if (current === undefined) before.set(pair, state)
    else current[pair] = state
    sum.change(pair % log.size, atMs, last, state)
  }
  truths.seek(range.toMs)
  return sum.shares()
}

/** Starts, ends and moves of nodes, applied in time: who is up, and how many of its neighbours are. */
class Truths {
  readonly #data: ReportData
  readonly #sum: Sum
  readonly #places: Places
  #row = 0

  constructor(data: ReportData, sum: Sum) {
    this.#data = data
    this.#sum = sum
    this.#places = new Places(data)
  }

  seek(ms: number): void {
    const { truths } = this.#data
    for (;;) {
      const truthMs = truths[this.#row]?.[0] ?? Infinity
      const moveMs = this.#places.nextMs
      if (Math.min(truthMs, moveMs) > ms) return
      if (moveMs < truthMs) this.#move(moveMs)
      else this.#turn(truths[this.#row++]!)
    }
  }

  #turn([atMs, member, isUp]: TruthData): void {
    if (this.#sum.isUp(member) === (isUp === 1)) return
    this.#sum.setUp(member, atMs, isUp === 1)
    this.#count(member, atMs, isUp === 1 ? 1 : -1)
  }

  #move(atMs: number): void {
    const member = this.#places.nextMember!
    const isUp = this.#sum.isUp(member)
    if (isUp) this.#count(member, atMs, -1)
    this.#countFor(member, atMs, -1)
    this.#places.move()
    this.#countFor(member, atMs, 1)
    if (isUp) this.#count(member, atMs, 1)
  }

  /** All neighbours of a member have one more who is up, or one fewer. */
  #count(member: number, atMs: number, difference: number): void {
    for (let other = 0; other < this.#data.names.length; other++) {
      if (this.#places.areNeighbours(member, other)) this.#sum.addNeighbour(other, atMs, difference)
    }
  }

  /** A member gains or loses all of its neighbours who are up. */
  #countFor(member: number, atMs: number, sign: 1 | -1): void {
    let count = 0
    for (let other = 0; other < this.#data.names.length; other++) {
      if (this.#sum.isUp(other) && this.#places.areNeighbours(member, other)) count++
    }
    this.#sum.addNeighbour(member, atMs, sign * count)
  }
}

/** Per member the counts of now, and what they were, times how long, in each bin. */
class Sum {
  readonly #range: Range
  readonly #bins: number
  readonly #binMs: number
  readonly #counts: Int32Array
  readonly #neighbours: Int32Array
  readonly #up: Uint8Array
  readonly #lastMs: Float64Array
  readonly #shares: Float32Array

  constructor(size: number, range: Range, bins: number) {
    this.#range = range
    this.#bins = bins
    this.#binMs = (range.toMs - range.fromMs) / bins
    this.#counts = new Int32Array(size * 8)
    this.#neighbours = new Int32Array(size)
    this.#up = new Uint8Array(size)
    this.#lastMs = new Float64Array(size).fill(range.fromMs)
    this.#shares = new Float32Array(size * bins * SHARE_COUNT)
  }

  isUp(member: number): boolean {
    return this.#up[member] === 1
  }

  setUp(member: number, atMs: number, isUp: boolean): void {
    this.#flush(member, atMs)
    this.#up[member] = isUp ? 1 : 0
  }

  addNeighbour(member: number, atMs: number, difference: number): void {
    this.#flush(member, atMs)
    this.#neighbours[member]! += difference
  }

  change(member: number, atMs: number, from: number, to: number): void {
    this.#flush(member, atMs)
    this.#counts[member * 8 + from]!--
    this.#counts[member * 8 + to]!++
  }

  shares(): Float32Array {
    for (let member = 0; member < this.#up.length; member++) this.#flush(member, this.#range.toMs)
    return this.#shares
  }

  /** Adds what was since the last change of this member. */
  #flush(member: number, atMs: number): void {
    const fromMs = this.#lastMs[member]!
    if (atMs <= fromMs) return
    this.#lastMs[member] = atMs
    const counts = this.#counts.subarray(member * 8, member * 8 + 8)
    // Through routers a node is seen by more than its neighbours.
    const believers = counts.subarray(1).reduce((sum, count) => sum + count, 0)
    const neighbours = Math.max(1, believers, this.#neighbours[member]!)
    const seen = counts[SEEN.alive]! + counts[SEEN.evasive]! + counts[SEEN.silent]!
    const missing = this.isUp(member) ? Math.max(0, this.#neighbours[member]! - seen) : 0
    this.#add(member, fromMs, atMs, [
      counts[SEEN.alive]! / neighbours,
      (counts[SEEN.evasive]! + counts[SEEN.evasive + GHOST]!) / neighbours,
      (counts[SEEN.silent]! + counts[SEEN.silent + GHOST]!) / neighbours,
      missing / neighbours,
      counts[SEEN.ghostAlive]! / neighbours,
    ])
  }

  #add(member: number, fromMs: number, toMs: number, shares: readonly number[]): void {
    const start = (fromMs - this.#range.fromMs) / this.#binMs
    const end = Math.min(this.#bins, (toMs - this.#range.fromMs) / this.#binMs)
    for (let bin = Math.floor(start); bin < end; bin++) {
      const part = Math.min(end, bin + 1) - Math.max(start, bin)
      const at = (member * this.#bins + bin) * SHARE_COUNT
      for (let share = 0; share < SHARE_COUNT; share++) {
        this.#shares[at + share]! += part * shares[share]!
      }
    }
  }
}
