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
import { BoundedQueue } from '../base/bounded-queue.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { PeerInfo } from '../runtime/node-events.ts'
import type { Clock, Timer } from '../runtime/platform.ts'
import type { CollectOptions, LogEntry } from './entries.ts'
import { matches } from './filter.ts'
import { Followed } from './followed.ts'
import { contentOf, type RawRecord } from './record.ts'
import { type Held, type Origin, ReorderWindow } from './reorder.ts'
import type { Ack, Batch, Refused, ToSource } from './wire.ts'

/** Entries and records that wait to be read; beyond it acks wait. */
const WAITING_MAX = 20_000
/** How long the past of a source that says nothing more holds up what is here. */
const PAST_MS_MAX = 5_000
const WINDOW_MS = 1_000
/** With less, what could not be sent would be tried again all the time. */
const WINDOW_MS_MIN = 10
/** Nodes that left and are remembered. */
const LEFT_MAX = 4_096
/** An alarm that is so late says that this host is busy. */
const LATE_MS = 100
const CLOCK_TOLD_MS = 1_000

export interface CollectorHost {
  readonly clock: Clock
  /** Bytes of records that this node takes in one batch. */
  readonly batchBytes: number
  /** Sends to a source; false when it cannot take it now. */
  send(node: PeerId, message: ToSource): boolean
  closed(collector: Collector): void
}

export class Collector implements AsyncIterable<LogEntry>, AsyncIterator<LogEntry> {
  readonly id: number
  readonly #host: CollectorHost
  readonly #options: CollectOptions
  readonly #windowMs: number
  readonly #sources = new Map<PeerId, Followed>()
  /** What is known of nodes that are gone: which of their records would be next. */
  readonly #left = new Map<PeerId, number>()
  /** Nodes that are gone, while records of theirs wait. */
  readonly #leaving = new Map<PeerId, Followed>()
  readonly #held = new ReorderWindow<Followed>()
  readonly #entries = new BoundedQueue<LogEntry>(Number.MAX_SAFE_INTEGER)
  readonly #waiting: ((result: IteratorResult<LogEntry>) => void)[] = []
  readonly #startedAt: number
  #given = 0
  /** There was no room for what an ack would bring. */
  #isFull = false
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  #ended = false

  /** Not for applications: `MeshLog.collect` makes collectors. */
  constructor(id: number, host: CollectorHost, options: CollectOptions) {
    this.id = id
    this.#host = host
    this.#options = options
    this.#windowMs = Math.max(WINDOW_MS_MIN, options.windowMs ?? WINDOW_MS)
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
    const entry = this.#entries.shift()
    if (entry !== undefined) {
      if (this.#isFull) this.#ackAll()
      return Promise.resolve({ value: entry, done: false })
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve) => this.#waiting.push(resolve))
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
    for (const resolve of this.#waiting.splice(0)) resolve({ value: undefined, done: true })
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

  handleRefused(id: PeerId, _refused: Refused): void {
    const source = this.#sources.get(id)
    if (source === undefined) return
    this.#sources.delete(id)
    this.#give({ type: 'refused', node: id, name: source.name })
    this.#endWhenDone()
  }

  handleBatch(id: PeerId, batch: Batch): void {
    const source = this.#sources.get(id)
    if (source === undefined || this.#ended || !source.admits(batch)) return
    const now = this.#now()
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
      this.#held.push({ source, raw, cameAt: now })
    }
    this.#release(false)
    this.#ackAll()
    this.#endWhenDone()
  }

  /** A record of somebody who speaks another log protocol: it comes when it comes. */
  handleForeign(source: Origin, raw: RawRecord): void {
    const { nodes } = this.#options
    if (this.#ended || nodes?.({ id: source.node, name: source.name }) === false) return
    if (!matches(this.#options, raw)) return
    // Nobody can be asked to wait.
    if (this.#held.length + this.#entries.length > 2 * WAITING_MAX) {
      this.#give({ type: 'lost', ...source, count: 1 })
      return
    }
    const now = this.#now()
    const followed = new Followed(source.node, source.name, now, this.#windowMs, 0)
    followed.held = 1
    this.#held.push({ source: followed, raw, cameAt: now })
    this.#release(false)
  }

  // Inside

  #now(): number {
    return this.#host.clock.now()
  }

  #tellGone({ node, name }: Followed): void {
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
    const { follow = true, sinceMs = 0, level, group, fields, traces } = this.#options
    const now = this.#now()
    const isSent = this.#host.send(source.node, {
      kind: 'subscribe',
      id: this.id,
      filter: {
        ...(level !== undefined && { level }),
        ...(group !== undefined && { group }),
        ...(fields !== undefined && { fields }),
        ...(traces !== undefined && { traces }),
      },
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
    this.#isFull = this.#entries.length + this.#held.length > WAITING_MAX
    if (this.#isReaderSlow()) return
    // What all others wait for may still come.
    const first = this.#isFull ? this.#furthestBehind() : undefined
    for (const source of this.#sources.values()) {
      if (source.unacked === 0 || (this.#isFull && source !== first)) continue
      const now = this.#now()
      const ack: Ack = { kind: 'ack', id: this.id, batch: source.unacked, sentAt: now }
      if (this.#host.send(source.node, ack)) source.acked(now)
      else this.#arm(now + this.#windowMs / 10)
    }
  }

  #isReaderSlow(): boolean {
    return this.#entries.length > WAITING_MAX
  }

  #furthestBehind(): Followed | undefined {
    let first: Followed | undefined
    for (const source of this.#sources.values()) {
      if (source.answered && (first === undefined || source.upTo < first.upTo)) first = source
    }
    return first
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
    const upTo = isAll ? Number.POSITIVE_INFINITY : this.#completeUpTo(now)
    const isPast = this.#isPastComing(now)
    for (;;) {
      const first = this.#held.peek()
      if (first === undefined) return
      const isRipe = !isPast && now - first.cameAt >= this.#windowMs
      if (first.raw.ticks > upTo && !isRipe) {
        const soonest = now + this.#windowMs / (isPast ? 10 : 100)
        this.#arm(Math.max(soonest, first.cameAt + this.#windowMs))
        return
      }
      this.#held.shift()
      this.#giveRecord(first)
      const { source } = first
      source.held--
      if (source.isGone && source.held === 0) this.#tellGone(source)
    }
  }

  /** Up to here, in ticks, the records of all sources have come. */
  #completeUpTo(now: number): number {
    let upTo = Number.POSITIVE_INFINITY
    for (const source of this.#sources.values()) {
      // One that does not answer has no log at all.
      const isExpected = source.answered || now - source.since < this.#windowMs
      if (isExpected) upTo = Math.min(upTo, source.upTo)
    }
    return upTo
  }

  /** A past that is still being sent must not be overtaken by the present. */
  #isPastComing(now: number): boolean {
    for (const source of this.#sources.values()) {
      if (source.caughtUp) continue
      // It may be we who have not asked for more.
      if (source.unacked !== 0 && this.#isReaderSlow()) return true
      const patienceMs = source.answered ? PAST_MS_MAX : this.#windowMs
      if (now - source.heardAt < patienceMs) return true
    }
    return false
  }

  #giveRecord({ source, raw }: Held<Followed>): void {
    const { seq, ticks, time, level, text } = raw
    const late = ticks < this.#given
    this.#given = Math.max(this.#given, ticks)
    this.#give({
      type: 'record',
      node: source.node,
      name: source.name,
      seq,
      ticks,
      time,
      level,
      ...contentOf(text),
      late,
    })
  }

  #give(entry: LogEntry): void {
    const resolve = this.#waiting.shift()
    if (resolve === undefined) this.#entries.push(entry)
    else resolve({ value: entry, done: false })
  }

  #endWhenDone(): void {
    if (this.#ended || this.#options.follow !== false) return
    const now = this.#now()
    if (now - this.#startedAt < this.#windowMs) return
    if (!this.#isPastComing(now)) this.close()
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
