/**
 * The format of recordings: what a node observed of its mesh, as NDJSON.
 *
 * Every line is an object with `type`, `time` (ISO 8601, UTC) and `at`: when it was observed, in milliseconds since 1970
 * by the observer's clock (of a simulation: by virtual time); where it is missing, `time` is taken, so that what other
 * verbs print with `--json` can be read, too. Lines are in the order of `at`. Within a version, fields and types are only
 * ever added: whoever reads skips what it does not know.
 *
 *   earshot.recording/1   The first line. earshot: the version that wrote it; node, name: who observed; options: what was
 *                         asked for, for people. Of a simulation nobody is the observer: instead there are source
 *                         ('simulation'), seed, scenario, nodes, and more (`RecordingStart` of sim/recording/entries.ts).
 *   earshot.log/1         A log record. node, name: whose; level (pino's number) and levelName; msg; fields: all else it
 *                         says; seq: counts the node's records from 1; ticks: the mesh's time, in 1/1024 ms, by which
 *                         records are in order; time: when it was logged, by the observer's clock as well as is known;
 *                         nodeTime: what the node's own clock showed, and offsetMs: how far that was ahead of the
 *                         observer's, as estimated; late: true when later ones were given before it.
 *   earshot.lost/1        node, name, count: so many records of the node that could not be had any more.
 *   earshot.source/1, earshot.gone/1, earshot.refused/1   node, name: its log was reached, it left, it admits no more.
 *   earshot.unanswered/1, earshot.cut/1   node, name: by the end it has not answered, it has not sent all of its past.
 *   earshot.clock/1       node, name, offsetMs: its clock is so far ahead of the observer's (negative: behind).
 *   earshot.snapshot/1    node, name, data: what the node answered to the query `metrics`, { id, name, peers, metrics, log }.
 *   earshot.dropped/1     count: lines that were not written, because the disk was too slow.
 *   Anything that `json.ts` lists as an event: earshot.enter/1, earshot.shout/1, … of the observer itself.
 *
 * Here lines are made and read; nothing here needs a node, a file or a terminal.
 */
import { isoTime, jsonLine, loggedEntry } from '../../sim/recording/lines.ts'
import type { LogEntry, LogRecord, PeerId } from '../../src/index.ts'
import { roundedMs } from '../duration.ts'
import type { JsonRecord } from '../json.ts'
import { recordOf } from '../json.ts'
import { NAME_LENGTH_MAX, type NodeSnapshot, readSnapshot } from '../monitor/snapshot.ts'
import type { ShownEvent } from '../render/event-lines.ts'
import { readEvent } from './events.ts'
import { isNestedDeeper } from './nesting.ts'
import type { Json } from './values.ts'
import { count, fieldsOf, moment, nodeId, number, text } from './values.ts'

/** No longer line is written or read. A message of 16 MiB fits, as base64. */
export const LINE_BYTES_MAX: number = 32 * 1_024 * 1_024
/** Objects in objects: what nodes answer has up to 64 levels, what they log 8, around which there are some of ours. */
const DEPTH_MAX = 80
/** The last moment that a Date can hold. */
const AT_MAX = 8.64e15

/** A line, read. */
export type RecordedLine =
  | HeaderLine
  | EntryLine
  | EventLine
  | SnapshotLine
  | { readonly kind: 'dropped'; readonly at: number; readonly count: number }
  /** Of a type that is not known here. */
  | { readonly kind: 'other'; readonly at: number }

export interface HeaderLine {
  readonly kind: 'header'
  readonly at: number
  /** Of earshot, that wrote it. */
  readonly version: string
  /** Who recorded it, where somebody did: no node of the mesh that was observed. */
  readonly observer: { readonly id: PeerId; readonly name: string } | undefined
  /** What was simulated, where it was that. */
  readonly simulation: { readonly scenario: string | undefined; readonly seed: string } | undefined
}

/** Something that a collector gave. */
export interface EntryLine {
  readonly kind: 'entry'
  readonly at: number
  readonly entry: LogEntry
  /** Milliseconds that the node's clock was ahead of the observer's, as estimated. */
  readonly offsetMs: number
}

/** On a busy host an estimate is wrong by so much: a clock that is no further off is taken to be right. */
const OFFSET_MS_MIN = 20

/** When a record was logged, by the observer's clock: milliseconds since 1970. */
export function shownTime(time: number, offsetMs: number): number {
  return Math.abs(offsetMs) < OFFSET_MS_MIN ? time : time - offsetMs
}

export interface EventLine {
  readonly kind: 'event'
  readonly at: number
  /** As it is written. */
  readonly record: JsonRecord
  readonly event: ShownEvent
}

export interface SnapshotLine {
  readonly kind: 'snapshot'
  readonly at: number
  readonly snapshot: NodeSnapshot
}

// Writing

export interface HeaderFields {
  readonly version: string
  readonly node?: { readonly id: string; readonly name: string }
  readonly options?: Json
}

export function headerRecord(
  { version, node, options = {} }: HeaderFields,
  at: number,
): JsonRecord {
  const observer = node && { node: node.id, name: node.name }
  return observedRecord('recording', at, { earshot: version, ...observer, options })
}

/** What `earshot logs --json` prints, too. */
export function entryRecord({ entry, offsetMs, at }: EntryLine): JsonRecord {
  const { node, name } = entry
  switch (entry.type) {
    case 'record': {
      const shown = shownTime(entry.time, offsetMs)
      const logged = { ...entry, at, shownTime: shown, offsetMs: roundedMs(offsetMs) }
      return { ...loggedEntry(logged) }
    }
    case 'lost':
      return observedRecord('lost', at, { node, name, count: entry.count })
    case 'clock':
      return observedRecord('clock', at, { node, name, offsetMs: Math.round(entry.offsetMs) })
    case 'source':
    case 'gone':
    case 'refused':
    case 'unanswered':
    case 'cut':
      return observedRecord(entry.type, at, { node, name })
  }
}

/** `data`: the answer, as it came. */
export function snapshotRecord(
  { node, name, data }: { readonly node: PeerId; readonly name: string; readonly data: unknown },
  at: number,
): JsonRecord {
  return observedRecord('snapshot', at, { node, name, data })
}

export function droppedRecord(count: number, at: number): JsonRecord {
  return observedRecord('dropped', at, { count })
}

/** An event, as `json.ts` makes it, with its time of observation. */
export function observedEvent(record: JsonRecord, at: number): JsonRecord {
  return { ...record, time: isoTime(at), at }
}

/** `undefined` for what cannot be written: strangers' data may be too long, too deep or no JSON at all. */
export function recordingLine(record: JsonRecord): string | undefined {
  try {
    const line = jsonLine(record)
    return Buffer.byteLength(line) <= LINE_BYTES_MAX ? line : undefined
  } catch {
    return undefined
  }
}

function observedRecord(kind: string, at: number, fields: Json): JsonRecord {
  return recordOf(kind, { time: isoTime(at), at, ...fields })
}

// Reading

/** `undefined` for a line that is damaged, or none of a recording at all. */
export function readRecordingLine(line: string): RecordedLine | undefined {
  const record = parse(line)
  if (record === undefined) return undefined
  const at = number(record['at']) ?? moment(record['time'])
  const type = text(record['type'])
  const [, kind, version] = /^earshot\.([a-z-]+)\/(\d+)$/.exec(type ?? '') ?? []
  if (at === undefined || Math.abs(at) > AT_MAX || kind === undefined) return undefined
  if (version !== '1') return { kind: 'other', at }
  switch (kind) {
    case 'recording':
      return readHeader(record, at)
    case 'snapshot':
      return readNodeSnapshot(record, at)
    case 'dropped': {
      const dropped = count(record['count'])
      return dropped === undefined ? undefined : { kind: 'dropped', at, count: dropped }
    }
    case 'log':
    case 'lost':
    case 'clock':
    case 'source':
    case 'gone':
    case 'refused':
    case 'unanswered':
    case 'cut':
      return readEntry(kind, record, at)
    default: {
      const event = readEvent(kind, record)
      if (event === 'unknown') return { kind: 'other', at }
      return event && { kind: 'event', at, record: record as JsonRecord, event }
    }
  }
}

function readHeader(record: Json, at: number): HeaderLine {
  const { seed, source } = record
  const id = nodeId(record['node'])
  const name = text(record['name']) ?? ''
  const isSimulation = source === 'simulation'
  return {
    kind: 'header',
    at,
    version: text(record['earshot']) ?? 'of an unknown version',
    observer: id === undefined ? undefined : { id, name },
    simulation: isSimulation
      ? { scenario: text(record['scenario']), seed: text(seed) ?? String(number(seed) ?? '?') }
      : undefined,
  }
}

function readNodeSnapshot(record: Json, at: number): SnapshotLine | undefined {
  const id = nodeId(record['node'])
  const name = text(record['name'])
  const snapshot = id === undefined ? undefined : readSnapshot(id, at, record['data'])
  if (snapshot === undefined) return undefined
  // Some answers do not say it.
  const isNameless = snapshot.name === '' && name !== undefined
  const named = isNameless ? { ...snapshot, name: name.slice(0, NAME_LENGTH_MAX) } : snapshot
  return { kind: 'snapshot', at, snapshot: named }
}

function readEntry(
  kind: 'log' | Exclude<LogEntry['type'], 'record'>,
  record: Json,
  at: number,
): EntryLine | undefined {
  const node = nodeId(record['node'])
  const name = text(record['name'])
  if (node === undefined || name === undefined) return undefined
  const line = (entry: LogEntry): EntryLine => ({ kind: 'entry', at, entry, offsetMs: 0 })
  switch (kind) {
    case 'log':
      return readLog(record, { node, name, at })
    case 'lost': {
      const lost = count(record['count'])
      return lost === undefined ? undefined : line({ type: kind, node, name, count: lost })
    }
    case 'clock': {
      const offsetMs = number(record['offsetMs'])
      return offsetMs === undefined ? undefined : line({ type: kind, node, name, offsetMs })
    }
    default:
      return line({ type: kind, node, name })
  }
}

function readLog(
  record: Json,
  { node, name, at }: Pick<LogRecord, 'node' | 'name'> & { readonly at: number },
): EntryLine | undefined {
  const time = moment(record['nodeTime'])
  const level = number(record['level'])
  const msg = text(record['msg'])
  const seq = count(record['seq'])
  const ticks = count(record['ticks'])
  const offsetMs = number(record['offsetMs']) ?? 0
  const fields = fieldsOf(record['fields'])
  if (time === undefined || level === undefined) return undefined
  if (msg === undefined || seq === undefined || ticks === undefined) return undefined
  if (fields === undefined) return undefined
  const late = record['late'] === true
  const entry = { type: 'record', node, name, seq, ticks, time, level, msg, fields, late } as const
  return { kind: 'entry', at, entry, offsetMs }
}

function parse(line: string): Json | undefined {
  if (isNestedDeeper(line, DEPTH_MAX)) return undefined
  try {
    return fieldsOf(JSON.parse(line))
  } catch {
    return undefined
  }
}
