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
  /** How long the real nodes play it: as long as the virtual ones did, which may have been done early. */
  readonly durationMs: number
}

/** What a packet on the loopback interface of an idle host goes through. */
const LOOPBACK = { latencyMs: 0.05, jitterMs: 0.05, mtuBytes: 65_536 } as const

/**
 * Scenarios for real nodes on one host, and what is set in them unless the user sets it: no faults that cannot be had
 * there (several nodes share a process, so none can be killed), and times that fit into 20 s.
 */
const REAL_SETTINGS: Readonly<Record<string, RealOptions['settings']>> = {
  steady: {},
  'cold-boot': {},
  churn: { killed: 0, sameIdentity: 0 },
  'flash-crowd': { doorsMs: 3_000, stayMs: 6_000 },
  'goodbye-storm': { killed: 0, crashed: 0, bellMs: 8_000 },
  'slow-consumer': { slow: 0, stopMs: 4_000 },
  'rolling-upgrade': { killed: 0, sameIdentity: 0, calmMs: 4_000, pauseMs: 500 },
}

export function realScenarios(): readonly string[] {
  return SCENARIOS.map(({ name }) => name).filter((name) => Object.hasOwn(REAL_SETTINGS, name))
}

/**
 * All nodes of a real run share one address. What the library allows one address is made wide enough for that, in both
 * runs, so that it is not what is compared.
 */
function sharedHostLimits(nodes: number): Partial<Limits> {
  return {
    halfOpenPerAddress: 2 * nodes + 64,
    peersPerAddress: nodes + 1_024,
  }
}

/** @throws CliError for a scenario that cannot be run for real; EarshotError for wrong options. */
export async function runVirtual(
  scenario: AnyScenario,
  options: RealOptions,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<VirtualRun> {
  const settings = { ...REAL_SETTINGS[scenario.name], ...options.settings }
  checkSettings(scenario, settings)
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
      settings,
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
    const durationMs = Math.min(options.durationMs, recorder.settledMs)
    return { measures, script: recorder.script(), run, durationMs }
  } finally {
    signal.removeEventListener('abort', onSignal)
  }
}

/** @throws CliError for settings of networks: there is but one kind of loopback. */
function checkSettings(scenario: AnyScenario, settings: RealOptions['settings']): void {
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
      const { networks: _network, mailboxPort: _port, ...own } = scenario.node?.(index, plan) ?? {}
      return { ...own, limits: { ...sharedHostLimits(plan.nodes), ...own.limits } }
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
