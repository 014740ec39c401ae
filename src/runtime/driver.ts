/**
 * The driver: carries bytes, time and decisions between a platform and the engine. It decides nothing.
 *
 *     platform ──bytes, datagrams, timers──▶ driver ──handle…──▶ engine
 *     platform ◀──dial, write, close─────── driver ◀──poll…──── engine ──events──▶ node
 *
 * After every call into the engine it settles: performs actions, hands out events, arms one timer. What was
 * written goes out once per turn of the event loop, everything for a connection in one write.
 */
import { NEVER } from '../base/deadlines.ts'
import type { Mailbox } from '../mesh/context.ts'
import type { Engine } from '../mesh/engine.ts'
import type { EngineEvent } from '../mesh/events.ts'
import type { LinkFailure, LinkFailureKind } from '../mesh/link-failure.ts'
import type { Connection } from '../mesh/peer.ts'
import type {
  ByteStream,
  IoFailure,
  IoFailureKind,
  Platform,
  SocketAddress,
  StreamEnd,
  StreamHandlers,
  Timer,
} from './platform.ts'

export class Driver {
  readonly #platform: Platform
  readonly #engine: Engine
  readonly #onEvent: (event: EngineEvent) => void
  readonly #sendBeacon: (bytes: Uint8Array, mailbox: Mailbox) => void
  #timer: Timer | undefined
  #timerAt = NEVER
  #lastNow = 0
  #settling = false
  #flushPlanned = false
  #paused = false
  #closed = false
  readonly #onEndOfTurn = (): void => this.#flush()
  readonly #onTimer = (): void => this.#wake()

  constructor(
    platform: Platform,
    engine: Engine,
    onEvent: (event: EngineEvent) => void,
    sendBeacon: (bytes: Uint8Array, mailbox: Mailbox) => void,
  ) {
    this.#platform = platform
    this.#engine = engine
    this.#onEvent = onEvent
    this.#sendBeacon = sendBeacon
  }

  now(): number {
    this.#lastNow = this.#platform.clock.now()
    return this.#lastNow
  }

  /** For what the application sends: of many messages in one turn only the first reads the clock. */
  turnNow(): number {
    return this.#flushPlanned ? this.#lastNow : this.now()
  }

  // From the platform

  handleDatagram(bytes: Uint8Array, from: SocketAddress): void {
    if (this.#engine.handleDatagram(bytes, from, this.now())) this.settle()
  }

  handleMailboxes(mailboxes: readonly Mailbox[]): void {
    this.#engine.handleMailboxes(mailboxes, this.now())
    this.settle()
  }

  /** A listener accepted a stream; `undefined` has it dropped. */
  handleAccepted(stream: ByteStream): StreamHandlers | undefined {
    const connection = this.#engine.handleAccepted(stream.remote, stream.local, this.now())
    if (connection !== undefined) connection.stream = stream
    this.settle()
    return connection && new StreamAdapter(this, connection)
  }

  handleOpened(connection: Connection): void {
    const stream = streamOf(connection)
    if (stream === undefined) return
    this.#engine.handleOpened(connection, stream.local)
    this.settle()
  }

  handleBytes(connection: Connection, chunk: Uint8Array): void {
    this.#engine.handleBytes(connection, chunk, this.now())
    // A handshake that has just ended while we do not read: what the peer says from now on waits.
    if (this.#paused && mayWait(connection)) streamOf(connection)?.pause()
    this.settle()
  }

  handleDrained(connection: Connection): void {
    this.#engine.handleDrained(connection, this.now())
    this.settle()
  }

  handleEnded(connection: Connection, end: StreamEnd): void {
    if (connection.stream === undefined) return
    connection.stream = undefined
    const failure = end.kind === 'failed' ? linkFailure(end.failure) : undefined
    this.#engine.handleEnded(connection, failure, this.now())
    this.settle()
  }

  // From the application

  /** Stops reading what peers say, or goes on. Handshakes, and links that we dialled, go on all the same. */
  setPaused(paused: boolean): void {
    if (paused === this.#paused) return
    this.#paused = paused
    for (const connection of this.#engine.connections) {
      if (!mayWait(connection)) continue
      if (paused) streamOf(connection)?.pause()
      else streamOf(connection)?.resume()
    }
    this.#engine.handleReading(!paused, this.now())
    this.settle()
  }

  /** Takes everything down at once. */
  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    for (const connection of this.#engine.connections) {
      streamOf(connection)?.destroy()
      connection.stream = undefined
    }
  }

  // To the platform

  /** To be called after every call into the engine. Calls from within (a listener that sends) fold into one. */
  settle(): void {
    if (this.#settling) return
    this.#settling = true
    try {
      this.#drain()
    } finally {
      this.#settling = false
    }
    if (this.#closed) return
    this.#planFlush()
    this.#armTimer()
  }

  #drain(): void {
    for (;;) {
      const action = this.#engine.pollAction()
      if (action?.kind === 'dial') this.#dial(action.connection, action.from)
      else if (action?.kind === 'close') this.#close(action.connection, action.how)
      else if (action?.kind === 'beacon') this.#sendBeacon(action.bytes, action.mailbox)
      const event = this.#engine.pollEvent()
      if (event !== undefined) this.#onEvent(event)
      else if (action === undefined) return
    }
  }

  #dial(connection: Connection, from: string | undefined): void {
    const to = connection.remote
    const adapter = new StreamAdapter(this, connection)
    connection.stream = this.#platform.dial(from === undefined ? { to } : { to, from }, adapter)
  }

  #close(connection: Connection, how: 'flush' | 'abort'): void {
    const stream = streamOf(connection)
    if (stream === undefined) return
    if (how === 'flush') {
      const segments = connection.takeSegments()
      if (segments.length > 0) stream.write(segments)
      stream.close()
      return
    }
    connection.stream = undefined
    stream.destroy()
    this.#engine.handleEnded(connection, undefined, this.now())
  }

  #planFlush(): void {
    if (this.#flushPlanned || !this.#engine.hasFlush) return
    this.#flushPlanned = true
    this.#platform.clock.endOfTurn(this.#onEndOfTurn)
  }

  #flush(): void {
    this.#flushPlanned = false
    for (;;) {
      const connection = this.#engine.pollFlush()
      if (connection === undefined) break
      const stream = streamOf(connection)
      const segments = connection.takeSegments()
      if (stream !== undefined && segments.length > 0) stream.write(segments)
    }
  }

  #armTimer(): void {
    const at = this.#engine.pollTimeout()
    if (at === this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = at === NEVER ? undefined : this.#platform.clock.setTimer(at, this.#onTimer)
  }

  #wake(): void {
    this.#timerAt = NEVER
    this.#engine.handleTimeout(this.now())
    this.settle()
  }
}

/** Nobody but this driver puts anything there. */
function streamOf(connection: Connection): ByteStream | undefined {
  return connection.stream as ByteStream | undefined
}

/** Only a peer's conversation may wait unread: a handshake has its time limit. */
function mayWait(connection: Connection): boolean {
  return connection.role === 'acceptor' && connection.zmtp.state === 'ready'
}

/** The host's failures that say something about the peer. */
const LINK_FAILURES: Partial<Record<IoFailureKind, LinkFailureKind>> = {
  refused: 'refused',
  unreachable: 'unreachable',
  timeout: 'timeout',
  reset: 'reset',
}

function linkFailure({ kind, message }: IoFailure): LinkFailure {
  return { kind: LINK_FAILURES[kind] ?? 'other', message }
}

/** The handlers of one stream: a small object instead of four closures per link. */
class StreamAdapter implements StreamHandlers {
  readonly #driver: Driver
  readonly #connection: Connection

  constructor(driver: Driver, connection: Connection) {
    this.#driver = driver
    this.#connection = connection
  }

  opened(): void {
    this.#driver.handleOpened(this.#connection)
  }

  bytes(chunk: Uint8Array): void {
    this.#driver.handleBytes(this.#connection, chunk)
  }

  drained(): void {
    this.#driver.handleDrained(this.#connection)
  }

  ended(end: StreamEnd): void {
    this.#driver.handleEnded(this.#connection, end)
  }
}
