/** How fast somebody may send: so many messages a second, and so many at once. All connections of one stranger share one. */
import type { GossipLimits } from './limits.ts'

export class Allowance {
  readonly #limits: Pick<GossipLimits, 'messagesPerSecond' | 'messagesAtOnce'>
  #tokens: number
  #at: number

  constructor(limits: Pick<GossipLimits, 'messagesPerSecond' | 'messagesAtOnce'>, now: number) {
    this.#limits = limits
    this.#tokens = limits.messagesAtOnce
    this.#at = now
  }

  /** A message came. False when the next is to wait. */
  take(now: number): boolean {
    this.#tokens = this.#tokensAt(now) - 1
    this.#at = now
    return this.#tokens >= 1
  }

  /** Whether a new one would allow no more. */
  isWhole(now: number): boolean {
    return this.#tokensAt(now) >= this.#limits.messagesAtOnce
  }

  #tokensAt(now: number): number {
    const { messagesPerSecond, messagesAtOnce } = this.#limits
    const gained = ((now - this.#at) * messagesPerSecond) / 1_000
    return Math.min(messagesAtOnce, this.#tokens + gained)
  }
}
