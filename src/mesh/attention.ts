/**
 * Attention: whether what peers say is read. While the application does not read, their bytes wait in the
 * network, and PINGs and their answers among them: then a peer's silence means nothing, and ours must not mean
 * anything to it. So nobody is judged by what may wait unread (see `watch.ts`), and each peer gets a PING now and
 * then: every implementation takes it for a sign of life.
 */
import { NEVER } from '../base/deadlines.ts'
import type { MeshContext } from './context.ts'
import type { Links } from './links.ts'
import type { Roster } from './roster.ts'

export class Attention {
  readonly #context: MeshContext
  readonly #links: Links
  readonly #roster: Roster
  /** When the next signs of life are due, as long as we do not read. */
  #owedAt = Number.NEGATIVE_INFINITY

  constructor(context: MeshContext, links: Links, roster: Roster) {
    this.#context = context
    this.#links = links
    this.#roster = roster
  }

  /** When the next signs of life are due. */
  get nextAt(): number {
    return this.#context.isReading ? NEVER : this.#owedAt
  }

  setReading(reading: boolean, now: number): void {
    if (reading === this.#context.isReading) return
    this.#context.readingSince = reading ? now : NEVER
    // Short pauses, one after the other, must not put it off for ever: what is read between them may take long.
    const isOver = now - this.#owedAt > this.#intervalMs
    if (!reading && isOver) this.#owedAt = now + this.#intervalMs
  }

  handleDue(now: number): void {
    if (now < this.nextAt) return
    this.#owedAt = now + this.#intervalMs
    for (const peer of this.#roster.all()) this.#links.showLife(peer, now)
  }

  /** C Zyre's peers become evasive after 5 s, and so do ours by default. */
  get #intervalMs(): number {
    const { evasiveMs, linkDeadMs } = this.#context.options.timers
    return Math.min(evasiveMs, linkDeadMs, 5_000) / 2
  }
}
