/**
 * Looks through the ring for what subscribers want, at a cost that is bounded over all of them: a stranger's filter that
 * fits nothing has every record read. Whoever comes when the budget is spent goes on in the next run.
 */
import { type LogFilter, matches } from './filter.ts'
import { BATCH_RECORDS_MAX, bytesOf, cutTo } from './lines.ts'
import { type RawRecord, type ReadText, readText } from './record.ts'
import type { Ring } from './ring.ts'

/** Of all runs within 10 ms; about 2 ms of work, or 1,000 usual records read. */
const BUDGET = 30_000
const BUDGET_MS = 10
/** To look at a record costs 1; to read it this, and to read or send it one for each 8 characters. */
const READ_COST = 8
const CHARACTERS = 8
/** To search it for a word costs one for each so many. */
const SEARCHED_CHARACTERS = 64

export interface Found {
  readonly records: readonly RawRecord[]
  /** The record to look at next. */
  readonly cursor: number
  /** The time of the last one that was looked at; 0 when none was. */
  readonly upTo: number
}

export class Scanner {
  readonly #ring: Ring
  /** Read in this run: subscribers often look at the same records. */
  readonly #texts = new Map<RawRecord, ReadText | undefined>()
  #left = BUDGET
  #refilledAt = Number.NEGATIVE_INFINITY

  constructor(ring: Ring) {
    this.#ring = ring
  }

  get isSpent(): boolean {
    return this.#left <= 0
  }

  /** When there is a new budget. */
  get refillAt(): number {
    return this.#refilledAt + BUDGET_MS
  }

  /** Begins a run. However many runs are asked for, the budget grows with time alone. */
  begin(now: number): void {
    if (now < this.refillAt) return
    this.#left = BUDGET
    this.#refilledAt = now
  }

  end(): void {
    this.#texts.clear()
  }

  /** What is wanted from `cursor` on, as much as fits into a batch and the budget. */
  gather(cursor: number, filter: LogFilter, batchBytes: number): Found {
    const records: RawRecord[] = []
    const { nextSeq } = this.#ring
    let at = cursor
    let upTo = 0
    let bytes = 0
    for (; at < nextSeq && records.length < BATCH_RECORDS_MAX && this.#left > 0; at++) {
      const record = this.#ring.at(at)!
      this.#left--
      if (filter.traces === true && mayMatch(filter, record)) {
        this.#left -= record.text.length / SEARCHED_CHARACTERS
      }
      if (matches(filter, record, this.#read)) {
        const size = bytesOf(record)
        if (records.length > 0 && bytes + size > batchBytes) break
        records.push(size > batchBytes ? cutTo(batchBytes, record) : record)
        this.#left -= record.text.length / CHARACTERS
        bytes += size
      }
      upTo = record.ticks
    }
    return { records, cursor: at, upTo }
  }

  /** Where the newest records begin that fit into one batch, but not before `cursor`; all that might be wanted count. */
  newest(cursor: number, filter: LogFilter, batchBytes: number): number {
    const { nextSeq } = this.#ring
    const earliest = Math.max(cursor, nextSeq - BATCH_RECORDS_MAX)
    let bytes = 0
    for (let at = nextSeq; at > earliest; at--) {
      const record = this.#ring.at(at - 1)!
      if (!mayMatch(filter, record)) continue
      bytes += bytesOf(record)
      if (bytes > batchBytes) return at
    }
    return earliest
  }

  /** How many records there might be wanted: none is read for it. */
  count(cursor: number, end: number, filter: LogFilter): number {
    let count = 0
    for (let at = cursor; at < end; at++) if (mayMatch(filter, this.#ring.at(at)!)) count++
    return count
  }

  readonly #read = (record: RawRecord): ReadText | undefined => {
    if (this.#texts.has(record)) return this.#texts.get(record)
    this.#left -= READ_COST + record.text.length / CHARACTERS
    const read = readText(record.text)
    this.#texts.set(record, read)
    return read
  }
}

/** Without reading it: what is lost is counted rather too high than at a cost. */
export function mayMatch(filter: LogFilter, record: RawRecord): boolean {
  return record.level >= (filter.level ?? 0)
}
