/**
 * The world of a simulation: its time, its pending events, its seed and the trace of what happened.
 *
 *     run: ┌▶ next tick ─▶ events of the tick ─▶ promises settle ─▶ ends of turns ─┐
 *          └──────────────────── nothing more in this tick ◀───────────────────────┘
 *
 * Real time never enters: a run is a function of its seed and of what the program does. Promises settle once per tick
 * in which something happened. The host's own event loop turns now and then, so that signals and progress are heard; a
 * program that waits for it (for its timers, for files) within a simulation is no function of the seed.
 */
import { EarshotError } from '../../src/base/errors.ts'
import {
  EventQueue,
  type EventTarget,
  type EventToken,
  type EventQueue as Queue,
} from './event-queue.ts'
import { RandomStream, seedNumber } from './random.ts'
import { MS_PER_TICK, msOf, ticksOf } from './time.ts'
import { Trace } from './trace.ts'

/** Takes part in the end of a turn. */
export interface TurnTaker {
  endTurn(): void
}

/** How often a run looks up from its work, to show progress and to let the program be interrupted. */
const BREATH_MS = 50
/** More than this in one tick is a program that puts events in for ever: no network does. */
const TICK_EVENTS_MAX = 10_000_000
/** So are more rounds of promises and ends of turns than this. */
const TICK_ROUNDS_MAX = 100_000

// The host's own, also where a test has put false timers in their place since.
const { setImmediate } = globalThis
const nextTick: (callback: () => void) => void = process.nextTick.bind(process)
const hostNow: () => number = performance.now.bind(performance)

export interface RunOptions {
  /** Ends the run early, between two ticks. */
  readonly until?: () => boolean
  /** Called every 50 ms or so of real time. */
  readonly onProgress?: () => void
  readonly signal?: AbortSignal
}

export class World {
  /** As it was given. */
  readonly seed: number | string
  readonly seedNumber: number
  readonly trace: Trace = new Trace()
  readonly #queue: Queue = new EventQueue()
  #turns: TurnTaker[] = []
  #events = 0
  #running = false
  /** When to look up next, on the host's clock. Of all runs: a program may let time pass in small steps. */
  #breathAt = hostNow() + BREATH_MS

  constructor(seed: number | string) {
    this.seed = seed
    this.seedNumber = seedNumber(seed)
  }

  /** The present tick. */
  get tick(): number {
    return this.#queue.now
  }

  /** Virtual milliseconds since the world began. */
  get now(): number {
    return this.#queue.now * MS_PER_TICK
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events
  }

  get pendingEvents(): number {
    return this.#queue.length
  }

  /** Whom pending events are for, once per event: to look for leaks. */
  pendingTargets(): Iterable<EventTarget> {
    return this.#queue.pendingTargets()
  }

  /** A sequence of random numbers for one purpose. */
  random(purpose: string): RandomStream {
    return new RandomStream(this.seedNumber, purpose)
  }

  /** In `delayMs`, rounded up to the next tick. */
  after(delayMs: number, target: EventTarget, kind: number, argument = 0): EventToken {
    const tick = this.#queue.now + ticksOf(delayMs)
    return this.#queue.push(tick, target, kind, argument)
  }

  /** At a tick that is not in the past. */
  at(tick: number, target: EventTarget, kind: number, argument = 0): EventToken {
    return this.#queue.push(tick, target, kind, argument)
  }

  cancel(token: EventToken): boolean {
    return this.#queue.cancel(token)
  }

  /** Has `taker.endTurn()` called at the end of this turn: after the events and promises of this tick. */
  atEndOfTurn(taker: TurnTaker): void {
    this.#turns.push(taker)
  }

  /**
   * Lets `ms` of virtual time pass, rounded up to a whole tick; 0 finishes what happens now.
   *
   * @throws EarshotError ERR_EARSHOT_BAD_OPTION for what is no length of time.
   */
  async run(ms: number, options: RunOptions = {}): Promise<void> {
    if (typeof ms !== 'number' || !(ms >= 0 && ms < Number.POSITIVE_INFINITY)) {
      const expected = 'expected milliseconds, 0 or more'
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', `option ms: ${ms}; ${expected}`)
    }
    if (this.#running) {
      throw new Error('one run at a time: await the one before, and start none from a listener')
    }
    this.#running = true
    try {
      await this.#run(this.#queue.now + ticksOf(ms), options)
    } finally {
      this.#running = false
    }
  }

  async #run(endTick: number, { until, onProgress, signal }: RunOptions): Promise<void> {
    await this.#finishTick()
    for (;;) {
      if (hostNow() >= this.#breathAt) {
        await turned()
        onProgress?.()
        this.#breathAt = hostNow() + BREATH_MS
      }
      if (until?.() === true || signal?.aborted === true) return
      const tick = this.#queue.nextTick()
      if (tick > endTick) break
      this.#queue.advance(tick)
      await this.#finishTick()
    }
    this.#queue.advance(endTick)
  }

  /** Everything that happens in the present tick. */
  async #finishTick(): Promise<void> {
    const eventsMax = this.#events + TICK_EVENTS_MAX
    for (let round = 0; round < TICK_ROUNDS_MAX; round++) {
      this.#takeEvents(eventsMax)
      await settled()
      if (this.#queue.nextTick() === this.#queue.now) continue
      if (this.#turns.length === 0) return
      const turns = this.#turns
      this.#turns = []
      for (const taker of turns) taker.endTurn()
    }
    throw this.#stuck(`more than ${TICK_ROUNDS_MAX} turns`)
  }

  #takeEvents(eventsMax: number): void {
    const queue = this.#queue
    while (queue.take()) {
      this.trace.note(queue.now, queue.kind, queue.argument)
      if (++this.#events > eventsMax) throw this.#stuck(`more than ${TICK_EVENTS_MAX} events`)
      queue.target!.handleEvent(queue.kind, queue.argument)
    }
  }

  #stuck(what: string): Error {
    const { target, kind } = this.#queue
    const last = `the last event was of kind ${kind}, for a ${target?.constructor.name}`
    return new Error(`time does not move: ${what} at ${this.timeText()}; ${last}`)
  }

  /** For messages: `12.345 s`. */
  timeText(): string {
    return `${(msOf(this.tick) / 1_000).toFixed(3)} s`
  }
}

/**
 * By then every promise that can settle has settled, and all that follows from it: Node.js goes on to the next tick of
 * its own only when no promise has anything left to do. A turn of the event loop would do the same, for ten times the
 * time.
 */
function settled(): Promise<void> {
  return new Promise(nextTick)
}

/** A turn of the host's event loop. */
function turned(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
