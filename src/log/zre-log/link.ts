/**
 * One TCP connection with ZMTP on it, as both ends of ZRE/LOG need it: it carries bytes and time between the platform
 * and a PUB or SUB connection, and decides nothing but when a handshake has taken too long.
 *
 *     handshake ──► open ──► closing ──► over
 *         └───────────┴── destroy, the stream's end, a handshake that takes too long ──► over
 *
 * One write at a time: while the stream has not taken what it was given, what else is to be said (a PONG, records)
 * waits in the connection, where its owner bounds it. So nobody can make us hold more by not reading.
 */
import { assert } from '../../base/assert.ts'
import type { Invalid } from '../../base/errors.ts'
import type {
  ByteStream,
  IoFailure,
  Platform,
  SocketAddress,
  StreamEnd,
  StreamHandlers,
  Timer,
} from '../../runtime/platform.ts'
import type { ZmtpInvalidCode } from '../../zmtp/codes.ts'
import type { ConnectionInput, ZmtpConnection } from '../../zmtp/connection.ts'
import type { ZreLogInvalidCode } from './record.ts'

/** A `PubConnection` or a `SubConnection`. */
export interface PatternConnection {
  readonly zmtp: ZmtpConnection
  poll(): ConnectionInput
}

export type LinkProblemCode = ZmtpInvalidCode | ZreLogInvalidCode

export type LinkInput = Exclude<ConnectionInput, { readonly kind: 'needMore' | 'invalid' }>

export type LinkEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly failure: IoFailure }
  /** The handshake was not complete in time. */
  | { readonly kind: 'late' }
  /** The peer broke the rules. */
  | { readonly kind: 'invalid'; readonly problem: Invalid<LinkProblemCode> }

/** Something that is not our fault, for whoever wants to tell people of it. */
export interface ZreLogProblem {
  readonly code: LinkProblemCode | 'handshake-timeout'
  /** For people. Holds no bytes of the peer's. */
  readonly reason: string
  readonly remote: SocketAddress
}

export interface LinkEvents<C extends PatternConnection> {
  /** The connection said something. At an offer: accept, or destroy the link. */
  input(link: Link<C>, input: LinkInput): void
  /** Everything that had come has been read. */
  read(link: Link<C>): void
  /** What was written was given to the stream. */
  written(link: Link<C>): void
  /** The stream has taken what it was given. More can be written now, and goes out at once. */
  drained(link: Link<C>): void
  /** The last of all. Not called after `destroy` and `close`. */
  ended(link: Link<C>, end: LinkEnd): void
}

type State =
  | { readonly kind: 'handshake'; readonly timer: Timer }
  | { readonly kind: 'open' }
  /** Why, where we have a reason to tell when the stream is over. */
  | { readonly kind: 'closing'; readonly end: LinkEnd | undefined }
  | { readonly kind: 'over' }

const OPEN: State = { kind: 'open' }
const OVER: State = { kind: 'over' }

export class Link<C extends PatternConnection> implements StreamHandlers {
  readonly #platform: Platform
  readonly #events: LinkEvents<C>
  #stream: ByteStream | undefined
  /** Until the link closes: what it holds of the peer's is not kept any longer. */
  #connection: C | undefined
  #state: State
  #flushPlanned = false
  /** When the stream was last given something while it had nothing. */
  #givenAt = 0

  /** `attach` follows at once. */
  constructor(platform: Platform, connection: C, events: LinkEvents<C>, handshakeMs: number) {
    this.#platform = platform
    this.#connection = connection
    this.#events = events
    const timer = platform.clock.setTimer(platform.clock.now() + handshakeMs, () => {
      this.destroy()
      events.ended(this, { kind: 'late' })
    })
    this.#state = { kind: 'handshake', timer }
  }

  attach(stream: ByteStream): void {
    this.#stream = stream
    this.planFlush()
  }

  /** Not once `isOpen` was true and is no more. */
  get connection(): C {
    assert(this.#connection !== undefined, 'the link is not closed')
    return this.#connection
  }

  get remote(): SocketAddress {
    return this.#stream!.remote
  }

  get isOpen(): boolean {
    return this.#state.kind === 'open'
  }

  /** Milliseconds for which the stream has had something that it does not get rid of. */
  waitingMs(now: number): number {
    return this.#stream!.pendingBytes === 0 ? 0 : now - this.#givenAt
  }

  /** What was written goes out at the end of this turn. */
  planFlush(): void {
    if (this.#flushPlanned) return
    this.#flushPlanned = true
    this.#platform.clock.endOfTurn(() => {
      this.#flushPlanned = false
      this.#flush()
    })
  }

  /** Sends what was written, then ends the stream. */
  close(): void {
    this.#close(undefined)
  }

  /** Ends the stream because of what the peer did; `ended` tells of it when the stream is over. */
  giveUp(problem: Invalid<LinkProblemCode>): void {
    this.#close({ kind: 'invalid', problem })
  }

  /** Frees everything at once. */
  destroy(): void {
    if (this.#state.kind === 'over') return
    this.#enter(OVER)
    this.#connection = undefined
    this.#stream!.destroy()
  }

  // From the platform

  bytes(chunk: Uint8Array): void {
    if (!this.#isReading) return
    this.connection.zmtp.handleBytes(chunk)
    for (;;) {
      const input = this.connection.poll()
      if (this.#state.kind === 'handshake' && this.connection.zmtp.state === 'ready') {
        this.#enter(OPEN)
      }
      if (input.kind === 'needMore') break
      if (input.kind === 'invalid') {
        this.giveUp(input)
        return
      }
      this.#events.input(this, input)
      if (!this.#isReading) return
    }
    this.#events.read(this)
    if (this.connection.zmtp.outputBytes > 0) this.planFlush()
  }

  drained(): void {
    if (!this.#isReading) return
    this.#events.drained(this)
    this.#flush()
  }

  ended(end: StreamEnd): void {
    const state = this.#state
    if (state.kind === 'over') return
    this.#enter(OVER)
    if (state.kind !== 'closing') this.#events.ended(this, end)
    else if (state.end !== undefined) this.#events.ended(this, state.end)
  }

  get #isReading(): boolean {
    return this.#state.kind === 'handshake' || this.#state.kind === 'open'
  }

  #flush(): void {
    const stream = this.#stream!
    if (!this.#isReading || stream.pendingBytes > 0) return
    if (this.#give(stream)) this.#events.written(this)
  }

  #give(stream: ByteStream): boolean {
    const segments = this.connection.zmtp.takeSegments()
    if (segments.length === 0) return false
    this.#givenAt = this.#platform.clock.now()
    stream.write(segments)
    return true
  }

  #close(end: LinkEnd | undefined): void {
    if (!this.#isReading) return
    this.#enter({ kind: 'closing', end })
    this.#give(this.#stream!)
    this.#connection = undefined
    this.#stream!.close()
  }

  #enter(state: State): void {
    if (this.#state.kind === 'handshake') this.#state.timer.cancel()
    this.#state = state
  }
}
