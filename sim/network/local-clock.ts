/**
 * The clock of a host: virtual time as its hardware shows it, with drift, stops and jumps. Monotonic time never
 * goes back; only the time of day jumps. It is right as long as nothing is done to it.
 */
import { EarshotError } from '../../src/base/errors.ts'
import type { World } from '../kernel/world.ts'

/** The time of day at which virtual time begins, an arbitrary one: 2026-01-01T00:00:00Z. */
export const EPOCH_MS = 1_767_225_600_000

export class LocalClock {
  readonly #world: World
  /** Local milliseconds at the moment `#sinceMs` of the world. */
  #baseMs: number
  #sinceMs: number
  /** Local milliseconds per millisecond of the world: 1.0001 gains 100 ppm, 0 stands still. */
  #rate = 1
  /** Milliseconds that its time of day is ahead of its monotonic clock, the epoch left aside. */
  #aheadMs: number

  /** Hosts were not started at once: their monotonic clocks differ by `originMs`. */
  constructor(world: World, originMs: number) {
    this.#world = world
    this.#baseMs = originMs
    this.#sinceMs = world.now
    this.#aheadMs = world.now - originMs
  }

  get rate(): number {
    return this.#rate
  }

  now(): number {
    return this.#baseMs + (this.#world.now - this.#sinceMs) * this.#rate
  }

  wallNow(): number {
    return EPOCH_MS + this.now() + this.#aheadMs
  }

  /** Milliseconds of the world until the clock shows `at`; Infinity for a clock that stands. */
  worldMsUntil(at: number): number {
    const left = at - this.now()
    if (left <= 0) return 0
    return this.#rate === 0 ? Number.POSITIVE_INFINITY : left / this.#rate
  }

  /** @throws EarshotError ERR_EARSHOT_BAD_OPTION */
  setRate(rate: number): void {
    checkRate(rate)
    this.#baseMs = this.now()
    this.#sinceMs = this.#world.now
    this.#rate = rate
  }

  /** Sets the time of day on or back. @throws EarshotError ERR_EARSHOT_BAD_OPTION */
  jump(ms: number): void {
    if (!Number.isFinite(ms)) {
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', `option ms: ${ms}; expected milliseconds`)
    }
    this.#aheadMs += ms
  }
}

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION */
export function checkRate(rate: number): void {
  if (rate >= 0 && rate < Number.POSITIVE_INFINITY) return
  throw new EarshotError('ERR_EARSHOT_BAD_OPTION', `option rate: ${rate}; expected 0 or more`)
}
