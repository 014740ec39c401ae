/** Which records somebody wants, decided where they are written: what is not wanted does not travel. */
import { isLevel, type RawRecord, type ReadText, readText } from './record.ts'

export interface LogFilter {
  /** This level and above; pino's numbers. Default 0: all. */
  readonly level?: number
  /** Only records whose field `group` is this. */
  readonly group?: string
  /** Only records whose fields have these values. */
  readonly fields?: Readonly<Record<string, FieldValue>>
  /** Only records of traced messages. */
  readonly traces?: boolean
}

export type FieldValue = string | number | boolean

/** A stranger's filter is bounded: it is evaluated for each of our records. */
export const FIELDS_MAX = 8
export const TEXT_LENGTH_MAX = 256

/** Regular expressions are not among the filters: a stranger's could keep us busy for ever. */
export function matches(
  filter: LogFilter,
  record: RawRecord,
  readRecord: (record: RawRecord) => ReadText | undefined = ({ text }) => readText(text),
): boolean {
  if (record.level < (filter.level ?? 0)) return false
  const { group, fields, traces } = filter
  if (group === undefined && fields === undefined && traces !== true) return true
  // Most records are out by this, without being read.
  if (traces === true && !record.text.includes('"trace":')) return false
  const read = readRecord(record)
  if (read === undefined) return false
  if (traces === true && read.fields['trace'] === undefined) return false
  if (group !== undefined && read.fields['group'] !== group) return false
  return Object.entries(fields ?? {}).every(([name, value]) => read.fields[name] === value)
}

/** A filter that came over the network; `undefined` for what is none. */
export function readFilter(value: unknown): LogFilter | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { level, group, fields, traces } = value as Record<string, unknown>
  if (level !== undefined && !isLevel(level)) return undefined
  if (group !== undefined && !isShortText(group)) return undefined
  if (fields !== undefined && !areFields(fields)) return undefined
  return {
    ...(level !== undefined && { level }),
    ...(group !== undefined && { group }),
    ...(fields !== undefined && { fields }),
    ...(traces === true && { traces: true }),
  }
}

function areFields(value: unknown): value is Record<string, FieldValue> {
  if (typeof value !== 'object' || value === null) return false
  const entries = Object.entries(value)
  if (entries.length > FIELDS_MAX) return false
  return entries.every(([name, each]) => isShortText(name) && isFieldValue(each))
}

function isFieldValue(value: unknown): value is FieldValue {
  return isShortText(value) || typeof value === 'number' || typeof value === 'boolean'
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TEXT_LENGTH_MAX
}
