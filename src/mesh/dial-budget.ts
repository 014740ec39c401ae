/**
 * How many dials we may start: a token bucket. It makes the node a weak tool for whoever floods it
 * with made-up beacons, and smooths the start of a large mesh.
 *
 * It counts no tokens, which would be fractions and never quite a whole one again: each dial pays for its share
 * of a second, and up to one second may be owed. So `take` succeeds exactly from the time that `nextAt` gave.
 */

const SECOND_MS = 1_000

export class DialBudget {
  readonly #costMs: number
  readonly #owedMsMax: number
  /** All dials so far are paid for at this time. */
  #paidAt: number

  /** A full bucket of one second's worth, and of one dial at least. */
  constructor(perSecond: number) {
    this.#costMs = SECOND_MS / perSecond
    this.#owedMsMax = Math.max(0, SECOND_MS - this.#costMs)
    this.#paidAt = perSecond > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }

  /** Takes one dial's worth; false when there is none. */
  take(now: number): boolean {
    if (now < this.nextAt(now)) return false
    this.#paidAt = Math.max(this.#paidAt, now) + this.#costMs
    return true
  }

  /** When the next dial may start. */
  nextAt(now: number): number {
    return Math.max(now, this.#paidAt - this.#owedMsMax)
  }
}
