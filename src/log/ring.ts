/**
 * The ring of a node's recent records, bounded in number and bytes: the oldest make room. Records lie in it one after
 * the other by `seq`.
 */
import { BoundedQueue } from '../base/bounded-queue.ts'
import { type Fields, type RawRecord, TEXT_LENGTH_MAX } from './record.ts'

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

/** A record in the ring. Fields are made text when somebody asks for it, which mostly nobody does. */
export class RingRecord implements RawRecord {
  readonly seq: number
  readonly ticks: number
  /** When it was written, by the host's monotonic clock: the mesh's time may have leapt since, and the wall clock too. */
  readonly at: number
  readonly time: number
  readonly level: number
  /** What it is taken to cost: an estimate, where it is not text yet. */
  readonly bytes: number
  #text: string | undefined
  #fields: Fields | undefined

  constructor(seq: number, written: Written, level: number, content: string | Fields) {
    const { ticks, at, time } = written
    this.seq = seq
    this.ticks = ticks
    this.at = at
    this.time = time
    this.level = level
    const length = lengthOf(content)
    if (typeof content === 'string') this.#text = content
    // What is too long is cut before it is kept.
    else if (length > TEXT_LENGTH_MAX) this.#text = asText(content)
    else this.#fields = content
    this.bytes = OVERHEAD_BYTES + (this.#text?.length ?? length)
  }

  get text(): string {
    if (this.#text === undefined) {
      this.#text = asText(this.#fields!)
      this.#fields = undefined
    }
    return this.#text
  }
}

/** Of fields an estimate: their texts are what can be long. */
function lengthOf(content: string | Fields): number {
  if (typeof content === 'string') return content.length
  let length = FIELDS_BYTES
  for (const each of Object.values(content)) if (typeof each === 'string') length += each.length
  return length
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
    return typeof msg === 'string' ? msg.slice(0, 1_024) : '(no text)'
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
  readonly #records = new BoundedQueue<RingRecord>(Number.MAX_SAFE_INTEGER)
  #bytes = 0
  #nextSeq = 1
  /** Records that made room for others. */
  overwritten = 0

  constructor(limits: RingLimits) {
    this.#limits = limits
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

  /** Puts a record in, and gives it back; those that made room go to `onOverwritten`, the oldest first. */
  push(
    written: Written,
    level: number,
    content: string | Fields,
    onOverwritten: ((record: RingRecord) => void) | undefined,
  ): RingRecord {
    const record = new RingRecord(this.#nextSeq++, written, level, content)
    this.#records.push(record)
    this.#bytes += record.bytes
    while (this.#records.length > this.#limits.records || this.#bytes > this.#limits.bytes) {
      const oldest = this.#records.shift()
      if (oldest === undefined) break
      this.#bytes -= oldest.bytes
      this.overwritten++
      onOverwritten?.(oldest)
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
