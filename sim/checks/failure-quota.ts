/** Which failures are told: the first ones of each check; the rest is counted. */

const TOLD_PER_CHECK = 20

export class FailureQuota {
  readonly #counts = new Map<string, number>()

  /** Counts a failure, and says whether it is to be told. */
  admit(check: string): boolean {
    const count = (this.#counts.get(check) ?? 0) + 1
    this.#counts.set(check, count)
    return count <= TOLD_PER_CHECK
  }

  /** Failures that were not told. */
  get more(): number {
    const counts = [...this.#counts.values()]
    return counts.reduce((sum, count) => sum + Math.max(0, count - TOLD_PER_CHECK), 0)
  }
}
