/** Which log records a user wants to see: what the options of `filter-options.ts` let through. */
import type { FieldValue, LogEntry, LogFilter, LogRecord } from '../../src/index.ts'
import { LEVELS } from '../../src/index.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { parseFields } from '../fields.ts'
import { mayMean } from '../peer-ref.ts'
import { fieldsText } from '../render/log-lines.ts'
import type { FilterValues } from './filter-options.ts'

export interface RecordFilter {
  /** The least level, pino's number. */
  readonly level: number
  /** One of these; empty: any. */
  readonly groups: readonly string[]
  /** All of these. */
  readonly fields: Readonly<Record<string, FieldValue>>
  /** One of these, as `mayMean` has it; empty: any. */
  readonly peers: readonly string[]
  readonly grep: RegExp | undefined
}

/** What a source takes, at the most. */
const FIELDS_MAX = 8

/** @throws CliError usage */
export function filterOf(values: FilterValues, groups: readonly string[]): RecordFilter {
  const fields = parseFields(values.field ?? [])
  if (Object.keys(fields).length > FIELDS_MAX) {
    throw new CliError(ExitCode.usage, `at most ${FIELDS_MAX} times --field`)
  }
  return {
    level: LEVELS[values.level],
    groups,
    fields,
    peers: values.peer ?? [],
    grep: values.grep === undefined ? undefined : regExpOf(values.grep, values.ignoreCase === true),
  }
}

function regExpOf(source: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(source, ignoreCase ? 'iu' : 'u')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CliError(ExitCode.usage, `--grep: ${reason}`)
  }
}

/** What sources can do of it themselves, so that the rest does not travel. */
export function sourceFilter({ level, groups, fields }: RecordFilter): LogFilter {
  return {
    ...(level > 0 && { level }),
    ...(groups.length === 1 && { group: groups[0]! }),
    ...(Object.keys(fields).length > 0 && { fields }),
  }
}

export function passes(filter: RecordFilter, entry: LogEntry): boolean {
  if (!passesPeer(filter, { id: entry.node, name: entry.name })) return false
  return entry.type !== 'record' || passesRecord(filter, entry)
}

export function passesPeer(
  { peers }: Pick<RecordFilter, 'peers'>,
  node: { readonly id: string; readonly name: string },
): boolean {
  return peers.length === 0 || peers.some((reference) => mayMean(reference, node))
}

function passesRecord({ level, groups, fields, grep }: RecordFilter, record: LogRecord): boolean {
  if (record.level < level) return false
  const { group } = record.fields
  if (groups.length > 0 && !(typeof group === 'string' && groups.includes(group))) return false
  if (Object.entries(fields).some(([name, value]) => record.fields[name] !== value)) return false
  return grep === undefined || grep.test(`${record.msg} ${fieldsText(record.fields)}`)
}
