/**
 * Presence over time: for each member and each bin of a time range, how much of its neighbourhood holds it for alive,
 * evasive or silent, how much misses it, and how much believes in its ghost. Averages over the bin's time, so that
 * nothing that is short falls through.
 */
import { areNeighbours, type ReportData } from './data.ts'
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

/** Starts and ends of nodes, applied in time: who is up, and how many of its neighbours are. */
class Truths {
  readonly #data: ReportData
  readonly #sum: Sum
  readonly #isOneNetwork: boolean
  #row = 0

  constructor(data: ReportData, sum: Sum) {
    this.#data = data
    this.#sum = sum
    const [first] = data.networks[0] ?? []
    this.#isOneNetwork = data.networks.every((each) => each.length === 1 && each[0] === first)
  }

  seek(ms: number): void {
    const { truths, names } = this.#data
    for (; this.#row < truths.length && truths[this.#row]![0] <= ms; this.#row++) {
      const [atMs, member, isUp] = truths[this.#row]!
      if (this.#sum.isUp(member) === (isUp === 1)) continue
      this.#sum.setUp(member, atMs, isUp === 1)
      for (let other = 0; other < names.length; other++) {
        const isNeighbour = this.#isOneNetwork
          ? other !== member
          : areNeighbours(this.#data, member, other)
        if (isNeighbour) this.#sum.addNeighbour(other, atMs, isUp === 1 ? 1 : -1)
      }
    }
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
    const neighbours = Math.max(1, this.#neighbours[member]!)
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
