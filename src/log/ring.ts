/**
 * The ring of a node's recent records, bounded in number and bytes: the oldest make room. Records lie in it one after
 * the other by `seq`.
 */
import { BoundedQueue } from '../base/bounded-queue.ts'
import { CUT_LENGTH, type Fields, type RawRecord, TEXT_LENGTH_MAX } from './record.ts'

/** What a record costs beside its text. */
const OVERHEAD_BYTES = 96
const FIELDS_BYTES = 128

export interface RingLimits {
  /** Records. */
  readonly records: number
  /** Bytes of their texts, and 96 for each. */
  readonly bytes: number
}

/** Five minutes of a node that writes 60 records a second. */
export const DEFAULT_RING: RingLimits = { records: 20_000, bytes: 4 * 1024 * 1024 }

/** When a record was written, by each clock. */
export interface Written {
  readonly ticks: number
  readonly at: number
  readonly time: number
}

/** What is kept of a record: its text, or fields of plain values, made text when somebody asks, which mostly nobody does. */
export type Content = string | Fields

/**
 * Fields as they are kept: as text, where they hold objects, which may change and be of any size, and where they are too
 * long, which is cut. It may call what an application has defined, `toJSON` for one; nothing does later.
 */
export function contentOfFields(fields: Fields): Content {
  return lengthOf(fields) > TEXT_LENGTH_MAX ? asText(fields) : fields
}

/** Of plain values an estimate, as texts are what can be long; infinite where there are others. */
function lengthOf(fields: Fields): number {
  let length = FIELDS_BYTES
  for (const each of Object.values(fields)) {
    if (typeof each === 'string') length += each.length
    else if (!isPlain(each)) return Number.POSITIVE_INFINITY
  }
  return length
}

function isPlain(value: unknown): boolean {
  return value === null || ['number', 'boolean', 'undefined'].includes(typeof value)
}

/** A record in the ring. */
export class RingRecord implements RawRecord {
  readonly seq: number
  readonly ticks: number
  /** When it was written, by the host's monotonic clock: the mesh's time may have leapt since, and the wall clock too. */
  readonly at: number
  readonly time: number
  readonly level: number
  /** What it is taken to cost: an estimate, where it is not text yet. */
  readonly bytes: number
  #content: Content

  constructor(seq: number, { ticks, at, time }: Written, level: number, content: Content) {
    this.seq = seq
    this.ticks = ticks
    this.at = at
    this.time = time
    this.level = level
    this.#content = content
    this.bytes = OVERHEAD_BYTES + (typeof content === 'string' ? content.length : lengthOf(content))
  }

  get text(): string {
    if (typeof this.#content !== 'string') this.#content = asText(this.#content)
    return this.#content
  }
}

function asText(fields: Fields): string {
  try {
    const text = JSON.stringify(fields)
    if (text.length <= TEXT_LENGTH_MAX) return text
    return JSON.stringify({ msg: briefOf(fields), cutFrom: text.length })
  } catch (error) {
    // Cycles, or what no text exists for.
    return JSON.stringify({ msg: briefOf(fields), unreadable: reasonOf(error) })
  }
}

/** Members that an application defined may throw, and strangers' questions bring that about: nothing here does. */
function briefOf(fields: Fields): string {
  try {
    const { msg } = fields
    return typeof msg === 'string' ? msg.slice(0, CUT_LENGTH) : '(no text)'
  } catch {
    return '(no text)'
  }
}

/** Whatever was thrown may be no error, and have no text either. */
function reasonOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message).slice(0, 256) : ''
  } catch {
    return ''
  }
}

export class Ring {
  readonly #limits: RingLimits
  readonly #onOverwritten: (record: RingRecord) => void
  readonly #records = new BoundedQueue<RingRecord>(Number.MAX_SAFE_INTEGER)
  #bytes = 0
  #nextSeq = 1
  /** Records that made room for others. */
  overwritten = 0

  /** Records that make room go to `onOverwritten`, the oldest first. */
  constructor(limits: RingLimits, onOverwritten: (record: RingRecord) => void) {
    this.#limits = limits
    this.#onOverwritten = onOverwritten
  }

  get nextSeq(): number {
    return this.#nextSeq
  }

  /** Of the oldest record that is still here; `nextSeq` when there is none. */
  get firstSeq(): number {
    return this.#nextSeq - this.#records.length
  }

  /** Bytes that are held, as `RingLimits` counts them. */
  get byteLength(): number {
    return this.#bytes
  }

  /** Puts a record in, and gives it back. */
  push(written: Written, level: number, content: Content): RingRecord {
    const record = new RingRecord(this.#nextSeq++, written, level, content)
    this.#records.push(record)
    this.#bytes += record.bytes
    while (this.#records.length > this.#limits.records || this.#bytes > this.#limits.bytes) {
      const oldest = this.#records.shift()
      if (oldest === undefined) break
      this.#bytes -= oldest.bytes
      this.overwritten++
      this.#onOverwritten(oldest)
    }
    return record
  }

  /** The record of that number, if it is still here. */
  at(seq: number): RingRecord | undefined {
    return seq < this.firstSeq ? undefined : this.#records.at(seq - this.firstSeq)
  }

  /** Of the first record from that moment of the host's monotonic clock on; `nextSeq` when there is none. */
  seqSince(at: number): number {
    let low = this.firstSeq
    let high = this.#nextSeq
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.at(middle)!.at < at) low = middle + 1
      else high = middle
    }
    return low
  }
}
