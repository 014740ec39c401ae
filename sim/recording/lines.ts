/** What recordings are written with, here and by the command `earshot`: records as entries, entries as lines. */
import { levelName } from '../../src/log/record.ts'
import type { LoggedEntry } from './entries.ts'

/** Characters that JSON lets through and a terminal obeys. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** A line of NDJSON without its newline; safe to print. */
export function jsonLine(entry: object): string {
  return JSON.stringify(entry).replace(UNSAFE, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** Milliseconds since 1970 in ISO 8601. Clocks of strangers, and of scenarios, show anything: what is no date is 1970. */
export function isoTime(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString()
}

/** A record that was observed. */
export interface Observed
  extends Pick<
    LoggedEntry,
    'at' | 'node' | 'name' | 'level' | 'msg' | 'fields' | 'seq' | 'ticks' | 'offsetMs' | 'late'
  > {
  /** When it was logged, by the observer's clock: milliseconds since 1970. */
  readonly shownTime: number
  /** The same by the node's own clock. */
  readonly time: number
}

export function loggedEntry(observed: Observed): LoggedEntry {
  const { at, node, name, level, msg, fields, seq, ticks, offsetMs, late } = observed
  return {
    type: 'earshot.log/1',
    time: isoTime(observed.shownTime),
    at,
    node,
    name,
    level,
    levelName: levelName(level),
    msg,
    fields,
    seq,
    ticks,
    nodeTime: isoTime(observed.time),
    offsetMs,
    ...(late === true && { late }),
  }
}
