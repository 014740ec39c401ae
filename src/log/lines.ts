/**
 * Records on their way: the second frame of a batch, in UTF-8, a line for each, and no MessagePack. A record is text
 * anyway; so it is put together and taken apart at the speed at which hosts copy text.
 *
 *     seq ticks time level {"msg":"oven is too hot"}\n
 *     1 977 0.9 30 {"msg":"…"}
 *
 * Decimal numbers and single spaces; the first three as the difference to the line before, which is exact: `seq` and `ticks`
 * are whole and only grow, and of fractions that are close to each other none is lost.
 */
import { utf8DecodeStrict, utf8Encode } from '../base/bytes.ts'
import { contentOf, isLevel, type RawRecord, TEXT_LENGTH_MAX } from './record.ts'

/** Of one batch. Any single record fits: 16 Ki characters are 48 KiB at the most. */
export const BATCH_RECORDS_MAX = 512
export const BATCH_BYTES_MAX: number = 52 * 1_024
/** What a record takes beside its text, at the most. */
const RECORD_BYTES = 80
/** 2 ** 53 has as many. */
const DIGITS_MAX = 16
const ZERO = 48
const SPACE = ' '
/** Takes more than one byte in UTF-8. */
const WIDE = /[\u0080-\uffff]/

/** Texts must have no line breaks (`textOf` and `JSON.stringify` see to it), and `seq` and `ticks` must not fall. */
export function encodeRecords(records: readonly RawRecord[]): Uint8Array {
  let lines = ''
  let seqBefore = 0
  let ticksBefore = 0
  let timeBefore = 0
  for (const { seq, ticks, time, level, text } of records) {
    if (lines !== '') lines += '\n'
    lines += `${seq - seqBefore} ${ticks - ticksBefore} ${time - timeBefore} ${level} ${text}`
    seqBefore = seq
    ticksBefore = ticks
    timeBefore = time
  }
  return utf8Encode(lines)
}

/** `undefined` for what is none, or too much. */
export function decodeRecords(bytes: Uint8Array): RawRecord[] | undefined {
  if (bytes.length === 0) return []
  const text = bytes.length > BATCH_BYTES_MAX ? undefined : utf8DecodeStrict(bytes)
  const lines = text?.split('\n', BATCH_RECORDS_MAX + 1) ?? []
  if (text === undefined || lines.length > BATCH_RECORDS_MAX) return undefined
  const records: RawRecord[] = []
  let before: Before = { seq: 0, ticks: 0, time: 0 }
  for (const line of lines) {
    const record = readLine(line, before)
    if (record === undefined) return undefined
    records.push(record)
    before = record
  }
  return records
}

type Before = Pick<RawRecord, 'seq' | 'ticks' | 'time'>

function readLine(line: string, before: Before): RawRecord | undefined {
  const seqEnd = line.indexOf(SPACE)
  const ticksEnd = line.indexOf(SPACE, seqEnd + 1)
  const timeEnd = line.indexOf(SPACE, ticksEnd + 1)
  const levelEnd = line.indexOf(SPACE, timeEnd + 1)
  if (seqEnd < 0 || ticksEnd < 0 || timeEnd < 0 || levelEnd < 0) return undefined
  const seq = before.seq + readWhole(line, 0, seqEnd)
  const ticks = before.ticks + readWhole(line, seqEnd + 1, ticksEnd)
  const time = before.time + readNumber(line, ticksEnd + 1, timeEnd)
  const level = readWhole(line, timeEnd + 1, levelEnd)
  if (!Number.isSafeInteger(seq) || !Number.isSafeInteger(ticks)) return undefined
  if (!Number.isFinite(time) || !isLevel(level)) return undefined
  const text = line.slice(levelEnd + 1)
  return text.length > TEXT_LENGTH_MAX ? undefined : { seq, ticks, time, level, text }
}

/** Wall clocks jump back, and some show fractions. */
function readNumber(line: string, from: number, to: number): number {
  const whole = readWhole(line, from, to)
  return Number.isNaN(whole) && from < to ? Number(line.slice(from, to)) : whole
}

/** Digits, or else no number. */
function readWhole(line: string, from: number, to: number): number {
  if (to === from || to - from > DIGITS_MAX) return Number.NaN
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = line.charCodeAt(i) - ZERO
    if (digit < 0 || digit > 9) return Number.NaN
    value = 10 * value + digit
  }
  return value
}

/** What a record takes in a batch, at the most. */
export function bytesOf({ text }: RawRecord): number {
  let bytes = RECORD_BYTES + text.length
  // Most texts are narrow, and a search is three times as fast as the loop.
  if (!WIDE.test(text)) return bytes
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // Of a pair of surrogates each counts for three bytes, of which four are needed.
    if (unit > 0x7f) bytes += unit > 0x7ff ? 2 : 1
  }
  return bytes
}

/** A record that takes no more than so many bytes: the beginning of its message. */
export function cutTo(bytes: number, record: RawRecord): RawRecord {
  const { seq, ticks, time, level, text } = record
  // A character takes six bytes at the most, in JSON and in UTF-8; the rest is for what stands around it.
  const length = Math.max(0, Math.floor((bytes - RECORD_BYTES - 48) / 6))
  const msg = contentOf(text).msg.slice(0, length)
  return { seq, ticks, time, level, text: JSON.stringify({ msg, cutFrom: text.length }) }
}
