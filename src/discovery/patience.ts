/** How long to wait before the next attempt: twice as long after each failure, and never quite the same for two nodes. */
import type { Entropy } from '../runtime/platform.ts'

export class Patience {
  readonly #msMin: number
  readonly #msMax: number
  readonly #entropy: Entropy
  #failures = 0

  constructor(msMin: number, msMax: number, entropy: Entropy) {
    this.#msMin = msMin
    this.#msMax = msMax
    this.#entropy = entropy
  }

  /** In a row. */
  get failures(): number {
    return this.#failures
  }

  /** It worked, or the world has changed: the next failure is the first. */
  reset(): void {
    this.#failures = 0
  }

  /** After a failure: milliseconds to the next attempt. */
  nextMs(): number {
    const ms = Math.min(this.#msMax, this.#msMin * 2 ** this.#failures)
    this.#failures++
    return ms * (0.5 + 0.5 * this.#entropy.random())
  }
}
