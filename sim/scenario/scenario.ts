/**
 * What a scenario is: nodes on a network, what is done to them, what they do, and what is checked. `run.ts` runs
 * one; `sim/scenarios` has the ready ones.
 */
import { EarshotError } from '../../src/base/errors.ts'
import type { Check } from '../checks/check.ts'
import type { AddNodeOptions } from '../population.ts'
import type { NetworkPlan, Plan } from './plan.ts'
import type { Settings } from './settings.ts'
import type { Stage } from './stage.ts'

export interface ScenarioDefinition<Declared extends Settings> {
  /** In kebab-case: what the command line calls it. */
  readonly name: string
  /** One sentence for lists. */
  readonly summary: string
  /** Nodes by default. */
  readonly nodes: number
  /** Virtual milliseconds by default, before faults end and the mesh has to converge. */
  readonly durationMs: number
  /** Beside those that every scenario has (see `COMMON_SETTINGS`). */
  readonly settings?: Declared
  /** By default one calm network. */
  readonly network?: (plan: Plan<Declared>) => NetworkPlan
  /** What node `index` is made with; by default it has a name and is in the group `all`. */
  readonly node?: (index: number, plan: Plan<Declared>) => AddNodeOptions
  /** Milliseconds over which the nodes start, evenly; 0: all at once. Default 0. */
  readonly bootMs?: number | ((plan: Plan<Declared>) => number)
  /** Ends as soon as all see each other, after `BRIEF_MS` at the least; `durationMs` is the longest then. */
  readonly untilComplete?: boolean
  /** Nodes that are not started by the scenario's boot but by its `faults`: those from this index on. */
  readonly lateFrom?: (plan: Plan<Declared>) => number
  /** What is done to nodes and network, in virtual time; ended when the time is over. */
  readonly faults?: (stage: Stage<Declared>) => Promise<void>
  /** What the nodes do. Default: each shouts and whispers once per second (see `Stage.traffic`). */
  readonly workload?: (stage: Stage<Declared>) => Promise<void>
  /** What must hold in this scenario, beside what must hold in all. */
  readonly checks?: readonly Check[]
  /** Checks that make no sense here, with the reason. */
  readonly skipChecks?: Readonly<Record<string, string>>
}

export interface Scenario<Declared extends Settings = Settings>
  extends ScenarioDefinition<Declared> {
  readonly settings: Declared
}

/** A scenario of whatever settings, for lists. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds scenarios with settings of all kinds
export type AnyScenario = Scenario<any>

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming what is wrong. */
export function defineScenario<Declared extends Settings = Record<never, never>>(
  definition: ScenarioDefinition<Declared>,
): Scenario<Declared> {
  const { name, nodes, durationMs } = definition
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw bad('name', `'${name}' is not kebab-case`)
  if (!Number.isInteger(nodes) || nodes < 1) throw bad('nodes', `${nodes} is no count of nodes`)
  if (!(durationMs > 0)) throw bad('durationMs', `${durationMs} is no duration`)
  return { ...definition, settings: definition.settings ?? ({} as Declared) }
}

function bad(option: string, reason: string): EarshotError {
  return new EarshotError('ERR_EARSHOT_BAD_OPTION', `option ${option}: ${reason}`)
}
