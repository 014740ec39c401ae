/**
 * How many dials we may start: a token bucket. It makes the node a weak tool for whoever floods it
 * with made-up beacons, and smooths the start of a large mesh.
 */

export class DialBudget {
  readonly #perSecond: number
  #tokens: number
  #refilledAt = Number.NEGATIVE_INFINITY

  /** A full bucket of one second's worth. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond
    this.#tokens = perSecond
  }

  /** Takes one token; false when there is none. */
  take(now: number): boolean {
    this.#refill(now)
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** When the next token will be there. */
  nextAt(now: number): number {
    this.#refill(now)
    return this.#tokens >= 1 ? now : now + ((1 - this.#tokens) * 1_000) / this.#perSecond
  }

  #refill(now: number): void {
    if (now <= this.#refilledAt) return
    const earned = ((now - this.#refilledAt) / 1_000) * this.#perSecond
    this.#tokens = Math.min(this.#perSecond, this.#tokens + earned)
    this.#refilledAt = now
  }
}
