/**
 * The collector: subscribes to the logs of other nodes (and of its own), and gives their records as one stream, in an
 * order that respects cause and effect.
 *
 *     enter ─▶ subscribe ─▶ batches ─▶ [ reorder window ] ─▶ entries, for `for await`
 *                  ▲                                              │
 *                  └──────────── ack: more, once there is room ◀──┘
 *
 * Whoever reads slowly has the acks wait, and with them the sources, whose rings may then overwrite records: the gap is
 * an entry of its own. Nobody else notices.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { PeerInfo } from '../runtime/node-events.ts'
import type { Clock, Timer } from '../runtime/platform.ts'
import type { CollectOptions, LogEntry } from './entries.ts'
import { EntryQueue, OVERFULL_WEIGHT, weightOf } from './entry-queue.ts'
import { type LogFilter, matches, readFilter } from './filter.ts'
import { Followed, type Holder } from './followed.ts'
import { completeUpTo, furthestBehind, isPastComing, PAST_MS_MAX } from './patience.ts'
import { contentOf, type RawRecord } from './record.ts'
import { type Held, type Origin, ReorderWindow } from './reorder.ts'
import type { Ack, Batch, ToSource } from './wire.ts'

/** The weight of entries and records that wait to be read; beyond it acks wait. Most weigh one. */
const WAITING_MAX = 20_000
const WINDOW_MS = 1_000
/** Nodes that left and are remembered. */
const LEFT_MAX = 4_096
/** An alarm that is so late says that this host is busy. */
const LATE_MS = 100
const CLOCK_TOLD_MS = 1_000

export interface CollectorHost {
  readonly clock: Clock
  /** Bytes of records that this node takes in one batch. */
  readonly batchBytes: number
  /** The mesh's time, in ticks. */
  readonly ticks: () => number
  /** Sends to a source; false when it cannot take it now. */
  send(node: PeerId, message: ToSource): boolean
  closed(collector: Collector): void
}

export class Collector implements AsyncIterable<LogEntry>, AsyncIterator<LogEntry> {
  readonly id: number
  readonly #host: CollectorHost
  readonly #options: CollectOptions
  readonly #filter: LogFilter
  readonly #windowMs: number
  readonly #sources = new Map<PeerId, Followed>()
  /** What is known of nodes that are gone: which of their records would be next. */
  readonly #left = new Map<PeerId, number>()
  /** Nodes that are gone, while records of theirs wait. */
  readonly #leaving = new Map<PeerId, Followed>()
  readonly #held = new ReorderWindow<Holder>()
  readonly #entries = new EntryQueue()
  readonly #startedAt: number
  /** The latest time of what was given, in ticks. */
  #given = 0
  /** There was no room for what an ack would bring. */
  #isFull = false
  /** Milliseconds for which our reader was too slow, and since when it is: they are not held against the records. */
  #stalledMs = 0
  #stalledSince: number | undefined
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #ended = false

  /** Not for applications: `MeshLog.collect` makes collectors. */
  constructor(id: number, host: CollectorHost, options: CollectOptions) {
    this.id = id
    this.#host = host
    this.#options = options
    this.#filter = readFilter(options) ?? {}
    this.#windowMs = options.windowMs ?? WINDOW_MS
    this.#startedAt = host.clock.now()
    options.signal?.addEventListener('abort', this.close, { once: true })
    this.#arm(this.#startedAt + this.#windowMs)
  }

  /** The nodes that are collected from now, and how far their clocks are ahead of ours, as far as that is known. */
  sources(): { node: PeerId; name: string; offsetMs: number | undefined }[] {
    return [...this.#sources.values()].map(({ node, name, offset }) => {
      return { node, name, offsetMs: offset.ms }
    })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<LogEntry>> {
    const entry = this.#entries.take()
    if (entry !== undefined) {
      if (this.#isFull) this.#ackAll()
      return Promise.resolve({ value: entry, done: false })
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true })
    return this.#entries.wait()
  }

  return(): Promise<IteratorResult<LogEntry>> {
    this.close()
    return Promise.resolve({ value: undefined, done: true })
  }

  /** Ends it: what waits can still be read, nothing more comes. */
  readonly close = (): void => {
    if (this.#ended) return
    this.#ended = true
    for (const { node } of this.#sources.values())
      this.#host.send(node, { kind: 'end', id: this.id })
    this.#release(true)
    this.#options.signal?.removeEventListener('abort', this.close)
    this.#timer?.cancel()
    this.#entries.end()
    this.#host.closed(this)
  }

  // From the log

  /** A node that can be collected from is there. */
  handleEnter({ id, name }: Pick<PeerInfo, 'id' | 'name'>): void {
    if (this.#ended || this.#options.nodes?.({ id, name }) === false) return
    const now = this.#now()
    let source = this.#leaving.get(id)
    source?.returned(now)
    this.#leaving.delete(id)
    source ??= new Followed(id, name, now, this.#windowMs, this.#left.get(id) ?? 0)
    this.#sources.set(id, source)
    this.#subscribe(source)
  }

  handleExit(id: PeerId): void {
    const source = this.#sources.get(id)
    if (source === undefined) return
    this.#sources.delete(id)
    this.#remember(id, source.next)
    this.#release(false)
    source.isGone = true
    if (source.held > 0) this.#leaving.set(id, source)
    else this.#tellGone(source)
    this.#endWhenDone()
  }

  handleRefused(id: PeerId): void {
    const source = this.#sources.get(id)
    if (source === undefined) return
    this.#sources.delete(id)
    this.#remember(id, source.next)
    this.#give({ type: 'refused', node: id, name: source.name })
    this.#endWhenDone()
  }

  handleBatch(id: PeerId, batch: Batch): void {
    const source = this.#sources.get(id)
    if (source === undefined || this.#ended || !source.admits(batch)) return
    const now = this.#now()
    if (this.#weight > OVERFULL_WEIGHT) {
      // Many are new at once, or one is so again and again: it says it again when there is room.
      source.subscribed(now, false)
      this.#arm(now + this.#windowMs)
      return
    }
    this.#noteClock(source, batch, now)
    if (!source.answered) this.#give({ type: 'source', node: id, name: source.name })
    source.received(batch, now)
    if (batch.lost > 0) {
      this.#give({ type: 'lost', node: id, name: source.name, count: batch.lost })
    }
    for (const raw of batch.records) {
      if (raw.seq <= source.lastSeq) continue
      source.lastSeq = raw.seq
      source.held++
      this.#hold(source, raw, now)
    }
    this.#release(false)
    this.#ackAll()
    this.#endWhenDone()
  }

  /** A record of somebody who speaks another log protocol: it comes when it comes. */
  handleForeign(source: Origin, raw: RawRecord): void {
    const { nodes } = this.#options
    if (this.#ended || nodes?.({ id: source.node, name: source.name }) === false) return
    if (!matches(this.#filter, raw)) return
    // Nobody can be asked to wait.
    if (this.#weight > 2 * WAITING_MAX) {
      this.#give({ type: 'lost', ...source, count: 1 })
      return
    }
    const now = this.#now()
    this.#hold({ ...source, held: 1, isGone: false }, raw, now)
    this.#release(false)
  }

  // Inside

  #now(): number {
    return this.#host.clock.now()
  }

  /** Of all that waits here. */
  get #weight(): number {
    return this.#entries.weight + this.#held.weight
  }

  #hold(source: Holder, raw: RawRecord, now: number): void {
    this.#held.push(source, raw, this.#waitingTime(now), weightOf(raw.text))
  }

  /** By this the age of records is told: milliseconds, without those for which our reader was too slow. */
  #waitingTime(now: number): number {
    if (this.#stalledSince !== undefined) this.#stalledMs += now - this.#stalledSince
    this.#stalledSince = this.#isReaderSlow() ? now : undefined
    return now - this.#stalledMs
  }

  #tellGone({ node, name }: Origin): void {
    this.#leaving.delete(node)
    this.#give({ type: 'gone', node, name })
  }

  /** Where the records of a node that left end: it may come back. */
  #remember(id: PeerId, next: number): void {
    this.#left.delete(id)
    this.#left.set(id, next)
    if (this.#left.size <= LEFT_MAX) return
    for (const oldest of this.#left.keys()) {
      this.#left.delete(oldest)
      return
    }
  }

  #subscribe(source: Followed): void {
    const { follow = true, sinceMs = 0 } = this.#options
    const now = this.#now()
    const isSent =
      this.#weight <= OVERFULL_WEIGHT &&
      this.#host.send(source.node, {
        kind: 'subscribe',
        id: this.id,
        filter: this.#filter,
        ...(source.next > 0 && { after: source.next - 1 }),
        // Whoever comes later is not known for longer than that.
        sinceMs: sinceMs + (follow ? now - this.#startedAt : 0),
        pulseMs: follow ? this.#windowMs / 2 : 0,
        batchBytes: this.#host.batchBytes,
        sentAt: now,
      })
    source.subscribed(now, isSent)
    if (!isSent) this.#arm(now + this.#windowMs / 10)
    else if (follow) this.#arm(source.silentAt)
  }

  /**
   * To whoever could not be told before, and to sources that are not heard any more: when our link to one had broken, it
   * took us for gone, which we are not told.
   */
  #subscribeAgain(): void {
    const isFollowing = this.#options.follow !== false
    const now = this.#now()
    for (const source of this.#sources.values()) {
      if (!source.isSubscribed || (isFollowing && source.silentAt <= now)) this.#subscribe(source)
      else if (isFollowing) this.#arm(source.silentAt)
    }
  }

  #ackAll(): void {
    this.#isFull = this.#weight > WAITING_MAX
    if (this.#isReaderSlow()) return
    // What all others wait for may still come.
    const first = this.#isFull ? furthestBehind(this.#sources.values()) : undefined
    for (const source of this.#sources.values()) {
      if (source.unacked === 0 || (this.#isFull && source !== first)) continue
      const now = this.#now()
      const ack: Ack = { kind: 'ack', id: this.id, batch: source.unacked, sentAt: now }
      if (this.#host.send(source.node, ack)) source.acked(now)
      else this.#arm(now + this.#windowMs / 10)
    }
  }

  #isReaderSlow(): boolean {
    return this.#entries.weight > WAITING_MAX
  }

  #noteClock(source: Followed, { wall, echo, keptMs }: Batch, now: number): void {
    source.offset.add(wall, this.#host.clock.wallNow(), now - echo - keptMs)
    const offsetMs = source.offset.ms ?? 0
    if (Math.abs(offsetMs - source.toldOffsetMs) < CLOCK_TOLD_MS) return
    source.toldOffsetMs = offsetMs
    this.#give({ type: 'clock', node: source.node, name: source.name, offsetMs })
  }

  /** Gives what nothing can precede any more, and what has waited for long enough. */
  #release(isAll: boolean): void {
    const now = this.#now()
    const upTo = isAll
      ? Number.POSITIVE_INFINITY
      : completeUpTo(this.#sources.values(), now, this.#windowMs)
    const time = this.#waitingTime(now)
    const patienceMs = this.#patienceMs(now)
    const present = this.#host.ticks()
    for (;;) {
      const first = this.#held.peek()
      if (first === undefined) return
      if (first.raw.ticks > upTo) {
        const leftMs = this.#held.oldestCameAt! + patienceMs - time
        if (leftMs > 0) {
          // What the patience is for may have come sooner.
          const soonestMs = this.#windowMs / (patienceMs > this.#windowMs ? 10 : 100)
          this.#arm(now + Math.max(soonestMs, Math.min(leftMs, this.#windowMs)))
          return
        }
      }
      this.#held.shift()
      this.#giveRecord(first, present)
      const { source } = first
      source.held--
      if (source.isGone && source.held === 0) this.#tellGone(source)
    }
  }

  /** How long a record may wait: a past that is still being sent should not be overtaken by the present. */
  #patienceMs(now: number): number {
    const isSlow = this.#isReaderSlow()
    for (const source of this.#sources.values()) {
      if (isPastComing(source, now, isSlow)) return Math.max(this.#windowMs, PAST_MS_MAX)
    }
    return this.#windowMs
  }

  #giveRecord({ source, raw, weight }: Held<Holder>, present: number): void {
    const { seq, ticks, time, level, text } = raw
    const late = ticks < this.#given
    // Whatever comes is earlier than a time that is nonsense, and would be late for ever.
    if (ticks <= present) this.#given = Math.max(this.#given, ticks)
    const { node, name } = source
    this.#entries.give(
      { type: 'record', node, name, seq, ticks, time, level, ...contentOf(text), late },
      weight,
    )
  }

  #give(entry: LogEntry): void {
    this.#entries.give(entry)
  }

  #endWhenDone(): void {
    if (this.#ended || this.#options.follow !== false) return
    const now = this.#now()
    if (now - this.#startedAt < this.#windowMs) return
    for (const source of this.#sources.values()) if (this.#isAwaited(source, now)) return
    this.#release(true)
    for (const { node, name, answered, caughtUp } of this.#sources.values()) {
      if (!caughtUp) this.#give({ type: answered ? 'cut' : 'unanswered', node, name })
    }
    this.close()
  }

  /** Of those who came later than in the first window, only whoever has answered; others come for ever. */
  #isAwaited(source: Followed, now: number): boolean {
    if (source.answered) return isPastComing(source, now, this.#isReaderSlow())
    if (source.since - this.#startedAt >= this.#windowMs) return false
    return now - source.heardAt < this.#windowMs
  }

  #arm(at: number): void {
    if (this.#ended || at >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = this.#host.clock.setTimer(at, this.#onTimer)
  }

  /** This host is late itself: what sources have sent may wait unread. */
  #excuse(lateMs: number): void {
    for (const source of this.#sources.values()) source.excuse(lateMs + LATE_MS)
  }

  readonly #onTimer = (): void => {
    const lateMs = this.#now() - this.#timerAt
    this.#timerAt = Number.POSITIVE_INFINITY
    if (lateMs > LATE_MS) this.#excuse(lateMs)
    this.#subscribeAgain()
    this.#ackAll()
    this.#release(false)
    this.#endWhenDone()
    if (this.#options.follow === false) this.#arm(this.#now() + this.#windowMs / 4)
  }
}
