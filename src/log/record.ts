/**
 * Log records: what travels, what a collector gives to its reader, and the bounds within which strangers' records are read.
 *
 * A record's content is a JSON object as pino writes it. On the way it stays text: its source has it ready, and only who
 * shows it has to read it.
 */
import type { PeerId } from '../base/peer-id.ts'

/** pino's levels, by name. */
export const LEVELS: {
  readonly trace: 10
  readonly debug: 20
  readonly info: 30
  readonly warn: 40
  readonly error: 50
  readonly fatal: 60
} = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 }

export type LevelName = keyof typeof LEVELS

export type Fields = Readonly<Record<string, unknown>>

/** As a source keeps and sends it. */
export interface RawRecord {
  /** Counts the records of one node from 1; the node's id is fresh at every start. */
  readonly seq: number
  /** The mesh's time in ticks of 1/1024 ms (`MeshClock`): by it records of all nodes are in order. */
  readonly ticks: number
  /** What the source's wall clock showed: milliseconds since 1970. */
  readonly time: number
  /** pino's: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
  readonly level: number
  /** A JSON object. */
  readonly text: string
}

/** As a collector gives it. */
export interface LogRecord {
  readonly type: 'record'
  readonly node: PeerId
  /** The node's name. */
  readonly name: string
  readonly seq: number
  readonly ticks: number
  readonly time: number
  readonly level: number
  readonly msg: string
  /** Everything else that it says. Has no prototype. */
  readonly fields: Fields
  /** It came after a later record had been given: its source was cut off for longer than the reorder window. */
  readonly late: boolean
}

/** A longer line is cut, at its source. Characters. */
export const TEXT_LENGTH_MAX: number = 16 * 1_024
/** Of what cannot be kept or read whole, so much of the beginning is. */
export const CUT_LENGTH = 1_024
/** Of a stranger's record: levels of objects in objects, and members and elements in all. */
const DEPTH_MAX = 8
const MEMBERS_MAX = 512
const LEVEL_MAX = 1_000
/** What records on their way are separated by. */
const LINE_BREAKS = /[\n\r]/g

/** The text of a line that a logger wrote: itself, where it is a JSON object of fair length. */
export function textOf(line: string): string {
  const end = line.endsWith('\n') ? line.length - 1 : line.length
  if (end > TEXT_LENGTH_MAX) return JSON.stringify({ msg: line.slice(0, CUT_LENGTH), cutFrom: end })
  if (line[0] === '{' && line[end - 1] === '}') {
    // Between values a break is as good as a space, and within them there is none, if this is JSON.
    return line.slice(0, end).replace(LINE_BREAKS, ' ')
  }
  return JSON.stringify({ msg: line.slice(0, end) })
}

/** A word for a level, as pino has them: of those between two the lower one's. */
export function levelName(level: number): LevelName {
  let name: LevelName = 'trace'
  for (const each of Object.keys(LEVELS) as LevelName[]) if (LEVELS[each] <= level) name = each
  return name
}

/** What a line of pino's says is its level; 30 where it says none. */
export function levelOf(line: string): number {
  const at = line.indexOf('"level":')
  if (at < 0 || at > 64) return LEVELS.info
  const start = at + 8
  if (line[start] === '"') {
    const name = line.slice(start + 1, line.indexOf('"', start + 1)).toLowerCase()
    return Object.hasOwn(LEVELS, name) ? LEVELS[name as LevelName] : LEVELS.info
  }
  const level = Number.parseInt(line.slice(start, start + 4), 10)
  return level > 0 && level <= LEVEL_MAX ? level : LEVELS.info
}

/** What a text says. */
export interface ReadText {
  readonly msg: string
  readonly fields: Fields
}

/** Its message and fields, read within the bounds; `undefined` for a text that breaks them. */
export function readText(text: string): ReadText | undefined {
  const value = parse(text)
  if (!isObject(value) || Array.isArray(value) || !isWithinBounds(value)) return undefined
  const fields: Record<string, unknown> = Object.create(null)
  let msg = ''
  for (const name of Object.keys(value)) {
    const each = value[name]
    if (name === 'msg') msg = typeof each === 'string' ? each : JSON.stringify(each)
    // The record itself has these.
    else if (name !== 'level' && name !== 'time') fields[name] = each
  }
  return { msg, fields }
}

/** As `readText`, for who has to show something: what cannot be read is a message itself, the beginning of it. */
export function contentOf(text: string): ReadText {
  return readText(text) ?? { msg: text.slice(0, CUT_LENGTH), fields: {} }
}

function parse(text: string): unknown {
  if (text.length > TEXT_LENGTH_MAX) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Level by level; most records have one. */
function isWithinBounds(value: object): boolean {
  let members = 0
  let level = [value]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > DEPTH_MAX) return false
    const inside: object[] = []
    for (const each of level) {
      for (const member of Object.values(each)) {
        if (++members > MEMBERS_MAX) return false
        if (isObject(member)) inside.push(member)
      }
    }
    level = inside
  }
  return true
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** A number from a stranger that is to be a level. */
export function isLevel(level: unknown): level is number {
  return typeof level === 'number' && level >= 0 && level <= LEVEL_MAX
}
