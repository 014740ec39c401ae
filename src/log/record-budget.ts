/**
 * How many records of ours one cause may have, which mostly is a peer. A stranger joins and leaves as often as it likes, and shall not empty the
 * ring of all that is useful. What is over the budget of a second is only counted, and told in one record when the second
 * is over: before the library's next record of whatever kind, because nobody waits for it.
 */
import { NEVER } from '../base/deadlines.ts'
import type { Clock } from '../runtime/platform.ts'

const SPAN_MS = 1_000
/** Of one cause, in that time. */
const RECORDS_MAX = 20
/** These are for what is more than details: with the same again, joins and leaves cannot hide an exit. */
const IMPORTANT_RECORDS_MAX = 40

interface Spent {
  records: number
  leftOut: number
}

export class RecordBudget {
  readonly #clock: Pick<Clock, 'now'>
  readonly #tell: (cause: string, leftOut: number) => void
  /** In the present second: only who caused anything. */
  #spent = new Map<string, Spent>()
  #endsAt = NEVER

  constructor(clock: Pick<Clock, 'now'>, tell: (cause: string, leftOut: number) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /** Whether one more record may be made of what it did; otherwise it has been counted. */
  take(cause: string, isImportant: boolean): boolean {
    if (this.#spent.size === 0) this.#endsAt = this.#clock.now() + SPAN_MS
    let spent = this.#spent.get(cause)
    if (spent === undefined) {
      spent = { records: 0, leftOut: 0 }
      this.#spent.set(cause, spent)
    }
    const isWithin = spent.records < (isImportant ? IMPORTANT_RECORDS_MAX : RECORDS_MAX)
    if (isWithin) spent.records++
    else spent.leftOut++
    return isWithin
  }

  /** To be called before each record of the library: tells what was left out in a second that is over. */
  settle(): void {
    if (this.#spent.size === 0 || this.#clock.now() < this.#endsAt) return
    const over = this.#spent
    this.#spent = new Map()
    for (const [cause, { leftOut }] of over) if (leftOut > 0) this.#tell(cause, leftOut)
  }
}
