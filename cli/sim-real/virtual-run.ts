/**
 * The virtual half of the comparison: the scenario on a network that behaves like a loopback interface. It comes
 * first, because its script is what the real nodes then play.
 */

import { CHECKS } from '../../sim/checks/index.ts'
import { COMMON_SETTINGS } from '../../sim/scenario/info.ts'
import { type Progress, runScenario, type ScenarioRun } from '../../sim/scenario/run.ts'
import type { AnyScenario } from '../../sim/scenario/scenario.ts'
import { settingValues } from '../../sim/scenario/settings.ts'
import { SCENARIOS } from '../../sim/scenarios/index.ts'
import type { Limits } from '../../src/index.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import type { Measures } from './measures.ts'
import { type Script, ScriptRecorder } from './script.ts'

export interface RealOptions {
  readonly nodes: number
  readonly durationMs: number
  readonly seed: number | string
  readonly settings: Readonly<Record<string, string | number>>
}

export interface VirtualRun {
  readonly measures: Measures
  readonly script: Script
  readonly run: ScenarioRun
}

/** What a packet on the loopback interface of an idle host goes through. */
const LOOPBACK = { latencyMs: 0.05, jitterMs: 0.05, mtuBytes: 65_536 } as const

/** Scenarios whose faults real nodes on one host can have too; the test runs each. */
const REAL_SCENARIOS: ReadonlySet<string> = new Set([
  'steady',
  'cold-boot',
  'churn',
  'flash-crowd',
  'goodbye-storm',
  'rolling-upgrade',
  'slow-consumer',
])

export function realScenarios(): readonly string[] {
  return SCENARIOS.map(({ name }) => name).filter((name) => REAL_SCENARIOS.has(name))
}

/**
 * All nodes of a real run share one address. What the library allows one address is made wide enough for that, in
 * both runs, so that it is not what is compared.
 */
export function sharedAddressLimits(nodes: number): Partial<Limits> {
  return { halfOpenPerAddress: 2 * nodes + 64, peersPerAddress: nodes + 1_024 }
}

/** @throws CliError for a scenario that cannot be run for real; EarshotError for wrong options. */
export async function runVirtual(
  scenario: AnyScenario,
  options: RealOptions,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<VirtualRun> {
  checkSettings(scenario, options)
  const unreal = new AbortController()
  const onSignal = (): void => unreal.abort(signal.reason)
  signal.addEventListener('abort', onSignal)
  const recorder = new ScriptRecorder((what) => unreal.abort(notReal(scenario, what)))
  const before = process.cpuUsage()
  const residentBefore = process.memoryUsage.rss()
  try {
    signal.throwIfAborted()
    const run = await runScenario(onLoopback(scenario), {
      ...options,
      checks: [...CHECKS, recorder.check],
      onProgress,
      signal: unreal.signal,
    })
    unreal.signal.throwIfAborted()
    const cpu = process.cpuUsage(before)
    const measures = measuresOf(run, recorder, {
      cpuMs: (cpu.user + cpu.system) / 1_000,
      bytesPerNode: Math.max(0, recorder.residentBytes - residentBefore) / options.nodes,
    })
    return { measures, script: recorder.script(), run }
  } finally {
    signal.removeEventListener('abort', onSignal)
  }
}

/** @throws CliError for settings of networks: there is but one kind of loopback. */
function checkSettings(scenario: AnyScenario, { settings }: RealOptions): void {
  const values = settingValues({ ...COMMON_SETTINGS, ...scenario.settings }, settings)
  for (const name of ['weather', 'chunking'] as const) {
    if (values[name] === COMMON_SETTINGS[name].default) continue
    const reason = `setting ${name} is for virtual networks; with --real, both networks are loopback`
    throw new CliError(ExitCode.usage, reason)
  }
}

function notReal(scenario: AnyScenario, what: string): CliError {
  const reason =
    `scenario ${scenario.name} needs what real nodes on one loopback interface cannot have (${what})\n` +
    `With --real: ${realScenarios().join(', ')}.`
  return new CliError(ExitCode.usage, reason)
}

function onLoopback(scenario: AnyScenario): AnyScenario {
  return {
    ...scenario,
    network: (plan) => {
      const count = scenario.network?.(plan).networks.length ?? 1
      if (count > 1) throw notReal(scenario, `${count} networks`)
      return { networks: [{ name: 'loopback', weather: LOOPBACK }] }
    },
    node: (index, plan) => {
      const { networks: _, ...own } = scenario.node?.(index, plan) ?? {}
      return { ...own, limits: { ...sharedAddressLimits(plan.nodes), ...own.limits } }
    },
  }
}

function measuresOf(
  { result, journal }: ScenarioRun,
  recorder: ScriptRecorder,
  { cpuMs, bytesPerNode }: Pick<Measures, 'cpuMs' | 'bytesPerNode'>,
): Measures {
  const { views, messages } = result
  return {
    startedMs: recorder.startedMs,
    viewsMs: views.milestonesMs,
    viewsKnown: views.known,
    viewsExpected: views.complete,
    sent: messages.sent,
    accepted: messages.accepted,
    received: messages.received,
    latencyMs: messages.latencyMs,
    latencyCount: journal.latency.count,
    tally: recorder.tally.sums(),
    warnings: recorder.warnings,
    falseExits: recorder.falseExits,
    wallMs: result.wallMs,
    cpuMs,
    bytesPerNode,
  }
}
