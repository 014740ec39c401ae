/**
 * What `earshot sim` does with what was asked for: lists, replays, sweeps, or runs once. Loaded when the verb runs.
 */
import { previewRequest, type RunRequest } from '../../sim/sweep/request.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import { drawSeed } from './drawn-seed.ts'
import { runWithHeapFor } from './heap.ts'
import { list } from './list.ts'
import { readReplay } from './replay.ts'
import { runOnce } from './run-once.ts'
import { runSweep } from './run-sweep.ts'
import { optionName, type SimContext, type SimValues } from './values.ts'

const SCENARIO_DEFAULT = 'random'

/** @throws EarshotError and CliError for what makes no sense */
export async function runSim(context: SimContext, values: SimValues): Promise<ExitCode> {
  if (values.list === true) return list(context.out, values.scenario)
  if (values.real === true) return runReal(context, values)
  if (values.replay !== undefined) return replay(context, values)
  if (values.seeds !== undefined)
    return runSweep(context, requestOf(values), { ...values, seeds: values.seeds })
  if (values.jobs !== undefined || values.maxFailures !== undefined) {
    throw new CliError(ExitCode.usage, '--jobs and --max-failures are for sweeps: give --seeds')
  }
  if (values.hash !== undefined && values.seed === undefined) {
    throw new CliError(ExitCode.usage, '--hash is of a run with a certain seed: give --seed')
  }
  // Whatever is wrong with the request is told before anything else is printed.
  const { nodes } = await previewRequest({ ...requestOf(values), seed: 0 })
  const ended = await runWithHeapFor(nodes, context.host)
  if (ended !== undefined) return ended
  const seed = values.seed ?? drawSeed()
  return runOnce(context, { ...requestOf(values), seed }, values)
}

async function runReal(context: SimContext, values: SimValues): Promise<ExitCode> {
  const { runRealSim } = await import('../sim-real/main.ts')
  return runRealSim(context, values, requestOf(values).settings ?? {})
}

/** Of the other options, only those about the output go with `--replay`: all else is in what is replayed. */
async function replay(context: SimContext, values: SimValues): Promise<ExitCode> {
  const { replay: source = '', report, log, ...rest } = values
  const [other] = Object.entries(rest).find(([, value]) => value !== undefined) ?? []
  if (other !== undefined) {
    const option = other === 'scenario' ? 'the scenario' : optionName(other)
    throw new CliError(ExitCode.usage, `--replay says it all: leave ${option} out`)
  }
  const found = await readReplay(source)
  for (const note of found.notes) context.out.note(note)
  const { seed, hash } = found.values
  if (seed === undefined) throw new CliError(ExitCode.usage, 'what to replay names no --seed')
  const request = { ...requestOf(found.values), seed }
  return runOnce(context, request, {
    ...(report !== undefined && { report }),
    ...(log !== undefined && { log }),
    ...(hash !== undefined && { hash }),
  })
}

function requestOf(values: SimValues): Omit<RunRequest, 'seed'> {
  const { scenario = SCENARIO_DEFAULT, nodes, for: durationMs, set, skipCheck } = values
  return {
    scenario,
    ...(nodes !== undefined && { nodes }),
    ...(durationMs !== undefined && { durationMs }),
    ...(set !== undefined && { settings: Object.fromEntries(set.map(settingOf)) }),
    ...(skipCheck !== undefined && { skipChecks: skipCheck }),
  }
}

function settingOf(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at >= 1) return [text.slice(0, at), text.slice(at + 1)]
  throw new CliError(ExitCode.usage, `setting '${text}' is invalid: expected KEY=VALUE`)
}
