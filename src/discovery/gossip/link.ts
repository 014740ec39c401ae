/**
 * One TCP connection with ZMTP and gossip on it, dialled or accepted: bytes, time and bounds. What messages mean is for
 * `conversation.ts`.
 *
 *     handshake ──► open ──► closing ──► over
 *         └──────────┴── destroy, the stream's end, a broken rule, silence ──► over: its socket is no more
 *
 * Entries do not queue: a link remembers the keys that it has to tell, each once, and looks up what to say of them when
 * the stream has taken what it was given before. So one who reads slowly costs no more than its set of keys, and is told
 * the newest only. One who takes nothing for `stalledMs` is dropped.
 *
 * Who sends faster than the limits allow is not read for a while, and TCP holds it back.
 */
import { assertNever } from '../../base/assert.ts'
import { EMPTY_BYTES, utf8Decode } from '../../base/bytes.ts'
import { DEFAULT_LIMITS } from '../../base/limits.ts'
import type {
  ByteStream,
  Platform,
  StreamEnd,
  StreamHandlers,
  Timer,
} from '../../runtime/platform.ts'
import { type ConnectionInput, ZmtpConnection } from '../../zmtp/connection.ts'
import type { ConnectionRole } from '../../zmtp/mechanism.ts'
import type { PeerMetadata } from '../../zmtp/metadata.ts'
import { NullMechanism } from '../../zmtp/null-mechanism.ts'
import { isLoopback, strangerAt } from '../addresses.ts'
import type { Allowance } from './allowance.ts'
import { decodeGossip, type GossipInvalid, isSkippable } from './decode.ts'
import { encodeGossip } from './encode.ts'
import type { GossipLimits } from './limits.ts'
import type { LinkEnd } from './link-end.ts'
import type { GossipMessage, GossipSignal, Publish } from './message.ts'
import type { Teller } from './table.ts'

export interface LinkEvents {
  /** The handshake is complete. */
  opened(link: GossipLink): void
  message(link: GossipLink, message: GossipMessage): void
  /** A message that is well-formed, and that nothing can be done with. */
  skipped(link: GossipLink, problem: GossipInvalid): void
  /** Time for a sign of life. */
  beat(link: GossipLink): void
  /** What to say of a key now, if anything. */
  publication(link: GossipLink, key: string): Publish | undefined
  /** It serves no more. Not called after `destroy` and `close`. */
  ended(link: GossipLink, end: LinkEnd): void
  /** Its socket is no more: called once for each link that was attached, whatever ended it. */
  gone?(link: GossipLink): void
}

export interface LinkOptions {
  readonly platform: Platform
  readonly role: ConnectionRole
  readonly ownId: string
  /** `Teller.source`; by default the other side, by its address. */
  readonly source?: string
  readonly allowance: Allowance
  readonly events: LinkEvents
  readonly limits: GossipLimits
}

/** Names the node that speaks, and says that it knows of age. RFC 37: names of applications' own begin with "X-". */
const PROPERTY = 'X-EARSHOT-GOSSIP'

/** Milliseconds between signs of life. A hub of CZMQ's drops who is silent for 1 s (`server/timeout` in zgossip.c). */
const BEAT_MS = { plainHub: 300, otherwise: 5_000 } as const
/** Milliseconds without a byte after which who is known to answer is taken for dead. */
const SILENT_MS = 20_000
/** Milliseconds for which nothing is read of one who sends too fast. */
const REST_MS = 500
/** Milliseconds that the other side has to take our last words and the end. */
const CLOSING_MS = 1_000
/** CZMQ has no limit; what is over VALUE_BYTES_MAX is skipped, what is over this ends the link. */
const MESSAGE_BYTES_MAX = 64 * 1_024

const OPEN = { kind: 'open' } as const
const CLOSING = { kind: 'closing' } as const
const OVER = { kind: 'over' } as const
type State = { readonly kind: 'handshake' | 'open' | 'closing' | 'over' }

export class GossipLink implements StreamHandlers, Teller {
  readonly role: ConnectionRole
  readonly #options: LinkOptions
  readonly #zmtp: ZmtpConnection
  readonly #untold = new Set<string>()
  readonly #signals = new Set<GossipSignal['kind']>()
  #stream: ByteStream | undefined
  #source = ''
  #state: State = { kind: 'handshake' }
  #timer: Timer
  #restTimer: Timer | undefined
  #isAged = false
  /** A libzmq that has answered a PING of ZMTP's, or a node that sends messages on its own. */
  #answers: boolean
  #flushPlanned = false
  #isResting = false
  #heardAt: number
  #givenAt = 0

  /** `attach` follows at once. */
  constructor(options: LinkOptions) {
    const { platform, role, ownId, limits } = options
    this.#options = options
    this.role = role
    this.#answers = role === 'dialler'
    const isDialler = role === 'dialler'
    this.#zmtp = new ZmtpConnection({
      role,
      mechanism: new NullMechanism(),
      // libzmq's ROUTER refuses a second connection with one identity, for as long as the first seems to stand.
      identity: EMPTY_BYTES,
      limits: {
        handshakeBytes: DEFAULT_LIMITS.handshakeBytes,
        messageBytes: MESSAGE_BYTES_MAX,
        messageFrames: 1,
      },
      pattern: {
        type: isDialler ? 'DEALER' : 'ROUTER',
        counterparts: [isDialler ? 'ROUTER' : 'DEALER'],
        properties: [[PROPERTY, ownId]],
        handleCommand: () => 'unknown',
      },
    })
    const now = platform.clock.now()
    this.#heardAt = now
    this.#timer = platform.clock.setTimer(now + limits.handshakeMs, () =>
      this.#end({ kind: 'late' }),
    )
  }

  attach(stream: ByteStream): void {
    this.#stream = stream
    this.#source = this.#options.source ?? strangerAt(this.remoteAddress)
    this.#planFlush()
  }

  get isAged(): boolean {
    return this.#isAged
  }

  get isClient(): boolean {
    return this.role === 'acceptor'
  }

  get isOpen(): boolean {
    return this.#state === OPEN
  }

  get source(): string {
    return this.#source
  }

  get remoteAddress(): string {
    return this.#stream!.remote.address
  }

  get localAddress(): string {
    return this.#stream!.local.address
  }

  get isLocal(): boolean {
    return this.remoteAddress === this.localAddress || isLoopback(this.remoteAddress)
  }

  /** Sends a message without fields; one that waits already is not sent twice. */
  signal(kind: GossipSignal['kind']): void {
    this.#signals.add(kind)
    this.#planFlush()
  }

  /** Has the key told. */
  tell(key: string): void {
    this.#untold.add(key)
    this.#planFlush()
  }

  /** Sends what can be sent without waiting, then ends the stream. */
  close(): void {
    if (this.#state !== OPEN) {
      this.destroy()
      return
    }
    this.#flush()
    this.#closeStream()
  }

  /** Frees everything at once. */
  destroy(): void {
    if (this.#state === OVER) return
    this.#enterOver(OVER)
    this.#stream!.destroy()
    this.#options.events.gone?.(this)
  }

  // From the platform

  bytes(chunk: Uint8Array): void {
    if (!this.#isLive) return
    this.#heardAt = this.#now
    this.#zmtp.handleBytes(chunk)
    this.#read()
  }

  drained(): void {
    this.#flush()
  }

  ended(end: StreamEnd): void {
    const isLive = this.#isLive
    this.#enterOver(OVER)
    if (isLive) this.#options.events.ended(this, end)
    this.#options.events.gone?.(this)
  }

  get #isLive(): boolean {
    return this.#state.kind === 'handshake' || this.#state === OPEN
  }

  get #now(): number {
    return this.#options.platform.clock.now()
  }

  #read(): void {
    while (this.#isLive && !this.#isResting) {
      const input = this.#zmtp.poll()
      if (input.kind === 'needMore') break
      this.#handle(input)
    }
    if (this.#isLive && this.#zmtp.outputBytes > 0) this.#planFlush()
  }

  #handle(input: Exclude<ConnectionInput, { readonly kind: 'needMore' }>): void {
    switch (input.kind) {
      case 'offer':
        this.#zmtp.accept()
        this.#open(input.peer)
        return
      case 'ready':
        this.#open(input.peer)
        return
      case 'message':
        this.#handleMessage(input.bytes, input.frameStart(0), input.frameEnd(0))
        return
      case 'pong':
        this.#answers = true
        return
      case 'invalid':
        this.#end({ kind: 'invalid', problem: input })
        return
      default:
        assertNever(input)
    }
  }

  #open({ properties }: PeerMetadata): void {
    const property = properties.get(PROPERTY.toLowerCase())
    if (property !== undefined && utf8Decode(property) === this.#options.ownId) {
      this.#end({ kind: 'own' })
      return
    }
    this.#isAged = property !== undefined
    this.#answers ||= this.#isAged
    this.#state = OPEN
    this.#timer.cancel()
    this.#armBeat()
    this.#options.events.opened(this)
  }

  #handleMessage(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#options.allowance.take(this.#now)) this.#rest()
    const message = decodeGossip(bytes, start, end)
    if (message.kind !== 'invalid') this.#options.events.message(this, message)
    else if (isSkippable(message)) this.#options.events.skipped(this, message)
    else this.#end({ kind: 'invalid', problem: message })
  }

  #rest(): void {
    const { clock } = this.#options.platform
    this.#isResting = true
    this.#stream!.pause()
    this.#restTimer = clock.setTimer(clock.now() + REST_MS, () => {
      this.#isResting = false
      this.#heardAt = clock.now()
      this.#read()
      if (this.#isLive && !this.#isResting) this.#stream!.resume()
    })
  }

  #armBeat(): void {
    const { clock, entropy } = this.#options.platform
    const isPlainHub = this.role === 'dialler' && !this.#isAged
    const everyMs = isPlainHub ? BEAT_MS.plainHub : BEAT_MS.otherwise
    // Links that were made at one moment shall not speak at one moment for ever.
    const at = clock.now() + everyMs * (0.8 + 0.2 * entropy.random())
    this.#timer = clock.setTimer(at, () => this.#beat())
  }

  #beat(): void {
    const now = this.#now
    const { pendingBytes } = this.#stream!
    if (pendingBytes > 0 && now - this.#givenAt >= this.#options.limits.stalledMs) {
      this.#end({ kind: 'stalled' })
      return
    }
    if (this.#answers && !this.#isResting && now - this.#heardAt >= SILENT_MS) {
      this.#end({ kind: 'silent' })
      return
    }
    // A client of CZMQ's says nothing on its own; its libzmq answers.
    if (this.role === 'acceptor' && !this.#isAged && pendingBytes === 0) {
      this.#zmtp.writePing(0, EMPTY_BYTES)
      this.#planFlush()
    }
    this.#options.events.beat(this)
    if (this.#isLive) this.#armBeat()
  }

  /** What is to be said goes out at the end of this turn. */
  #planFlush(): void {
    if (this.#flushPlanned) return
    this.#flushPlanned = true
    this.#options.platform.clock.endOfTurn(() => {
      this.#flushPlanned = false
      this.#flush()
    })
  }

  #flush(): void {
    const stream = this.#stream!
    if (!this.#isLive || stream.pendingBytes > 0) return
    if (this.#state === OPEN) this.#writeWhatWaits()
    const segments = this.#zmtp.takeSegments()
    if (segments.length === 0) return
    this.#givenAt = this.#now
    stream.write(segments)
  }

  #writeWhatWaits(): void {
    for (const kind of this.#signals) this.#zmtp.writeFrame(encodeGossip({ kind }), false)
    this.#signals.clear()
    const told: string[] = []
    for (const key of this.#untold) {
      if (this.#zmtp.outputBytes >= this.#options.limits.outputBytes) break
      told.push(key)
      const publication = this.#options.events.publication(this, key)
      if (publication !== undefined) this.#zmtp.writeFrame(encodeGossip(publication), false)
    }
    for (const key of told) this.#untold.delete(key)
  }

  #end(end: LinkEnd): void {
    if (!this.#isLive) return
    // What the handshake has to say still goes out if it can: ERROR, or who we are.
    if (end.kind === 'invalid' || end.kind === 'own') {
      const segments = this.#zmtp.takeSegments()
      if (segments.length > 0) this.#stream!.write(segments)
      this.#closeStream()
    } else {
      this.destroy()
    }
    this.#options.events.ended(this, end)
  }

  /** The socket lives on until the other side has taken everything, or has had its time. */
  #closeStream(): void {
    this.#enterOver(CLOSING)
    this.#stream!.close()
    const { clock } = this.#options.platform
    this.#timer = clock.setTimer(clock.now() + CLOSING_MS, () => this.destroy())
  }

  #enterOver(state: State): void {
    this.#state = state
    this.#timer.cancel()
    this.#restTimer?.cancel()
    this.#untold.clear()
    this.#signals.clear()
  }
}
