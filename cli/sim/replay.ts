/**
 * What `--replay` takes: the command that a failing run printed, or a file with the output of `--json`, of which it
 * takes the same command. One way to say what a run was.
 */
import { readFile } from 'node:fs/promises'
import { Command, CommanderError } from 'commander'
import { CliError, ExitCode } from '../exit-codes.ts'
import { defineSim } from './options.ts'
import type { SimValues } from './values.ts'

export interface Replay {
  readonly values: SimValues
  /** What was chosen, where there was a choice. */
  readonly notes: readonly string[]
}

/** @throws CliError usage, for what is neither */
export async function readReplay(source: string): Promise<Replay> {
  if (/\bsim\s/.test(source)) return { values: parseCommand(source), notes: [] }
  const text = await readFile(source, 'utf8').catch((error: Error) => {
    throw new CliError(ExitCode.usage, `--replay: cannot read ${source}: ${error.message}`)
  })
  if (!text.trimStart().startsWith('{')) return { values: parseCommand(text), notes: [] }
  const results = resultsOf(text)
  const chosen = results.find(({ ok }) => !ok) ?? results[0]
  if (chosen === undefined) throw new CliError(ExitCode.usage, `--replay: no result in ${source}`)
  const note = `${source} has ${results.length} results; this is seed ${chosen.seed}, ${
    chosen.ok ? 'the first' : 'the first that failed'
  }`
  return { values: parseCommand(chosen.replay), notes: results.length > 1 ? [note] : [] }
}

interface Result {
  readonly ok: boolean
  readonly seed: unknown
  readonly replay: string
}

/** Results among the lines of NDJSON, or the one of a formatted JSON file. */
function resultsOf(text: string): Result[] {
  const whole = parsed(text)
  const values = whole === undefined ? text.split('\n').map(parsed) : [whole]
  return values.filter(isResult)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Broken runs of a sweep have a command as well. */
function isResult(value: unknown): value is Result {
  if (typeof value !== 'object' || value === null || !('replay' in value)) return false
  return typeof value.replay === 'string' && 'ok' in value && 'seed' in value
}

/** Anything up to the verb is left out: `$ npx earshot sim`, `npm run sim --`. */
function parseCommand(text: string): SimValues {
  const line = text.split('\n').find((each) => /\bsim\s/.test(each)) ?? ''
  const words = wordsOf(line.slice(line.search(/\bsim\s/) + 'sim'.length))
  const command = defineSim(new Command('sim'))
    .exitOverride()
    .configureOutput({ writeErr() {} })
  try {
    command.parse(
      words.filter((word) => word !== '--'),
      { from: 'user' },
    )
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    throw new CliError(ExitCode.usage, `--replay: ${error.message.replace(/^error: /, '')}`)
  }
  const { json, quiet, ...values } = command.opts<SimValues & { json?: true; quiet?: true }>()
  return { ...values, scenario: command.args[0] }
}

/** Words as a shell splits them, as far as our own commands need it: single and double quotes. */
function wordsOf(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g) ?? []
  return words.map((word) =>
    word.replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_all, single, double, escaped) => {
      return single ?? double ?? escaped
    }),
  )
}
