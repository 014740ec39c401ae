/**
 * The script of a real run: what every node does, and when. It is recorded from the virtual run of the same scenario,
 * so that the two runs differ in nothing but the network and the clock: the same nodes start and stop at the same
 * times, and offer the same messages to the same peers.
 */

import type { Check, Watcher } from '../../sim/checks/check.ts'
import type { Fault } from '../../sim/faults.ts'
import type { Member } from '../../sim/population.ts'
import type { TrackedMessage } from '../../sim/scenario/ledger.ts'
import type { Simulation } from '../../sim/simulation.ts'
import type { NodeEvent, NodeOptions } from '../../src/index.ts'
import { NodeTally } from './tally.ts'

/** What a node is made with, as plain data. Where it is (loopback, and which ports) is not for the script to say. */
export type PartOptions = Pick<NodeOptions, 'name' | 'groups' | 'headers' | 'timers' | 'limits'>

/** Times are milliseconds since the common start. */
export type Step = { readonly atMs: number; readonly member: number } & (
  | { readonly kind: 'start'; readonly options: PartOptions }
  | { readonly kind: 'stop' | 'pause' | 'resume' }
  | { readonly kind: 'say'; readonly message: TrackedMessage }
)

export interface Script {
  /** Names of all members, in their order. */
  readonly names: readonly string[]
  /** In the order of time. */
  readonly steps: readonly Step[]
}

/** What can be done to real nodes that share processes, addresses and one loopback interface. */
const REAL_FAULTS: ReadonlySet<string> = new Set(['leave', 'restart', 'stop-reading'])

/** More would be a different tool; the records of all processes must fit into memory. */
const STEPS_MAX = 1_000_000

/** Watches a virtual run and writes its script. Also counts what the result of a run does not say. */
export class ScriptRecorder implements Watcher {
  readonly tally: NodeTally = new NodeTally()
  readonly #steps: Step[] = []
  readonly #ids = new Set<string>()
  readonly #leaving = new Set<string>()
  readonly #onUnreal: (what: string) => void
  #sim: Simulation | undefined
  #settled = false
  /** When the virtual run was over, before all stopped. */
  settledMs = 0
  /** When the last of the members started for the first time. */
  startedMs = 0
  falseExits = 0
  warnings = 0
  residentBytes = 0

  /** `onUnreal` is told of the first thing that cannot be done for real. */
  constructor(onUnreal: (what: string) => void) {
    this.#onUnreal = onUnreal
  }

  /** For `runScenario`: it watches like a check, and finds nothing wrong. */
  get check(): Check {
    return {
      name: 'script',
      summary: 'writes down what happens, to do it again with real nodes',
      watch: ({ sim }) => {
        this.#sim = sim
        return this
      },
    }
  }

  script(): Script {
    // A stable sort: what happened at one time stays in its order.
    const steps = [...this.#steps].sort((a, b) => a.atMs - b.atMs)
    return { names: this.#sim?.members.map(({ name }) => name) ?? [], steps }
  }

  started(member: Member, node: { readonly id: string }): void {
    if (this.#ids.has(node.id)) this.#onUnreal('restart with the same identity')
    this.#ids.add(node.id)
    if (member.starts === 1) this.startedMs = this.#now()
    const { index, options } = member
    this.#add({ kind: 'start', atMs: this.#now(), member: index, options: plainOptions(options) })
  }

  ended(): void {
    this.#onUnreal('kill')
  }

  event(member: Member, node: Parameters<NodeTally['add']>[0], event: NodeEvent): void {
    if (this.#settled) return
    if (event.type === 'warning') this.warnings++
    if (event.type === 'stop') this.tally.add(node)
    if (event.type !== 'exit' || member.node === undefined) return
    const { id } = event.peer
    const subject = this.#sim?.memberOf(id)
    if (subject?.node?.id === id && !this.#leaving.has(id)) this.falseExits++
  }

  faultBegan({ kind, members, atMs }: Fault): void {
    if (!REAL_FAULTS.has(kind)) this.#onUnreal(kind)
    for (const member of members) {
      if (kind === 'leave') {
        const id = this.#sim?.members[member]?.node?.id
        if (id !== undefined) this.#leaving.add(id)
        this.#add({ kind: 'stop', atMs, member })
      } else if (kind === 'stop-reading') this.#add({ kind: 'pause', atMs, member })
    }
  }

  faultEnded({ kind, members }: Fault, atMs: number): void {
    if (kind !== 'stop-reading') return
    for (const member of members) this.#add({ kind: 'resume', atMs, member })
  }

  sent(message: TrackedMessage): void {
    this.#add({ kind: 'say', atMs: message.sentAtMs, member: message.sender, message })
  }

  settled(): void {
    this.#settled = true
    this.settledMs = this.#now()
    this.residentBytes = process.memoryUsage.rss()
    for (const node of this.#sim?.nodes() ?? []) this.tally.add(node)
  }

  #now(): number {
    return this.#sim?.now ?? 0
  }

  #add(step: Step): void {
    if (this.#settled) return
    if (this.#steps.length === STEPS_MAX) this.#onUnreal(`more than ${STEPS_MAX} steps`)
    if (this.#steps.length < STEPS_MAX) this.#steps.push(step)
  }
}

/** Of all options those that are for the node itself. */
function plainOptions({ name, groups, headers, timers, limits }: NodeOptions): PartOptions {
  return {
    ...(name !== undefined && { name }),
    ...(groups !== undefined && { groups }),
    ...(headers !== undefined && { headers }),
    ...(timers !== undefined && { timers }),
    ...(limits !== undefined && { limits }),
  }
}
