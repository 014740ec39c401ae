/**
 * `earshot sim SCENARIO --real`: the scenario twice, and the two runs in one table. First virtually, on a network like
 * the loopback interface; then with real nodes in worker processes, which do the same at the same times. That is how
 * the simulator's model is held to reality.
 */
import { availableParallelism } from 'node:os'
import type { AnyScenario } from '../../sim/scenario/scenario.ts'
import { loadScenario } from '../../sim/sweep/request.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { recordOf } from '../json.ts'
import { escapeText } from '../render/escape.ts'
import { ProgressLine } from '../render/progress-line.ts'
import { drawSeed } from '../sim/drawn-seed.ts'
import { runLine } from '../sim/progress.ts'
import { optionName, type SimContext, type SimValues } from '../sim/values.ts'
import { type Comparison, comparisonLines, ratiosOf } from './comparison.ts'
import {
  explainNeeds,
  explainPorts,
  type Needs,
  needsOf,
  openFileLimit,
  REAL_NODES_MAX,
} from './needs.ts'
import { type RealProgress, type RealRun, runReal } from './real-run.ts'
import { type RealOptions, runVirtual, type VirtualRun } from './virtual-run.ts'

const SCENARIO_DEFAULT = 'steady'
/** Real nodes take real time and real memory: fewer of them, and not for as long, unless asked for. */
const NODES_DEFAULT = 30
const DURATION_MS_DEFAULT = 20_000
const DURATION_MS_MAX = 3_600_000

/** Options of the verb that are for virtual runs alone. */
const VIRTUAL_ONLY = [
  'seeds',
  'maxFailures',
  'hash',
  'replay',
  'report',
  'log',
  'skipCheck',
  'list',
] as const

interface RealRequest {
  readonly scenario: AnyScenario
  readonly options: RealOptions
  readonly needs: Needs
  readonly cores: number
}

/** @throws EarshotError and CliError for what makes no sense, or does not fit on this host. */
export async function runRealSim(
  context: SimContext,
  values: SimValues,
  settings: RealOptions['settings'],
): Promise<ExitCode> {
  const request = await requestOf(values, settings)
  const line = new ProgressLine(context)
  try {
    tellStart(context, request)
    const virtual = await runVirtual(
      request.scenario,
      request.options,
      (progress) => line.update(() => `virtual: ${runLine(progress)}`),
      context.host.signal,
    )
    const real = await runReal({
      script: virtual.script,
      jobs: request.needs.jobs,
      durationMs: virtual.durationMs,
      signal: context.host.signal,
      onStarted: (pids) => tellProcesses(context, pids),
      onProgress: (progress) => line.update(() => `real: ${realLine(progress)}`),
    })
    line.end()
    return await tellEnd(context, compare(request, real, virtual))
  } finally {
    line.end()
    context.out.setCurtain(undefined)
  }
}

async function requestOf(
  values: SimValues,
  settings: RealOptions['settings'],
): Promise<RealRequest> {
  const other = VIRTUAL_ONLY.find((name) => values[name] !== undefined)
  if (other !== undefined) {
    throw new CliError(
      ExitCode.usage,
      `${optionName(other)} is for virtual runs: it does not go with --real`,
    )
  }
  const scenario = await loadScenario(values.scenario ?? SCENARIO_DEFAULT)
  const nodes = values.nodes ?? Math.min(scenario.nodes, NODES_DEFAULT)
  if (nodes < 2 || nodes > REAL_NODES_MAX) {
    throw new CliError(ExitCode.usage, `with --real, --nodes is 2 to ${REAL_NODES_MAX}`)
  }
  const durationMs = values.for ?? Math.min(scenario.durationMs, DURATION_MS_DEFAULT)
  if (durationMs > DURATION_MS_MAX) {
    throw new CliError(ExitCode.usage, 'with --real, --for is at most 1h: it is real time')
  }
  const cores = availableParallelism()
  const needs = needsOf({ nodes, cores, jobs: values.jobs, fileLimit: openFileLimit() })
  const fewPorts = explainPorts(nodes, process.platform)
  if (fewPorts !== undefined) throw new CliError(ExitCode.failure, fewPorts)
  if (!needs.fits) throw new CliError(ExitCode.failure, explainNeeds(nodes, needs))
  const seed = values.seed ?? drawSeed()
  return { scenario, needs, cores, options: { nodes, durationMs, seed, settings } }
}

function compare(
  { scenario, options, needs, cores }: RealRequest,
  real: RealRun,
  virtual: VirtualRun,
): Comparison {
  const { result } = virtual.run
  const failures = [
    ...real.failures.map((failure) => ({ run: 'real' as const, ...failure })),
    ...result.failures.map(({ check, message }) => ({ run: 'virtual' as const, check, message })),
  ]
  return {
    scenario: scenario.name,
    seed: options.seed,
    nodes: options.nodes,
    durationMs: options.durationMs,
    settings: result.settings,
    jobs: needs.jobs,
    cores,
    ok: failures.length === 0,
    real: real.measures,
    virtual: virtual.measures,
    ratios: ratiosOf(real.measures, virtual.measures),
    failures,
    moreFailures: real.moreFailures + result.moreFailures,
    warnings: real.warnings,
    unsaid: real.unsaid,
    completion: real.completion,
  }
}

// Telling

function tellStart({ out }: SimContext, { scenario, options, needs }: RealRequest): void {
  const { nodes, durationMs, seed } = options
  const { jobs, filesPerJob, fileLimit } = needs
  if (out.json) {
    const fields = { scenario: scenario.name, nodes, durationMs, seed, jobs, filesPerJob }
    void out.printRecord(recordOf('sim-real-start', { ...fields, fileLimit: fileLimit ?? null }))
    return
  }
  const title = out.paint('bold', `${escapeText(scenario.name)}, virtual and real`)
  const limit = fileLimit === undefined ? '' : ` of ${fileLimit}`
  void out.print(`${title}: ${nodes} nodes, ${durationMs / 1_000} s, seed ${seed}`)
  void out.print(
    `${jobs} processes with up to ${filesPerJob}${limit} open files each, all on 127.0.0.1`,
  )
}

function tellProcesses({ out }: SimContext, pids: readonly number[]): void {
  if (out.json) void out.printRecord(recordOf('sim-real-processes', { pids }))
  else void out.print(out.paint('dim', `worker processes: ${pids.join(' ')}`))
}

function realLine({ atMs, durationMs, running, known, expected }: RealProgress): string {
  const seconds = `${Math.max(0, Math.floor(atMs / 1_000))}/${Math.round(durationMs / 1_000)} s`
  return `${seconds}, ${running} nodes, ${known}/${expected} views`
}

async function tellEnd({ out }: SimContext, comparison: Comparison): Promise<ExitCode> {
  if (out.json) await out.printRecord(recordOf('sim-real', { ...comparison }))
  else for (const line of comparisonLines(comparison, out.paint, out.columns)) await out.print(line)
  return comparison.ok ? ExitCode.ok : ExitCode.failure
}
