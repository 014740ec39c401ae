/** Which log records a user wants to see: options, and what they let through. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { FieldValue, LevelName, LogEntry, LogFilter, LogRecord } from '../../src/index.ts'
import { LEVELS } from '../../src/index.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { parseHeader, repeatedOption } from '../parsers.ts'
import { mayMean } from '../peer-ref.ts'
import { fieldsText } from '../render/log-lines.ts'

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

export interface FilterValues {
  readonly level: LevelName
  readonly field?: readonly string[]
  readonly peer?: readonly string[]
  readonly grep?: string
  readonly ignoreCase?: boolean
}

/** What a source takes, at the most. */
const FIELDS_MAX = 8
const TEXT_LENGTH_MAX = 256

export function addFilterOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--level <level>', 'this level and above')
        .default('info')
        .choices(Object.keys(LEVELS)),
    )
    .addOption(
      new Option(
        '--peer <peer>',
        'only of these nodes: a name, an id, or the beginning of either; repeatable',
      ).argParser(repeatedOption),
    )
    .addOption(
      new Option(
        '--field <name=value>',
        'only records that say this; 80 and true as in JSON, anything else is text; repeatable',
      ).argParser(repeatedOption),
    )
    .addOption(new Option('--grep <regexp>', 'only where message and fields, as shown, match this'))
    .addOption(new Option('--ignore-case', 'for --grep'))
}

/**
 * The groups of `--group`, where it is a filter: only those of the command line. A variable says what this host's nodes
 * are in, which is no wish to see nothing else.
 */
export function filterGroups(command: Command, groups: readonly string[]): readonly string[] {
  return command.getOptionValueSourceWithGlobals('group') === 'cli' ? groups : []
}

/** @throws CliError usage */
export function filterOf(values: FilterValues, groups: readonly string[]): RecordFilter {
  const fields = fieldsOf(values.field ?? [])
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

/** @throws CliError usage for a text that is no NAME=VALUE. */
export function fieldsOf(texts: readonly string[]): Readonly<Record<string, FieldValue>> {
  return Object.fromEntries(texts.map(fieldOf))
}

function fieldOf(text: string): readonly [name: string, value: FieldValue] {
  const pair = parseHeader(text)
  if (pair === undefined || text.length > TEXT_LENGTH_MAX) {
    const expected = `expected NAME=VALUE, at most ${TEXT_LENGTH_MAX} characters`
    throw new CliError(ExitCode.usage, `field '${text.slice(0, 40)}' is invalid: ${expected}`)
  }
  return [pair[0], fieldValue(pair[1])]
}

/** `80`, `true` and `"80"` as JSON has them; anything else is text. */
function fieldValue(text: string): FieldValue {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'number' || typeof value === 'boolean') return value
    return typeof value === 'string' ? value : text
  } catch {
    return text
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
