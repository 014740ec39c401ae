/**
 * When a source sends: a batch costs its node far more than a record in it does, so records gather; but whoever follows
 * a few of them sees them soon, and what may be somebody's last words waits for nothing.
 *
 *     after a pause    within 20 ms
 *     a few            every 100 ms
 *     many             when there are 450 of them, but every 100 to 500 ms
 *     what is urgent   at the end of the turn, five times a second; a storm of them gathers
 */

const PROMPT_MS = 20
const GATHER_MS = 100
const GATHER_MS_MAX = 500
/** So many since the last time are many; and so many are to be in a batch, which most often they fit into. */
const MANY_RECORDS = 32
const BATCH_RECORDS = 450
const URGENT_SPAN_MS = 1_000
/** In that time. */
const URGENT_MAX = 5

export class Pace {
  /** Until then nothing new is sent, but for what is urgent. */
  gatherUntil = 0
  /** When it last sent, and what its next record was then. */
  #since = 0
  #from = 1
  #urgentSince = Number.NEGATIVE_INFINITY
  #urgent = 0

  /** It sends all that was logged before the record `nextSeq`. */
  handleSending(now: number, nextSeq: number): void {
    const records = nextSeq - this.#from
    const ms = records < MANY_RECORDS ? 0 : ((now - this.#since) * BATCH_RECORDS) / records
    this.gatherUntil = now + Math.min(GATHER_MS_MAX, Math.max(GATHER_MS, ms))
    this.#since = now
    this.#from = nextSeq
  }

  /** When what waits now is to be sent. */
  gatheredAt(now: number): number {
    return Math.max(now + PROMPT_MS, this.gatherUntil)
  }

  /** When it is to be sent that waits only for an ack: it has gathered for long enough. */
  promptAt(now: number): number {
    return now + PROMPT_MS
  }

  /** Whether what is urgent is sent at once, with all before it. */
  mayHurry(now: number): boolean {
    if (now - this.#urgentSince >= URGENT_SPAN_MS) {
      this.#urgentSince = now
      this.#urgent = 0
    }
    return this.#urgent++ < URGENT_MAX
  }
}
