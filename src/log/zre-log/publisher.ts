/**
 * Sends log records to one ZRE/LOG collector. RFC 20: "Any node wishing to send log data SHALL create a PUB socket and
 * connect it to this endpoint."
 *
 *     send ──► queue ──► connection ──► stream ──► the collector
 *              (1,000    (64 KiB)
 *              records)
 *
 * It dials at once, and again when the link is lost, less and less often. Records wait in the queue while there is no
 * link, before the collector has said what it wants, and while it does not read; then the oldest make room for the
 * newest. `send` never waits and never fails: `metrics()` says what became of the records.
 */
import { BoundedQueue } from '../../base/bounded-queue.ts'
import { NEVER } from '../../base/deadlines.ts'
import { DEFAULT_LIMITS } from '../../base/limits.ts'
import type { Platform, SocketAddress, Timer } from '../../runtime/platform.ts'
import { NullMechanism } from '../../zmtp/null-mechanism.ts'
import { PubConnection } from '../../zmtp/pub-connection.ts'
import { Link, type LinkEnd, type LinkEvents, type ZreLogProblem } from './link.ts'
import { encodeRecord, type ZreLogRecord } from './record.ts'

export interface ZreLogPublisherLimits {
  /** Records that wait. */
  readonly queueRecords: number
  /** Milliseconds from dialling to the end of the handshake. */
  readonly handshakeMs: number
  /** Milliseconds before the first redial; each further one waits twice as long. */
  readonly redialMsMin: number
  /** Milliseconds between two dials at the most. */
  readonly redialMsMax: number
  /** Milliseconds that a full queue waits for a collector that reads nothing, before a new link is tried. */
  readonly stalledMs: number
}

const DEFAULT_PUBLISHER_LIMITS: ZreLogPublisherLimits = {
  // What a node says within some minutes; 270 KiB at the most.
  queueRecords: 1_000,
  handshakeMs: DEFAULT_LIMITS.handshakeMs,
  // As libzmq, whose redials are 100 ms apart.
  redialMsMin: 100,
  // A collector that comes back is found within half a minute; one that never does costs next to nothing.
  redialMsMax: 30_000,
  // A stressed WiFi shows latencies of this length.
  stalledMs: 30_000,
}

export interface ZreLogPublisherOptions {
  /** Where the collector listens: `parseCollectorEndpoint` of its header. */
  readonly to: SocketAddress
  /** Says before each dial the local address to dial from; without one the host chooses by its routes. */
  readonly from?: () => string | undefined
  readonly limits?: Partial<ZreLogPublisherLimits>
  /** The collector broke the rules of the protocol, or did not complete its handshake. */
  readonly onProblem?: (problem: ZreLogProblem) => void
}

export interface ZreLogPublisherMetrics {
  /** The collector is linked and has said what it wants. */
  readonly connected: boolean
  /** Records that wait. */
  readonly queued: number
  /** Records given to a link. */
  readonly sent: number
  /** Among them: not taken by the host's network stack when their link was lost. */
  readonly lost: number
  /** Records that made room for newer ones, or were still queued at the end. */
  readonly dropped: number
  /** Records that the collector does not want, by its subscriptions. */
  readonly filtered: number
  readonly dials: number
  /** Links that were lost, or never came to stand. */
  readonly failures: number
}

/** Bytes written ahead of the stream: what goes out in one turn. */
const OUTPUT_BYTES_MAX = 64 * 1024
/** Milliseconds that a link must have stood for its loss to be redialled soon. */
const STEADY_MS = 1_000

type State =
  | { readonly kind: 'linked'; readonly link: Link<PubConnection> }
  | { readonly kind: 'waiting'; readonly timer: Timer }
  | { readonly kind: 'closed' }

export class ZreLogPublisher {
  readonly #platform: Platform
  readonly #options: ZreLogPublisherOptions
  readonly #limits: ZreLogPublisherLimits
  readonly #queue: BoundedQueue<Uint8Array>
  readonly #events: LinkEvents<PubConnection> = {
    // What a collector wants shows in the number of its topics.
    input: (_link, { kind }) => {
      if (kind === 'ready') this.#readySince = this.#platform.clock.now()
    },
    read: () => this.#pump(),
    written: () => this.#noteWritten(),
    drained: () => this.#handleDrained(),
    ended: (link, end) => this.#handleEnded(link, end),
  }
  #state: State
  #redialMs: number
  /** Since when the link stands. */
  #readySince = NEVER
  /** Records written to the connection and not given to the stream. */
  #fresh = 0
  /** Records given to the stream, which has not taken all of them. */
  #taken = 0
  #sent = 0
  #lost = 0
  #dropped = 0
  #filtered = 0
  #dials = 0
  #failures = 0

  /** Dials at once. */
  constructor(platform: Platform, options: ZreLogPublisherOptions) {
    this.#platform = platform
    this.#options = options
    this.#limits = { ...DEFAULT_PUBLISHER_LIMITS, ...options.limits }
    this.#queue = new BoundedQueue(this.#limits.queueRecords)
    this.#redialMs = this.#limits.redialMsMin
    this.#state = this.#dial()
  }

  /** Where it sends to. */
  get to(): SocketAddress {
    return this.#options.to
  }

  /** Queues a record. After `close` it is dropped. */
  send(record: ZreLogRecord): void {
    if (this.#state.kind === 'closed') {
      this.#dropped++
      return
    }
    if (this.#queue.isFull) {
      this.#queue.shift()
      this.#dropped++
      this.#replaceStalled()
    }
    this.#queue.push(encodeRecord(record))
    this.#pump()
  }

  metrics(): ZreLogPublisherMetrics {
    return {
      connected: this.#wantingLink() !== undefined,
      queued: this.#queue.length,
      sent: this.#sent,
      lost: this.#lost,
      dropped: this.#dropped,
      filtered: this.#filtered,
      dials: this.#dials,
      failures: this.#failures,
    }
  }

  /** Sends what it can without waiting, and ends. Calling twice is harmless. */
  close(): void {
    const state = this.#state
    if (state.kind === 'closed') return
    this.#pump()
    this.#state = { kind: 'closed' }
    this.#dropped += this.#queue.length
    this.#queue.clear()
    if (state.kind === 'waiting') {
      state.timer.cancel()
    } else if (state.link.isOpen) {
      state.link.close()
      this.#noteWritten()
    } else {
      state.link.destroy()
    }
  }

  #dial(): State {
    this.#dials++
    const { handshakeMs } = this.#limits
    const connection = new PubConnection({
      role: 'dialler',
      mechanism: new NullMechanism(),
      limits: DEFAULT_LIMITS,
    })
    const { to } = this.#options
    const from = this.#options.from?.()
    const link = new Link(this.#platform, connection, this.#events, handshakeMs)
    link.attach(this.#platform.dial(from === undefined ? { to } : { to, from }, link))
    return { kind: 'linked', link }
  }

  /** The link, once its collector has said what it wants: before, every record would be unwanted. */
  #wantingLink(): Link<PubConnection> | undefined {
    if (this.#state.kind !== 'linked') return undefined
    const { link } = this.#state
    return link.isOpen && link.connection.topicCount > 0 ? link : undefined
  }

  #pump(): void {
    const link = this.#wantingLink()
    if (link === undefined || this.#queue.length === 0) return
    const { connection } = link
    while (connection.zmtp.outputBytes < OUTPUT_BYTES_MAX) {
      const bytes = this.#queue.shift()
      if (bytes === undefined) break
      if (connection.publish(bytes)) this.#fresh++
      else this.#filtered++
    }
    link.planFlush()
  }

  #noteWritten(): void {
    this.#sent += this.#fresh
    this.#taken += this.#fresh
    this.#fresh = 0
  }

  #handleDrained(): void {
    this.#taken = 0
    this.#pump()
  }

  /** A collector that has not read for so long: a new link may find it well, or elsewhere. */
  #replaceStalled(): void {
    if (this.#state.kind !== 'linked') return
    const { link } = this.#state
    if (link.waitingMs(this.#platform.clock.now()) < this.#limits.stalledMs) return
    link.destroy()
    this.#redialLater()
  }

  #handleEnded(link: Link<PubConnection>, end: LinkEnd): void {
    // Whether the link was closed by us or by the other side, the state tells.
    if (this.#state.kind !== 'linked' || this.#state.link !== link) return
    const { remote } = link
    this.#redialLater()
    if (end.kind === 'invalid') {
      this.#report({ code: end.problem.code, reason: end.problem.reason, remote })
    } else if (end.kind === 'late') {
      const reason = `no handshake within ${this.#limits.handshakeMs} ms`
      this.#report({ code: 'handshake-timeout', reason, remote })
    }
  }

  #redialLater(): void {
    const { clock, entropy } = this.#platform
    const now = clock.now()
    const { redialMsMin, redialMsMax } = this.#limits
    if (now - this.#readySince >= STEADY_MS) this.#redialMs = redialMsMin
    this.#readySince = NEVER
    this.#failures++
    this.#lost += this.#fresh + this.#taken
    this.#sent += this.#fresh
    this.#fresh = 0
    this.#taken = 0
    // Nodes that lost their collector at the same time shall not come back at the same time.
    const delay = this.#redialMs * (0.5 + 0.5 * entropy.random())
    this.#redialMs = Math.min(redialMsMax, 2 * this.#redialMs)
    const timer = clock.setTimer(now + delay, () => {
      this.#state = this.#dial()
    })
    this.#state = { kind: 'waiting', timer }
  }

  #report(problem: ZreLogProblem): void {
    try {
      this.#options.onProblem?.(problem)
    } catch (error) {
      this.#platform.reportUncaught(error)
    }
  }
}
