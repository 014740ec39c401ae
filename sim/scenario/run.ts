/**
 * Runs a scenario, start to end:
 *
 *     boot ─▶ faults and workload ─▶ heal ─▶ converge ─▶ settled ─▶ all stop ─▶ result
 *             (durationMs)                   (at most CONVERGE_MS)
 *
 * Everything random comes from the seed; the result's hash says whether two runs went the same way.
 */
import { EarshotError } from '../../src/base/errors.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { NodeEvent, NodeEventType } from '../../src/runtime/node-events.ts'
import type { Check, Failure, Watcher } from '../checks/check.ts'
import { FailureQuota } from '../checks/failure-quota.ts'
import { Journal } from '../journal/journal.ts'
import { outlook } from '../journal/outlook.ts'
import type { Chunking } from '../network/tcp-shared.ts'
import type { Member, WrapPlatform } from '../population.ts'
import type { LogSink } from '../recording/entries.ts'
import { Simulation } from '../simulation.ts'
import { COMMON_SETTINGS, type RunInfo } from './info.ts'
import { type Plan, planRandom } from './plan.ts'
import { type RunResult, resultOf } from './result.ts'
import type { AnyScenario } from './scenario.ts'
import { type Settings, settingValues } from './settings.ts'
import { Stage, StageOver } from './stage.ts'

export interface ScenarioRunOptions {
  readonly seed: number | string
  /** Defaults of the scenario apply to what is left out. */
  readonly nodes?: number
  readonly durationMs?: number
  readonly settings?: Readonly<Record<string, string | number>>
  readonly checks?: readonly Check[]
  /** Keeps what a report needs: samples, and every change of every view, 32 bytes each. */
  readonly keepsViews?: boolean
  /** The seed and all derived options, before anything happens. */
  readonly onStart?: (info: RunInfo) => void
  /** See `SimulationOptions`. */
  readonly wrapPlatform?: WrapPlatform
  /** Takes the merged log of the run; see `SimulationOptions`. Failures of checks stand in it as well. */
  readonly log?: LogSink
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
}

export interface Progress {
  readonly phase: 'booting' | 'running' | 'converging' | 'stopping'
  readonly virtualMs: number
  readonly durationMs: number
  readonly wallMs: number
  readonly events: number
  readonly knownViews: number
  readonly completeViews: number
  readonly memoryBytes: number
}

export interface ScenarioRun {
  readonly result: RunResult
  readonly journal: Journal
  readonly info: RunInfo
  readonly members: readonly Member[]
}

/** After the last fault a mesh has this long until all see each other. Ghosts need 30 s to expire. */
const CONVERGE_MS = 90_000
/** Looking at all that all nodes see costs nodes². */
const LOOK_AGAIN_MS = 50
const LOOK_ANYWAY_MS = 2_000
/** A scenario that ends once it is complete lasts this long at the least. */
const BRIEF_MS = 3_000
const SAMPLE_MS = 1_000
/** Nobody says anything any more: what is under way arrives. */
const QUIET_MS = 1_000
/** A network of the default size has 65,534 addresses. */
export const NODES_MAX = 60_000
const EVENT_TYPES = [
  'enter',
  'join',
  'leave',
  'whisper',
  'shout',
  'evasive',
  'silent',
  'alive',
  'blocked',
  'unblocked',
  'drop',
  'exit',
  'warning',
  'stop',
  'asleep',
] as const satisfies readonly NodeEventType[]

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION for a wrong option, and whatever the scenario's scripts throw. */
export function runScenario(
  scenario: AnyScenario,
  options: ScenarioRunOptions,
): Promise<ScenarioRun> {
  return new Runner(scenario, options).run()
}

class Runner {
  readonly #scenario: AnyScenario
  readonly #options: ScenarioRunOptions
  readonly #plan: Plan<Settings>
  readonly #sim: Simulation
  readonly #journal: Journal
  readonly #watchers: Watcher[]
  readonly #stage: Stage
  readonly #info: RunInfo
  readonly #failures: Failure[] = []
  readonly #quota = new FailureQuota()
  readonly #startedAt = performance.now()
  #scriptError: { readonly error: unknown } | undefined
  #phase: Progress['phase'] = 'booting'
  #convergedMs: number | null = null

  constructor(scenario: AnyScenario, options: ScenarioRunOptions) {
    this.#scenario = scenario
    this.#options = options
    const declared: Settings = { ...COMMON_SETTINGS, ...scenario.settings }
    const nodes = options.nodes ?? scenario.nodes
    const durationMs = options.durationMs ?? scenario.durationMs
    checkCounts(nodes, durationMs)
    const settings = settingValues(declared, options.settings ?? {})
    this.#plan = { nodes, durationMs, settings, random: planRandom(options.seed) }
    this.#sim = this.#build()
    this.#journal = new Journal(this.#sim, {
      size: nodes,
      keepsViews: options.keepsViews ?? false,
    })
    const checks = [...(options.checks ?? []), ...(scenario.checks ?? [])].filter(
      ({ name }) => !(name in (scenario.skipChecks ?? {})),
    )
    this.#watchers = [this.#journal, ...checks.map((check) => this.#watch(check))]
    this.#stage = new Stage(this.#sim, this.#plan, {
      sent: (message, accepted, peers) =>
        this.#tell((each) => each.sent?.(message, accepted, peers)),
      received: (member, node, message, from) =>
        this.#tell((each) => each.received?.(member, node, message, from)),
    })
    this.#info = {
      scenario: scenario.name,
      seed: options.seed,
      nodes,
      durationMs,
      settings,
      checks: checks.map(({ name }) => name),
    }
  }

  async run(): Promise<ScenarioRun> {
    this.#options.onStart?.(this.#info)
    this.#observe()
    await this.#boot()
    this.#phase = 'running'
    this.#script(this.#scenario.faults)
    this.#script(this.#scenario.workload ?? ((stage) => this.#defaultWorkload(stage)))
    await this.#runFor(this.#plan.durationMs - this.#sim.now, () => this.#isEarlyEnd())
    this.#stage.close()
    this.#sim.note('info', 'the scenario is over: what is still being done to the mesh ends')
    this.#sim.heal()
    this.#phase = 'converging'
    await this.#converge()
    await this.#runFor(QUIET_MS)
    const { known, complete } = this.#journal.views
    const verdict = this.#convergedMs === null ? 'has not settled' : 'has settled'
    this.#sim.note('info', `the mesh ${verdict}, and all stop`, { known, complete })
    this.#tell((each) => each.settled?.())
    this.#phase = 'stopping'
    await this.#sim.stop()
    this.#sample()
    this.#tell((each) => each.stopped?.())
    return this.#end(known, complete)
  }

  #end(known: number, complete: number): ScenarioRun {
    const result = resultOf(this.#scenario, this.#info, this.#sim, this.#journal, {
      failures: this.#failures,
      moreFailures: this.#quota.more,
      wallMs: performance.now() - this.#startedAt,
      convergedMs: this.#convergedMs,
      known,
      complete,
    })
    const { members } = this.#sim
    return { result, journal: this.#journal, info: this.#info, members }
  }

  // Before

  #build(): Simulation {
    const { settings } = this.#plan
    const plan = this.#scenario.network?.(this.#plan) ?? { networks: [{}] }
    const weather = settings['weather'] === 'own' ? {} : { weather: String(settings['weather']) }
    const coalesceMs = Number(settings['coalesceMs'])
    const networks = plan.networks.map((each) => ({
      ...each,
      ...weather,
      ...(coalesceMs > 0 && { coalesceMs }),
    }))
    const { seed, wrapPlatform, log } = this.#options
    const sim = new Simulation({
      seed,
      ...(log !== undefined && { log: this.#described(log) }),
      ...(wrapPlatform !== undefined && { wrapPlatform }),
      networks,
      chunking: plan.chunking ?? (settings['chunking'] as Chunking),
    })
    for (const { joins, weather } of plan.routers ?? []) sim.addRouter(joins, weather)
    return sim
  }

  /** The same, but that its first entry says what was run. */
  #described(log: LogSink): LogSink {
    const { nodes, durationMs, settings } = this.#plan
    const about = { scenario: this.#scenario.name, nodes, durationMs, settings }
    return (entry) => log(entry.type === 'earshot.recording/1' ? { ...entry, ...about } : entry)
  }

  #watch(check: Check): Watcher {
    const report = (message: string): void => {
      if (!this.#quota.admit(check.name)) return
      this.#sim.note('error', message, { event: 'failure', check: check.name })
      this.#failures.push({ check: check.name, atMs: this.#sim.now, message })
    }
    const isHealthy = this.#scenario.faults === undefined
    return check.watch({ sim: this.#sim, report, isHealthy })
  }

  #observe(): void {
    const sim = this.#sim
    sim.onStart((member, node) => {
      this.#tell((each) => each.started?.(member, node))
      for (const type of EVENT_TYPES)
        node.on(type, (event) => this.#handleEvent(member, node, event))
    })
    sim.onEnd((member, node) => this.#tell((each) => each.ended?.(member, node)))
    sim.onFault({
      began: (fault) => this.#tell((each) => each.faultBegan?.(fault)),
      ended: (fault, atMs) => this.#tell((each) => each.faultEnded?.(fault, atMs)),
    })
  }

  async #boot(): Promise<void> {
    const { nodes } = this.#plan
    const { node, bootMs = 0, lateFrom } = this.#scenario
    const width = String(nodes).length
    for (let index = 0; index < nodes; index++) {
      const name = `node-${String(index + 1).padStart(width, '0')}`
      this.#sim.addHost({ name, groups: ['all'], ...node?.(index, this.#plan) })
    }
    const count = Math.min(nodes, lateFrom?.(this.#plan) ?? nodes)
    const stepMs = (typeof bootMs === 'function' ? bootMs(this.#plan) : bootMs) / count
    for (const { name } of this.#sim.members.slice(0, count)) {
      await this.#sim.start(name)
      if (stepMs > 0) await this.#runFor(stepMs)
    }
  }

  async #defaultWorkload(stage: Stage): Promise<void> {
    const { everyMs, messageBytes } = this.#plan.settings as Record<string, number>
    if (everyMs === 0) return
    await stage.traffic({ everyMs: everyMs!, bytes: messageBytes! })
  }

  // Meanwhile

  #script(script: ((stage: Stage) => Promise<void>) | undefined): void {
    script?.(this.#stage).catch((error: unknown) => {
      if (!(error instanceof StageOver)) this.#scriptError ??= { error }
    })
  }

  async #runFor(ms: number, until?: () => boolean): Promise<void> {
    const { signal } = this.#options
    let left = ms
    while (left > 0 && until?.() !== true) {
      const untilSample = SAMPLE_MS - (this.#sim.now % SAMPLE_MS)
      const step = Math.min(left, untilSample)
      left -= step
      await this.#sim.run(step, {
        onProgress: () => this.#options.onProgress?.(this.#progress()),
        until: () => this.#scriptError !== undefined || until?.() === true,
        ...(signal !== undefined && { signal }),
      })
      if (this.#scriptError !== undefined) throw this.#scriptError.error
      signal?.throwIfAborted()
      if (step === untilSample) this.#sample()
    }
  }

  #sample(): void {
    this.#tell((each) => each.sampled?.())
  }

  async #converge(): Promise<void> {
    const startedAt = this.#sim.now
    // Nodes that were told to leave at the last moment may take a while to.
    let lives = -1
    let expected = 0
    let lookAgainAt = 0
    let lookAnywayAt = startedAt + LOOK_ANYWAY_MS
    const isConverged = (): boolean => {
      if (this.#convergedMs !== null) return true
      const { truths, views } = this.#journal
      if (lives !== truths.length) expected = views.complete
      lives = truths.length
      // Counting is cheap, and no more than a hint. There may be more views than expected, of nodes that moved behind
      // a router; and fewer, where a node with the identity of its predecessor is taken for it without a word.
      const { now } = this.#sim
      if (now < (views.known < expected ? lookAnywayAt : lookAgainAt)) return false
      lookAgainAt = now + LOOK_AGAIN_MS
      lookAnywayAt = now + LOOK_ANYWAY_MS
      if (!this.#sim.members.every((member) => this.#isSettled(member))) return false
      this.#convergedMs = this.#sim.now - startedAt
      return true
    }
    await this.#runFor(CONVERGE_MS, isConverged)
  }

  #isSettled(member: Member): boolean {
    if (member.node === undefined) return true
    if (member.isLeaving) return false
    const { missing, ghosts, quiet, outdated } = outlook(this.#sim, member)
    return missing.length + ghosts.length + quiet.length + outdated.length === 0
  }

  #isEarlyEnd(): boolean {
    if (this.#scenario.untilComplete !== true || this.#sim.now < BRIEF_MS) return false
    return this.#journal.views.milestone(100) !== undefined
  }

  #handleEvent(member: Member, node: MeshNode, event: NodeEvent): void {
    this.#tell((each) => each.event?.(member, node, event))
  }

  #tell(action: (watcher: Watcher) => void): void {
    for (const watcher of this.#watchers) action(watcher)
  }

  #progress(): Progress {
    const { views } = this.#journal
    return {
      phase: this.#phase,
      virtualMs: this.#sim.now,
      durationMs: this.#plan.durationMs,
      wallMs: performance.now() - this.#startedAt,
      events: this.#sim.world.events,
      knownViews: views.known,
      completeViews: views.complete,
      memoryBytes: process.memoryUsage.rss(),
    }
  }
}

function checkCounts(nodes: number, durationMs: number): void {
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > NODES_MAX) {
    const reason = `option nodes: ${nodes} is no count from 1 to ${NODES_MAX}`
    throw new EarshotError('ERR_EARSHOT_BAD_OPTION', reason)
  }
  if (!(durationMs > 0 && durationMs <= 30 * 24 * 3_600_000)) {
    const reason = `option durationMs: ${durationMs} is no duration up to 30 days`
    throw new EarshotError('ERR_EARSHOT_BAD_OPTION', reason)
  }
}
