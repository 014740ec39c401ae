/**
 * The source: ships a node's records to whoever has subscribed to them, never more than the subscriber has acknowledged
 * keeping up with, and never waiting for anybody. What the ring overwrites meanwhile is counted and told.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { Clock, Timer } from '../runtime/platform.ts'
import type { LogFilter } from './filter.ts'
import { BATCH_BYTES_MAX } from './lines.ts'
import { Pace } from './pace.ts'
import { LEVELS } from './record.ts'
import type { Ring, RingRecord } from './ring.ts'
import { type Found, mayMatch, Scanner } from './scanner.ts'
import type { Ack, Batch, End, Refused, Subscribe } from './wire.ts'
import { BATCH_BYTES_MIN, CREDIT } from './wire.ts'

/** May be somebody's last words. */
const URGENT_LEVEL: number = LEVELS.error
/** After the subscriber's outbox was full. */
const RETRY_MS = 100
/** A subscriber is told our time no more often than this, whatever it asks for. */
const PULSE_MS_MIN = 50
const PULSE_MS_MAX = 60_000
/** Whoever wants no pulse is told all the same that its past is still looked through. */
const PAST_PULSE_MS = 1_000
/** Of one peer; and of all together, by which the cost of filters is bounded. */
const SUBSCRIPTIONS_OF_PEER_MAX = 4
const SUBSCRIPTIONS_MAX = 64

function pulseOf({ pulseMs }: Subscribe): number {
  return pulseMs === 0 ? 0 : Math.min(PULSE_MS_MAX, Math.max(PULSE_MS_MIN, pulseMs))
}

function batchBytesOf({ batchBytes = BATCH_BYTES_MAX }: Subscribe): number {
  return Math.min(BATCH_BYTES_MAX, Math.max(BATCH_BYTES_MIN, batchBytes))
}

function keyOf(subscriber: PeerId, id: number): string {
  return `${subscriber} ${id}`
}

/** Sends to a subscriber; false when its outbox is full. */
export type Deliver = (message: Batch | Refused | End) => boolean

interface Subscription {
  readonly key: string
  readonly subscriber: PeerId
  readonly id: number
  readonly filter: LogFilter
  readonly pulseMs: number
  /** Bytes of records in one batch. */
  readonly batchBytes: number
  readonly deliver: Deliver
  /** The next record to look at. */
  cursor: number
  /** Wanted records that were overwritten since the last batch. */
  lost: number
  batches: number
  acked: number
  caughtUp: boolean
  /** `sentAt` of its latest message, and when that came. */
  echo: number
  heardAt: number
  /** When something is due to be sent, at the latest. */
  dueAt: number
  /** There was more to send than the subscriber's credit. */
  isBehind: boolean
}

export interface SourceParts {
  readonly ring: Ring
  readonly clock: Clock
  /** Bytes of records that this node can send in one message. */
  readonly batchBytes: number
  /** The mesh's time, in ticks. */
  readonly ticks: () => number
}

export class LogSource {
  readonly #ring: Ring
  readonly #scanner: Scanner
  readonly #clock: Clock
  readonly #batchBytes: number
  readonly #ticks: () => number
  readonly #pace = new Pace()
  readonly #subscriptions = new Map<string, Subscription>()
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  /** For what is urgent. */
  #isRunPlanned = false
  #isOver = false
  /** Subscriptions that were not admitted. */
  refused = 0

  constructor({ ring, clock, batchBytes, ticks }: SourceParts) {
    this.#ring = ring
    this.#scanner = new Scanner(ring)
    this.#clock = clock
    this.#batchBytes = batchBytes
    this.#ticks = ticks
  }

  get subscriptions(): number {
    return this.#subscriptions.size
  }

  /** Records that whoever is furthest behind has not been sent, or has not acknowledged (a batch counts as one). */
  get unshipped(): number {
    let most = 0
    for (const { cursor, batches, acked } of this.#subscriptions.values()) {
      most = Math.max(most, this.#ring.nextSeq - cursor + batches - acked)
    }
    return most
  }

  /** `deliver` sends to the subscriber. */
  subscribe(subscriber: PeerId, wanted: Subscribe, deliver: Deliver): void {
    if (this.#isOver) return
    const key = keyOf(subscriber, wanted.id)
    const all = [...this.#subscriptions.values()]
    const own = all.filter((each) => each.subscriber === subscriber)
    const isNew = !this.#subscriptions.has(key)
    const isFull = all.length >= SUBSCRIPTIONS_MAX || own.length >= SUBSCRIPTIONS_OF_PEER_MAX
    if (isNew && isFull) {
      this.refused++
      deliver({ kind: 'refused', id: wanted.id })
      return
    }
    const now = this.#clock.now()
    this.#subscriptions.set(key, {
      key,
      subscriber,
      id: wanted.id,
      filter: wanted.filter,
      pulseMs: pulseOf(wanted),
      batchBytes: Math.min(this.#batchBytes, batchBytesOf(wanted)),
      deliver,
      ...this.#begin(wanted),
      batches: 0,
      acked: 0,
      caughtUp: false,
      echo: wanted.sentAt,
      heardAt: now,
      dueAt: now,
      isBehind: false,
    })
    this.#arm(now)
  }

  handleAck(subscriber: PeerId, { id, batch, sentAt }: Ack): void {
    const subscription = this.#subscriptions.get(keyOf(subscriber, id))
    if (subscription === undefined || batch > subscription.batches) return
    const now = this.#clock.now()
    subscription.acked = Math.max(subscription.acked, batch)
    subscription.echo = sentAt
    subscription.heardAt = now
    if (subscription.cursor >= this.#ring.nextSeq) return
    this.#arm(subscription.isBehind ? this.#pace.promptAt(now) : this.#pace.gatheredAt(now))
    subscription.isBehind = false
  }

  end(subscriber: PeerId, id: number): void {
    this.#subscriptions.delete(keyOf(subscriber, id))
  }

  /** All subscriptions of somebody who is gone. */
  forget(subscriber: PeerId): void {
    for (const [key, each] of this.#subscriptions) {
      if (each.subscriber === subscriber) this.#subscriptions.delete(key)
    }
  }

  /** There is a new record in the ring. */
  handleRecord(level: number): void {
    if (this.#subscriptions.size === 0) return
    const pace = this.#pace
    if (this.#timerAt > pace.gatherUntil) this.#arm(pace.gatheredAt(this.#clock.now()))
    if (level < URGENT_LEVEL || this.#isRunPlanned) return
    if (pace.mayHurry(this.#clock.now())) this.#planRun()
  }

  /** A record makes room: whoever has not been sent it has lost it, or may have: it is not read for each of them. */
  handleOverwritten(record: RingRecord): void {
    for (const each of this.#subscriptions.values()) {
      if (each.cursor > record.seq) continue
      each.cursor = record.seq + 1
      if (mayMatch(each.filter, record)) each.lost++
    }
  }

  /** Sends what can be sent at once, and no more after it. */
  stop(): void {
    this.#isOver = true
    const now = this.#clock.now()
    for (const each of [...this.#subscriptions.values()]) {
      // There is no later run to go on in.
      this.#scanner.begin(Number.POSITIVE_INFINITY)
      this.#ship(each, now)
      this.#scanner.begin(Number.POSITIVE_INFINITY)
      if (this.#subscriptions.has(each.key)) this.#shipFinal(each, now)
    }
    this.#subscriptions.clear()
    this.#timer?.cancel()
    this.#timerAt = Number.POSITIVE_INFINITY
  }

  #begin({ after, sinceMs }: Subscribe): { cursor: number; lost: number } {
    const { firstSeq, nextSeq } = this.#ring
    if (after === undefined) {
      const from = this.#clock.now() - sinceMs
      return { cursor: sinceMs === 0 ? nextSeq : this.#ring.seqSince(from), lost: 0 }
    }
    // Whether it wanted those that are gone, nobody knows any more.
    const cursor = Math.min(after + 1, nextSeq)
    return { cursor: Math.max(cursor, firstSeq), lost: Math.max(0, firstSeq - cursor) }
  }

  #arm(at: number): void {
    if (at >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = this.#clock.setTimer(at, this.#onTimer)
  }

  readonly #onTimer = (): void => {
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    this.#pace.handleSending(now, this.#ring.nextSeq)
    this.#run(now)
  }

  #planRun(): void {
    this.#isRunPlanned = true
    this.#clock.endOfTurn(() => {
      this.#isRunPlanned = false
      if (!this.#isOver) this.#run(this.#clock.now())
    })
  }

  #run(now: number): void {
    const scanner = this.#scanner
    scanner.begin(now)
    if (!scanner.isSpent) {
      this.#shipAll(now)
      scanner.end()
    }
    if (scanner.isSpent) this.#arm(scanner.refillAt)
  }

  #shipAll(now: number): void {
    const all = [...this.#subscriptions.values()]
    for (const [i, each] of all.entries()) {
      this.#ship(each, now)
      if (this.#subscriptions.has(each.key)) this.#arm(each.dueAt)
      if (!this.#scanner.isSpent) continue
      // The next run begins with those who had nothing of this one.
      for (const served of all.slice(0, i + 1)) {
        if (this.#subscriptions.delete(served.key)) this.#subscriptions.set(served.key, served)
      }
      return
    }
  }

  /** Sends all that is new and wanted, as far as the subscriber has kept up. */
  #ship(subscription: Subscription, now: number): void {
    while (!this.#scanner.isSpent) {
      const isWaiting = subscription.cursor < this.#ring.nextSeq
      const isDue = subscription.dueAt <= now || !subscription.caughtUp
      if (!isWaiting && !isDue) return
      if (subscription.batches - subscription.acked >= CREDIT) {
        // An ack arms the timer again.
        subscription.isBehind = isWaiting
        subscription.dueAt = now + Math.max(RETRY_MS, subscription.pulseMs)
        return
      }
      if (!this.#shipBatch(subscription, now)) {
        subscription.dueAt = now + RETRY_MS
        return
      }
      if (!subscription.caughtUp || subscription.cursor < this.#ring.nextSeq) continue
      if (subscription.pulseMs > 0) return
      this.#subscriptions.delete(subscription.key)
      return
    }
  }

  #shipBatch(subscription: Subscription, now: number): boolean {
    const { cursor, filter, batchBytes } = subscription
    const found = this.#scanner.gather(cursor, filter, batchBytes)
    const isSilent = found.records.length === 0 && found.cursor < this.#ring.nextSeq
    // Nothing of it was wanted: it is enough to say so now and then.
    if (!isSilent || subscription.dueAt <= now) {
      if (!this.#deliver(subscription, found, now)) return false
      subscription.dueAt = now + (subscription.pulseMs || PAST_PULSE_MS)
    }
    subscription.cursor = found.cursor
    return true
  }

  /**
   * The node stops: what the credit did not allow is sent all the same, as far as it fits into one batch. The newest
   * say most about a node that stops; the others are told as lost.
   */
  #shipFinal(subscription: Subscription, now: number): void {
    const { cursor, filter, batchBytes } = subscription
    const { nextSeq } = this.#ring
    if (cursor === nextSeq) return
    const scanner = this.#scanner
    const from = scanner.newest(cursor, filter, batchBytes)
    const found = scanner.gather(from, filter, batchBytes)
    const left = scanner.count(cursor, from, filter) + scanner.count(found.cursor, nextSeq, filter)
    subscription.lost += left
    this.#deliver(subscription, { ...found, cursor: nextSeq }, now, true)
  }

  #deliver(subscription: Subscription, found: Found, now: number, isFinal = false): boolean {
    const { records, cursor, upTo } = found
    const caughtUp = cursor === this.#ring.nextSeq
    const sent = subscription.deliver({
      kind: 'batch',
      id: subscription.id,
      batch: subscription.batches + 1,
      records,
      lost: subscription.lost,
      next: cursor,
      // What is logged next may have this very time.
      upTo: caughtUp ? this.#ticks() - 1 : upTo,
      caughtUp: caughtUp || subscription.caughtUp,
      ...(isFinal && { final: true }),
      wall: this.#clock.wallNow(),
      echo: subscription.echo,
      keptMs: now - subscription.heardAt,
    })
    if (!sent) return false
    subscription.batches++
    subscription.lost = 0
    subscription.caughtUp ||= caughtUp
    return true
  }
}
