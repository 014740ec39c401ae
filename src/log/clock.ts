/**
 * The mesh clock: a hybrid logical clock, by which records of different nodes are put in order.
 *
 * Its time is the host's wall clock where that is ahead, runs with the host's monotonic clock, and never goes back. Whoever
 * is told a later time takes it over: so all nodes soon show about the same time (that of the clock that is furthest
 * ahead), and what was caused by something is always later than it, however wrong the clocks are.
 *
 * After Kulkarni, Demirbas et al., "Logical Physical Clocks" (2014), with the lead over the own clock kept, so that
 * a slow clock stays abreast between two messages.
 */
import type { Clock } from '../runtime/platform.ts'

/** Time is counted in ticks of 1/1024 ms since 1970: a whole number until the year 2248, and exact in a double. */
export const TICKS_PER_MS = 1_024

/**
 * A time that is further ahead of the host's wall clock than this is no wrong clock but nonsense; 400 days. Of the wall
 * clock, not of the mesh's time: that would follow, step by step, wherever somebody wants it.
 */
const AHEAD_MS_MAX: number = 400 * 86_400_000
/** 2026. A wall clock before this was never set (there are hosts that begin in 1970); to be moved with releases. */
const NOT_BEFORE_MS = 1_767_225_600_000
/** No clock gets further, whatever the wall clock shows: there is room for stamps beyond, until 2 ** 53. */
const TICKS_MAX: number = 2 ** 52

export class MeshClock {
  readonly #clock: Clock
  /** Milliseconds that the mesh's time is ahead of the host's monotonic clock. */
  #lead: number
  /** The last time that was given or taken over. */
  #last = 0
  /** When it was last read, by the host's monotonic clock, and what the wall clock showed: milliseconds since 1970. */
  readAt = 0
  wall = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lead = clock.wallNow() - clock.now()
  }

  /** The time now, in ticks. Two calls may give the same. */
  read(): number {
    return Math.max(this.#last, this.#ticks())
  }

  /** A time for something that happens now: later than all that this node has given or been told before. */
  stamp(): number {
    this.#last = Math.max(this.#last + 1, this.#ticks())
    return this.#last
  }

  /** Somebody else's time. False when it is nonsense, and not taken over. */
  merge(ticks: number): boolean {
    if (!Number.isInteger(ticks) || ticks <= 0) return false
    const wall = Math.max(this.#clock.wallNow(), NOT_BEFORE_MS)
    if (ticks > Math.min(TICKS_MAX, (wall + AHEAD_MS_MAX) * TICKS_PER_MS)) return false
    const ahead = ticks - this.read()
    if (ahead > 0) this.#lead += ahead / TICKS_PER_MS
    this.#last = Math.max(this.#last, ticks)
    return true
  }

  #ticks(): number {
    const now = this.#clock.now()
    this.readAt = now
    this.wall = this.#clock.wallNow()
    // A wall clock that was put forward is believed, one that was put back is not.
    const lead = this.wall - now
    if (lead > this.#lead) this.#lead = lead
    const ticks = Math.floor((now + this.#lead) * TICKS_PER_MS)
    return Math.min(TICKS_MAX, Math.max(0, ticks))
  }
}
