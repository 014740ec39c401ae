/**
 * A request for a run, as plain data: what the command line asks for, what a worker thread is handed, and what a
 * replay is made of. It names its scenario; functions do not pass from one thread to another.
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { EarshotError } from '../../src/base/errors.ts'
import type { Check } from '../checks/check.ts'
import { CHECKS } from '../checks/index.ts'
import { COMMON_SETTINGS, type RunInfo } from '../scenario/info.ts'
import type { RunResult } from '../scenario/result.ts'
import { runScenario, type ScenarioRun, type ScenarioRunOptions } from '../scenario/run.ts'
import type { AnyScenario } from '../scenario/scenario.ts'
import { type Settings, settingValues } from '../scenario/settings.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import { closestNames } from './closest.ts'

export interface RunRequest {
  /** Name of a ready scenario, or the path of a module that has one as its default export. */
  readonly scenario: string
  readonly seed: number | string
  /** Defaults of the scenario apply to what is left out. */
  readonly nodes?: number
  readonly durationMs?: number
  readonly settings?: Readonly<Record<string, string | number>>
  /** Checks to leave out, by name. */
  readonly skipChecks?: readonly string[]
}

export type RunHooks = Pick<
  ScenarioRunOptions,
  'keepsViews' | 'log' | 'onProgress' | 'onStart' | 'signal'
>

/** Runs what is asked for. @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming what is wrong with the request */
export async function runRequest(request: RunRequest, hooks: RunHooks = {}): Promise<ScenarioRun> {
  const scenario = await loadScenario(request.scenario)
  const { seed, nodes, durationMs, settings } = request
  const { ofAll, own } = checksOf(scenario, request)
  const run = await runScenario(
    { ...scenario, checks: own },
    {
      ...hooks,
      seed,
      ...(nodes !== undefined && { nodes }),
      ...(durationMs !== undefined && { durationMs }),
      ...(settings !== undefined && { settings }),
      checks: ofAll,
    },
  )
  const replay = replayOf(request, run.result)
  return { ...run, result: { ...run.result, replay } }
}

/** What a run would start with, as far as its seed does not decide it. @throws as `runRequest` */
export async function previewRequest(request: RunRequest): Promise<RunInfo> {
  const scenario = await loadScenario(request.scenario)
  const declared: Settings = { ...COMMON_SETTINGS, ...scenario.settings }
  const { ofAll, own } = checksOf(scenario, request)
  return {
    scenario: scenario.name,
    seed: request.seed,
    nodes: request.nodes ?? scenario.nodes,
    durationMs: request.durationMs ?? scenario.durationMs,
    settings: settingValues(declared, request.settings ?? {}),
    checks: [...ofAll, ...own].map(({ name }) => name),
  }
}

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION when there is none of the name, or none in the module */
export async function loadScenario(reference: string): Promise<AnyScenario> {
  const found = SCENARIOS.find(({ name }) => name === reference)
  if (found !== undefined) return found
  if (isPath(reference)) return importScenario(reference)
  const names = SCENARIOS.map(({ name }) => name)
  const close = closestNames(reference, names)
  const advice =
    close.length > 0 ? `did you mean ${close.join(' or ')}?` : `there are: ${names.join(', ')}`
  throw bad('scenario', `there is no '${reference}'; ${advice}`)
}

function isPath(reference: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(reference)
}

async function importScenario(path: string): Promise<AnyScenario> {
  const url = pathToFileURL(resolve(path)).href
  const found: unknown = await import(url).catch((error: NodeJS.ErrnoException) => {
    throw bad('scenario', `cannot load ${path}: ${reasonOf(error)}`, error)
  })
  const scenario = (found as { readonly default?: unknown }).default
  if (isScenario(scenario)) return scenario
  throw bad('scenario', `${path} has no scenario as its default export; see defineScenario`)
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code !== 'ERR_UNKNOWN_FILE_EXTENSION') return error.message
  return `Node.js ${process.versions.node} does not run TypeScript; 22.18 and later do. Compile it first`
}

function isScenario(value: unknown): value is AnyScenario {
  if (typeof value !== 'object' || value === null) return false
  const { name, nodes, durationMs, settings } = value as Partial<AnyScenario>
  const hasNumbers = typeof nodes === 'number' && typeof durationMs === 'number'
  return typeof name === 'string' && hasNumbers && typeof settings === 'object'
}

/** The checks of all scenarios and those of this one, without those that are to be left out. */
function checksOf(
  { checks = [], skipChecks: senseless = {} }: AnyScenario,
  { skipChecks: unwanted = [] }: Pick<RunRequest, 'skipChecks'>,
): { readonly ofAll: readonly Check[]; readonly own: readonly Check[] } {
  const names = [...CHECKS, ...checks].map(({ name }) => name)
  const wrong = unwanted.find((name) => !names.includes(name))
  if (wrong !== undefined) {
    throw bad('skip-check', `'${wrong}' is no check; there are: ${names.join(', ')}`)
  }
  const isWanted = ({ name }: Check): boolean => !unwanted.includes(name) && !(name in senseless)
  return { ofAll: CHECKS.filter(isWanted), own: checks.filter(isWanted) }
}

/** The command that runs exactly this again, and can tell whether it did. */
function replayOf({ scenario, skipChecks = [] }: RunRequest, result: RunResult): string {
  const command = `earshot sim ${quoted(scenario)}`
  const options = result.replay.slice(`earshot sim ${result.scenario}`.length)
  const skipped = skipChecks.map((name) => ` --skip-check ${name}`).join('')
  return `${command}${options}${skipped} --hash ${result.hash}`
}

/** The command for a run of which nothing came back. */
export function retryOf(request: RunRequest): string {
  const { scenario, seed, nodes, durationMs, settings = {}, skipChecks = [] } = request
  const words = [`earshot sim ${quoted(scenario)}`, `--seed ${seed}`]
  if (nodes !== undefined) words.push(`--nodes ${nodes}`)
  if (durationMs !== undefined) words.push(`--for ${durationMs}ms`)
  for (const [name, value] of Object.entries(settings)) words.push(`--set ${name}=${value}`)
  for (const name of skipChecks) words.push(`--skip-check ${name}`)
  return words.join(' ')
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function bad(option: string, reason: string, cause?: unknown): EarshotError {
  const options = cause === undefined ? undefined : { cause }
  return new EarshotError('ERR_EARSHOT_BAD_OPTION', `option ${option}: ${reason}`, options)
}
