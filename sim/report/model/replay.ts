/** The matrix of views at any moment, replayed from the log: forwards step by step, backwards from the beginning. */
import type { ViewLog } from './view-log.ts'

export class Replay {
  readonly #log: ViewLog
  /** State of each pair at the moment that was last sought. */
  readonly states: Uint8Array
  /** Since when, in virtual milliseconds. */
  readonly sinceMs: Uint32Array
  #row = 0

  constructor(log: ViewLog) {
    this.#log = log
    this.states = new Uint8Array(log.size * log.size)
    this.sinceMs = new Uint32Array(log.size * log.size)
  }

  /** Goes to a moment; changes of that very millisecond have happened. */
  seek(ms: number): void {
    const { atMs, pairs, states } = this.#log
    const isBack = this.#row > 0 && atMs[this.#row - 1]! > ms
    if (isBack) {
      this.states.fill(0)
      this.sinceMs.fill(0)
      this.#row = 0
    }
    while (this.#row < atMs.length && atMs[this.#row]! <= ms) {
      const pair = pairs[this.#row]!
      this.states[pair] = states[this.#row]!
      this.sinceMs[pair] = atMs[this.#row]!
      this.#row++
    }
  }

  /** Views that there are, ghosts left out: what the journal calls known. */
  known(): number {
    let count = 0
    for (const state of this.states) if (state > 0 && state < 4) count++
    return count
  }
}
