/**
 * `earshot/sim`: the simulator. Start reading at `createSimulation` for your own tests, and at `defineScenario`
 * for runs with checks and a report.
 */

export type { Check, CheckContext, Failure, Report, Watcher } from './checks/check.ts'
export { CHECKS } from './checks/index.ts'
export type { Latency, Weather } from './network/weather.ts'
export { WEATHERS } from './network/weather.ts'
export type { AddNodeOptions, Member, NodeRef, SimulationOptions } from './population.ts'
export type { RunResult } from './scenario/result.ts'
export { runScenario } from './scenario/run.ts'
export { SCENARIOS } from './scenarios/index.ts'
export type { Fault, FaultListener } from './simulation.ts'
export { createSimulation, Simulation } from './simulation.ts'
