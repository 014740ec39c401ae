/**
 * `earshot/sim`: the simulator, as a library. Real nodes on a virtual network, in virtual time, from one seed; under
 * any test runner. Three ways in:
 *
 * - `createSimulation`: your own nodes and your own assertions. A test of an application begins here.
 * - `defineScenario`: a run with faults, traffic and checks, for `earshot sim ./my-scenario.js` and for `runScenario`.
 * - `sweep`: many seeds over all cores.
 *
 * ```ts
 * import { createSimulation } from 'earshot/sim'
 *
 * const sim = createSimulation({ seed: 7 })
 * const kitchen = await sim.addNode({ name: 'kitchen', groups: ['chat'] })
 * const hall = await sim.addNode({ name: 'hall', groups: ['chat'] })
 * await sim.run(1_000)          // virtual milliseconds: takes a few real ones
 * sim.partition(['kitchen'])    // faults are methods
 * await sim.until(() => kitchen.peers().length === 0)
 * await sim.stop()
 * ```
 */

// Checks.
export type { Check, CheckContext, Failure, Report, Watcher } from './checks/check.ts'
export { CHECKS } from './checks/index.ts'
export type { Fault, FaultListener } from './faults.ts'
// Scenarios.
export type { RandomStream } from './kernel/random.ts'
// Your own nodes.
export type { Undo } from './network/network.ts'
export type { Chunking } from './network/tcp-shared.ts'
export type { SubnetOptions } from './network/topology.ts'
export type { Latency, Weather } from './network/weather.ts'
export { WEATHERS } from './network/weather.ts'
export type { AddNodeOptions, Member, NodeRef, SimulationOptions } from './population.ts'
export type { LoggedEntry, LogSink, RecordingEntry, RecordingStart } from './recording/entries.ts'
export { LogFile } from './recording/log-file.ts'
export type { ReportOptions } from './report/index.ts'
export { renderReport } from './report/index.ts'
export { COMMON_SETTINGS, type RunInfo } from './scenario/info.ts'
export type { ReceivedMessage, TrackedMessage } from './scenario/ledger.ts'
export type { NetworkPlan, Plan } from './scenario/plan.ts'
export type { RunResult } from './scenario/result.ts'
export type { Progress, ScenarioRun, ScenarioRunOptions } from './scenario/run.ts'
export { runScenario } from './scenario/run.ts'
export type { AnyScenario, Scenario, ScenarioDefinition } from './scenario/scenario.ts'
export { defineScenario } from './scenario/scenario.ts'
export type {
  ChoiceSetting,
  NumberSetting,
  Setting,
  Settings,
  SettingValues,
} from './scenario/settings.ts'
export { choiceSetting, countSetting, numberSetting } from './scenario/settings.ts'
export type { Stage } from './scenario/stage.ts'
export type { TrafficOptions } from './scenario/traffic.ts'
export { SCENARIOS } from './scenarios/index.ts'
export { createSimulation, Simulation } from './simulation.ts'

// Sweeps.
export type { RunRequest } from './sweep/request.ts'
export type { Outcome, SweepOptions, SweepProgress, SweepTotals } from './sweep/sweep.ts'
export { sweep } from './sweep/sweep.ts'
