/** What a collector knows of one node that it collects from: how far it has come, and what it is waiting for. */
import type { PeerId } from '../base/peer-id.ts'
import { ClockOffset } from './offsets.ts'
import type { Origin } from './reorder.ts'
import { type Batch, CREDIT } from './wire.ts'

/** A source that should say something twice a second and is not heard for so long has forgotten us. */
const SILENT_MS = 3_000
/** Whoever does not answer, having no log, is asked less and less often. */
const SILENT_MS_MAX = 60_000

/** Whose records wait in the reorder window. */
export interface Holder extends Origin {
  /** So many of them. */
  held: number
  /** It has left, and will be told as gone when what it said has been given. */
  readonly isGone: boolean
}

export class Followed implements Holder {
  readonly node: PeerId
  readonly name: string
  since: number
  readonly offset: ClockOffset = new ClockOffset()
  toldOffsetMs = 0
  /** Everything of it up to here has come, in ticks. */
  upTo = 0
  lastSeq = 0
  /** What it looks at next: all before has come, is told as lost, or was not wanted. 0 before its first batch. */
  next: number
  answered = false
  caughtUp = false
  /** The number of the batch whose ack waits; 0 for none. */
  unacked = 0
  held = 0
  /** When its last batch came, or when it was asked for the next. */
  heardAt: number
  isGone = false
  /** When the present subscription was sent; `undefined` until it could be. */
  #subscribedAt: number | undefined
  /** Of the present subscription. */
  #batches = 0
  #acked = 0
  #silentAt = Number.POSITIVE_INFINITY
  readonly #silentMs: number
  /** What it has for an answer: longer each time, until there is one. */
  #patienceMs: number

  /** `next`: where it stood when it was here before; 0 for one that was not. */
  constructor(node: PeerId, name: string, since: number, windowMs: number, next: number) {
    this.node = node
    this.name = name
    this.since = since
    this.heardAt = since
    this.next = next
    this.lastSeq = Math.max(0, next - 1)
    this.#silentMs = Math.max(SILENT_MS, 3 * windowMs)
    this.#patienceMs = this.#silentMs
  }

  /** It is back before it was told as gone, and goes on where it was. */
  returned(now: number): void {
    this.isGone = false
    this.since = now
    this.heardAt = now
    this.caughtUp = false
  }

  /** A subscription was sent, or could not be. */
  subscribed(now: number, isSent: boolean): void {
    this.#subscribedAt = isSent ? now : undefined
    this.#silentAt = now + this.#patienceMs
    this.#batches = 0
    this.#acked = 0
    this.unacked = 0
    if (isSent && !this.answered) {
      this.#patienceMs = Math.max(this.#silentMs, Math.min(SILENT_MS_MAX, 2 * this.#patienceMs))
    }
  }

  get isSubscribed(): boolean {
    return this.#subscribedAt !== undefined
  }

  /**
   * False for what is left of an earlier subscription (the present one begins where that had come to, and says all of it
   * again), and for what the source must not send: batches beyond those that were acknowledged, but for its last words.
   */
  admits({ batch, echo, final }: Batch): boolean {
    if (this.#subscribedAt === undefined || echo < this.#subscribedAt) return false
    return batch === this.#batches + 1 && batch - this.#acked <= CREDIT + (final === true ? 1 : 0)
  }

  received({ batch, upTo, caughtUp, next }: Batch, now: number): void {
    this.heardAt = now
    this.#batches = batch
    this.answered = true
    this.#patienceMs = this.#silentMs
    this.unacked = batch
    this.upTo = Math.max(this.upTo, upTo)
    this.caughtUp ||= caughtUp
    this.next = Math.max(this.next, next)
  }

  acked(now: number): void {
    this.#acked = this.unacked
    this.unacked = 0
    this.heardAt = now
    this.#silentAt = now + this.#silentMs
  }

  /** We are late ourselves: what it has sent may wait unread. */
  excuse(ms: number): void {
    this.heardAt += ms
    this.#silentAt += ms
  }

  /** When it has been silent for too long; never, while it waits for us. */
  get silentAt(): number {
    return this.unacked > 0 ? Number.POSITIVE_INFINITY : this.#silentAt
  }
}
