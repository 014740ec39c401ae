/**
 * The stage: what a scenario's scripts (`faults`, `workload`) work with. They are plain async functions that run in
 * virtual time:
 *
 *     async faults(stage) {
 *       await stage.sleep(5_000)
 *       const heal = stage.sim.partition(stage.half())
 *       await stage.sleep(20_000)
 *       heal()
 *     }
 *
 * When the time of the scenario is over, a sleep rejects with `StageOver`, which ends the script.
 */
import { EarshotError } from '../../src/base/errors.ts'
import type { EventTarget } from '../kernel/event-queue.ts'
import type { RandomStream } from '../kernel/random.ts'
import type { Member } from '../population.ts'
import type { Simulation } from '../simulation.ts'
import type { Plan } from './plan.ts'
import type { Settings, SettingValues } from './settings.ts'
import { Post, Traffic, type TrafficOptions, type TrafficWatcher } from './traffic.ts'

/** The scenario's time is over: not an error. */
export class StageOver extends Error {
  override readonly name = 'StageOver'
}

export class Stage<Declared extends Settings = Settings> {
  readonly sim: Simulation
  readonly settings: SettingValues<Declared>
  /** Virtual milliseconds that the scripts have. */
  readonly durationMs: number
  readonly #watcher: TrafficWatcher
  readonly #sleepers = new Set<Sleeper>()
  #post: Post | undefined
  #over = false

  constructor(sim: Simulation, plan: Plan<Declared>, watcher: TrafficWatcher) {
    this.sim = sim
    this.settings = plan.settings
    this.durationMs = plan.durationMs
    this.#watcher = watcher
  }

  get members(): readonly Member[] {
    return this.sim.members
  }

  /** All names, in the order of adding. */
  get names(): string[] {
    return this.sim.members.map(({ name }) => name)
  }

  /** Names of the members whose node runs and is not about to stop. */
  get running(): string[] {
    const running = this.sim.members.filter(({ node, isLeaving }) => node && !isLeaving)
    return running.map(({ name }) => name)
  }

  /** Names of the members whose node does not run. */
  get down(): string[] {
    return this.sim.members.filter(({ node }) => node === undefined).map(({ name }) => name)
  }

  /** The first half of all names, or another share of them. */
  half(share = 0.5): string[] {
    return this.names.slice(0, Math.ceil(this.names.length * share))
  }

  /** Random numbers for one purpose: for one purpose always the same, from the first one on. */
  random(purpose: string): RandomStream {
    return this.sim.random(purpose)
  }

  /** Waits until so much virtual time has passed since the beginning. Rejects like `sleep`. */
  sleepUntil(atMs: number): Promise<void> {
    return this.sleep(Math.max(0, atMs - this.sim.now))
  }

  /** Waits for virtual time to pass. Rejects with StageOver when the scenario's time is over. */
  sleep(ms: number): Promise<void> {
    if (this.#over) return Promise.reject(new StageOver('the scenario is over'))
    if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      const reason = `option ms: ${ms}; expected milliseconds, 0 or more`
      return Promise.reject(new EarshotError('ERR_EARSHOT_BAD_OPTION', reason))
    }
    return new Promise((resolve, reject) => {
      const sleeper = new Sleeper(resolve, reject, () => this.#sleepers.delete(sleeper))
      this.#sleepers.add(sleeper)
      this.sim.world.after(ms, sleeper, 0)
    })
  }

  /** Does something again and again, until the scenario is over. */
  async every(ms: number, action: () => unknown): Promise<never> {
    for (;;) {
      await this.sleep(ms)
      await action()
    }
  }

  /** Does something for each of these at the same time, until it is done for all. */
  async together<Item>(
    items: readonly Item[],
    script: (item: Item) => Promise<void>,
  ): Promise<void> {
    await Promise.all(items.map((item) => script(item)))
  }

  /** Has all nodes send tracked messages; see `TrafficOptions`. */
  traffic(options?: TrafficOptions): Promise<never> {
    this.#post ??= new Post(this.sim, this.#watcher)
    const traffic = new Traffic(this.#post, options ?? {})
    return this.every(traffic.stepMs, () => traffic.step())
  }

  /** The scenario's time is over: ends every script. */
  close(): void {
    this.#over = true
    for (const sleeper of [...this.#sleepers]) sleeper.end()
  }
}

class Sleeper implements EventTarget {
  #resolve: (() => void) | undefined
  readonly #reject: (error: Error) => void
  readonly #onEnd: () => void

  constructor(resolve: () => void, reject: (error: Error) => void, onEnd: () => void) {
    this.#resolve = resolve
    this.#reject = reject
    this.#onEnd = onEnd
  }

  handleEvent(): void {
    this.#onEnd()
    this.#resolve?.()
  }

  end(): void {
    this.#resolve = undefined
    this.#onEnd()
    this.#reject(new StageOver('the scenario is over'))
  }
}
