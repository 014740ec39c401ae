/** Something that is done again and again, about every so many milliseconds, and never quite in step with others. */
import type { Platform, Timer } from '../runtime/platform.ts'

export class Rounds {
  readonly #platform: Platform
  readonly #everyMs: number
  readonly #work: () => void
  #timer: Timer | undefined

  constructor(platform: Platform, everyMs: number, work: () => void) {
    this.#platform = platform
    this.#everyMs = everyMs
    this.#work = work
  }

  /** Has the next round come in `everyMs`, however near it was. */
  start(): void {
    const { clock, entropy } = this.#platform
    this.#timer?.cancel()
    const at = clock.now() + this.#everyMs * (0.9 + 0.1 * entropy.random())
    this.#timer = clock.setTimer(at, () => {
      // First the next one: the work may call the application, which may end everything.
      this.start()
      this.#work()
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }
}
