/**
 * Takes the log records that others send: a ZRE/LOG collector. RFC 20: "The log service SHALL create a ZeroMQ SUB
 * socket and *bind* this to an ephemeral TCP port". Its endpoint is to be announced in the header `X-ZRELOG`.
 *
 * Anybody who reaches the port can send: a record says nothing of who sent it that could be believed, except for the
 * address that it comes from. Everything is bounded; what breaks the rules is counted, and its connection dropped,
 * but for messages without the signature of ZRE/LOG, which RFC 20 has us discard.
 */
import { assertNever } from '../../base/assert.ts'
import { EMPTY_BYTES } from '../../base/bytes.ts'
import { EarshotError } from '../../base/errors.ts'
import { DEFAULT_LIMITS } from '../../base/limits.ts'
import type {
  ByteStream,
  IoFailure,
  Listener,
  Platform,
  SocketAddress,
  StreamHandlers,
} from '../../runtime/platform.ts'
import type { Multipart } from '../../zmtp/multipart.ts'
import { NullMechanism } from '../../zmtp/null-mechanism.ts'
import { SubConnection } from '../../zmtp/sub-connection.ts'
import { formatCollectorEndpoint, parseCollectorEndpoint } from './endpoint.ts'
import { Link, type LinkEnd, type LinkEvents, type ZreLogProblem } from './link.ts'
import { decodeRecord, type ZreLogRecord } from './record.ts'

export interface ZreLogCollectorLimits {
  /** Connections in all. */
  readonly connections: number
  /** Connections of one address. */
  readonly connectionsPerAddress: number
  /** Milliseconds a connection may take for its handshake. */
  readonly handshakeMs: number
  /** Bytes of one message. */
  readonly messageBytes: number
}

const DEFAULT_COLLECTOR_LIMITS: ZreLogCollectorLimits = {
  // Each node has one; a full mesh suits hundreds of nodes.
  connections: 1_024,
  // One host can run many nodes, but one host must not fill the whole table.
  connectionsPerAddress: 256,
  handshakeMs: DEFAULT_LIMITS.handshakeMs,
  // A record has 273 bytes, but C Zyre writes longer texts whole, behind a length that wrapped.
  messageBytes: 4 * 1024,
}

export interface ZreLogCollectorOptions {
  /** The local address to listen on, or `0.0.0.0` for every one; then `announcedAddress` is needed. */
  readonly address: string
  /** 0 lets the host choose. */
  readonly port: number
  /** The address that others are told, where it is not the one listened on. */
  readonly announcedAddress?: string
  readonly limits?: Partial<ZreLogCollectorLimits>
}

export interface ZreLogCollectorHandlers {
  /** A record came. What it throws is reported as uncaught. */
  record(record: ZreLogRecord, from: SocketAddress): void
  /** A publisher broke the rules, or did not complete its handshake. Nothing bounds how often. */
  problem?(problem: ZreLogProblem): void
  /** The listener cannot go on (or, for `exhausted`, could not take one connection). Connections live on. */
  failed?(failure: IoFailure): void
}

export interface ZreLogCollectorMetrics {
  readonly connections: number
  readonly records: number
  /** Messages without the signature of ZRE/LOG. */
  readonly discarded: number
  /** Connections dropped for what they sent. */
  readonly invalid: number
  /** Connections dropped because their handshake took too long. */
  readonly late: number
  /** Connections refused for the limits. */
  readonly refused: number
}

/** RFC 37 "The Publish-Subscribe Pattern": "An empty subscription SHALL match all messages." */
const EVERYTHING = EMPTY_BYTES

export class ZreLogCollector {
  readonly #platform: Platform
  readonly #handlers: ZreLogCollectorHandlers
  readonly #limits: ZreLogCollectorLimits
  readonly #links = new Set<Link<SubConnection>>()
  readonly #events: LinkEvents<SubConnection> = {
    input: (link, input) => {
      if (input.kind === 'message') this.#handleMessage(link, input)
      else if (input.kind === 'offer') link.connection.accept()
    },
    read: () => {},
    written: () => {},
    drained: () => {},
    ended: (link, end) => this.#handleEnded(link, end),
  }
  #listener: Listener | undefined
  #endpoint = ''
  #closed = false
  #records = 0
  #discarded = 0
  #invalid = 0
  #late = 0
  #refused = 0

  private constructor(
    platform: Platform,
    handlers: ZreLogCollectorHandlers,
    limits: ZreLogCollectorLimits,
  ) {
    this.#platform = platform
    this.#handlers = handlers
    this.#limits = limits
  }

  /**
   * Listens. Rejects as `Platform.listen` does, and with ERR_EARSHOT_BAD_OPTION when what would be announced is no
   * address that others can dial.
   */
  static async open(
    platform: Platform,
    options: ZreLogCollectorOptions,
    handlers: ZreLogCollectorHandlers,
  ): Promise<ZreLogCollector> {
    const announced = options.announcedAddress ?? options.address
    if (
      parseCollectorEndpoint(formatCollectorEndpoint({ address: announced, port: 1 })) === undefined
    ) {
      const message = `a log collector cannot be announced at the address "${announced}"`
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', message)
    }
    const limits = { ...DEFAULT_COLLECTOR_LIMITS, ...options.limits }
    const collector = new ZreLogCollector(platform, handlers, limits)
    const { address, port } = options
    const listener = await platform.listen(
      { address, port },
      {
        accepted: (stream) => collector.#handleAccepted(stream),
        failed: (failure) => collector.#call(() => handlers.failed?.(failure)),
      },
    )
    collector.#listener = listener
    collector.#endpoint = formatCollectorEndpoint({ address: announced, port: listener.port })
    return collector
  }

  /** For the header `X-ZRELOG`: `tcp://address:port`. */
  get endpoint(): string {
    return this.#endpoint
  }

  metrics(): ZreLogCollectorMetrics {
    return {
      connections: this.#links.size,
      records: this.#records,
      discarded: this.#discarded,
      invalid: this.#invalid,
      late: this.#late,
      refused: this.#refused,
    }
  }

  /** Stops listening and drops all connections. No handler is called any more. */
  close(): void {
    this.#closed = true
    this.#listener?.close()
    for (const link of this.#links) link.destroy()
    this.#links.clear()
  }

  #handleAccepted(stream: ByteStream): StreamHandlers | undefined {
    if (this.#closed || !this.#hasRoomFor(stream.remote.address)) {
      this.#refused++
      return undefined
    }
    const { handshakeMs, messageBytes } = this.#limits
    const connection = new SubConnection({
      role: 'acceptor',
      mechanism: new NullMechanism(),
      limits: { handshakeBytes: DEFAULT_LIMITS.handshakeBytes, messageBytes, messageFrames: 1 },
    })
    connection.subscribe(EVERYTHING)
    const link = new Link(this.#platform, connection, this.#events, handshakeMs)
    link.attach(stream)
    this.#links.add(link)
    return link
  }

  #hasRoomFor(address: string): boolean {
    const { connections, connectionsPerAddress } = this.#limits
    if (this.#links.size >= connections) return false
    let ofAddress = 0
    for (const link of this.#links) if (link.remote.address === address) ofAddress++
    return ofAddress < connectionsPerAddress
  }

  #handleMessage(link: Link<SubConnection>, message: Multipart): void {
    const decoded = decodeRecord(message.frame(0))
    if (decoded.kind === 'record') {
      this.#records++
      this.#call(() => this.#handlers.record(decoded.record, link.remote))
    } else if (decoded.code === 'zrelog-signature') {
      this.#discarded++
    } else {
      link.giveUp(decoded)
    }
  }

  #handleEnded(link: Link<SubConnection>, end: LinkEnd): void {
    this.#links.delete(link)
    switch (end.kind) {
      case 'ended':
      case 'failed':
        return
      case 'late':
        this.#late++
        this.#report(
          'handshake-timeout',
          `no handshake within ${this.#limits.handshakeMs} ms`,
          link,
        )
        return
      case 'invalid':
        this.#invalid++
        this.#report(end.problem.code, end.problem.reason, link)
        return
      default:
        assertNever(end)
    }
  }

  #report(code: ZreLogProblem['code'], reason: string, { remote }: Link<SubConnection>): void {
    this.#call(() => this.#handlers.problem?.({ code, reason, remote }))
  }

  #call(handler: () => void): void {
    try {
      handler()
    } catch (error) {
      this.#platform.reportUncaught(error)
    }
  }
}
