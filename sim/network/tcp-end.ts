/**
 * One end of a virtual TCP connection: bytes in order, arbitrarily cut into chunks, never more under way than
 * the window; FIN after the bytes, RST instead of them.
 *
 *     write ─▶ outgoing ──window──▶ flight (to the other end) ─▶ unread ─▶ bytes
 *              (pendingBytes)        chunk chunk FIN
 *
 * Start reading at `connect`. What is lost on the way is sent again, which shows as delay: everything behind it
 * waits. Where nothing gets through at all, the sender gives up after 15 minutes. An ACK is not a packet of its
 * own: what the reader took is room at the writer at once, or, if the writer waits for room, after the latency of
 * the way back.
 */
import { assert } from '../../src/base/assert.ts'
import { parseIpv4 } from '../../src/runtime/interface-selection.ts'
import type {
  ByteStream,
  IoFailure,
  SocketAddress,
  StreamEnd,
  StreamHandlers,
} from '../../src/runtime/platform.ts'
import type { EventTarget } from '../kernel/event-queue.ts'
import { combine, mix } from '../kernel/random.ts'
import { ticksOf } from '../kernel/time.ts'
import type { TurnTaker, World } from '../kernel/world.ts'
import { Flight, Outgoing, type Unit } from './flight.ts'
import type { Gate } from './gate.ts'
import type { VirtualNetwork } from './network.ts'
import type { Slab } from './slab.ts'
import type { Attachment } from './topology.ts'

/** What all connections share (see `tcp.ts`). */
export interface TcpShared {
  readonly world: World
  readonly network: VirtualNetwork
  readonly slab: Slab
  readonly chunking: Chunking
  readonly counters: TcpCounters
  /** Who accepts connections to a port at an interface. */
  listenerAt(attachment: Attachment, port: number): Acceptor | undefined
}

/** How bytes are cut into chunks for the reader: as networks do, or as badly as they may. */
export type Chunking = 'natural' | 'torture'

/** Of all connections. */
export interface TcpCounters {
  /** Connections that came to stand. */
  opened: number
  /** Bytes that arrived. */
  bytes: number
  chunks: number
  retransmits: number
  resets: number
}

export interface Acceptor {
  readonly gate: Gate
  readonly owner: EndList
  readonly hasRoom: boolean
  offer(end: TcpEnd): void
}

/** All ends of one process, without memory of its own. */
export class EndList {
  #first: TcpEnd | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  add(end: TcpEnd): void {
    end.nextInList = this.#first
    if (this.#first !== undefined) this.#first.previousInList = end
    this.#first = end
    this.#length++
  }

  remove(end: TcpEnd): void {
    const { previousInList, nextInList } = end
    if (previousInList !== undefined) previousInList.nextInList = nextInList
    else if (this.#first === end) this.#first = nextInList
    else return
    if (nextInList !== undefined) nextInList.previousInList = previousInList
    end.previousInList = undefined
    end.nextInList = undefined
    this.#length--
  }

  all(): TcpEnd[] {
    const ends: TcpEnd[] = []
    for (let end = this.#first; end !== undefined; end = end.nextInList) ends.push(end)
    return ends
  }
}

/** Bytes under way and unread together, at the most: the buffers of both hosts. */
const WINDOW_BYTES = 256 * 1024
const CHUNK_BYTES_MAX = 64 * 1024
/** RFC 6298 "The Basic Algorithm" has 1 s for the first SYN; Linux has 200 ms for everything later. */
const SYN_RETRY_MS = 1_000
const SYN_RETRIES = 6
const RETRY_MS = 200
const RETRY_MS_MAX = 120_000
/** Linux's `tcp_retries2`: about 15 minutes in all. */
const RETRIES = 15
/** Nobody answers for an address of our own subnet. */
const NO_NEIGHBOUR_MS = 3_000
/** As in the Node.js platform: a closing stream that makes no progress is given up. */
const CLOSE_IDLE_MS = 30_000
const ACK_RETRY_MS = 200

const SYN = 1
const SYN_RETRY = 2
const OPENED = 3
const REFUSED = 4
const NO_ANSWER = 5
const ACCEPTED = 6
const ARRIVAL = 7
const ACK = 8
const READ = 9
const DRAINED = 10
const ENDED = 11
const CLOSE_IDLE = 12

// Bits instead of fields: a large simulation has millions of ends.
const ESTABLISHED = 1
const PAUSED = 2
const UNACCEPTED = 4
const DRAIN_OWED = 8
const TURN_PLANNED = 16
const FIN_SENT = 32
const FIN_RECEIVED = 64
const RST_RECEIVED = 128
const ARRIVAL_PLANNED = 256
const ACK_PLANNED = 512
const READ_PLANNED = 1_024
/** This side gave the connection up: nothing of it is sent again. */
const ABORTED = 2_048

type State = 'connecting' | 'open' | 'closing' | 'over'

export class TcpEnd implements ByteStream, EventTarget, TurnTaker {
  readonly #shared: TcpShared
  readonly #gate: Gate
  readonly #owner: EndList
  #local: SocketAddress
  readonly #remote: SocketAddress
  #near: Attachment | undefined
  #far: Attachment | undefined
  #other: TcpEnd | undefined
  #handlers: StreamHandlers | undefined
  #state: State = 'connecting'
  #flags = 0
  #outgoing: Outgoing | undefined
  /** Bytes of ours that the other side's process has not taken yet. */
  #inFlight = 0
  /** On its way to us. */
  #flight: Flight | undefined
  /** When the last of it arrives. */
  #lastArrivalTick = 0
  #unread: Uint8Array[] | undefined
  /** Packets sent: what random draws know them by. */
  #packets = 0
  #end: StreamEnd | undefined
  // For `EndList` alone.
  previousInList: TcpEnd | undefined
  nextInList: TcpEnd | undefined

  constructor(
    shared: TcpShared,
    gate: Gate,
    owner: EndList,
    local: SocketAddress,
    remote: SocketAddress,
    handlers: StreamHandlers | undefined,
  ) {
    this.#shared = shared
    this.#gate = gate
    this.#owner = owner
    this.#local = local
    this.#remote = remote
    this.#handlers = handlers
    owner.add(this)
  }

  get local(): SocketAddress {
    return this.#local
  }

  get remote(): SocketAddress {
    return this.#remote
  }

  get pendingBytes(): number {
    return this.#outgoing?.bytes ?? 0
  }

  // Opening

  /** Dials from one interface to another; `far` is undefined when nobody has the address. */
  connect(near: Attachment, far: Attachment | undefined, local: SocketAddress): void {
    this.#near = near
    this.#far = far
    this.#local = local
    const { world } = this.#shared
    if (far !== undefined) {
      this.#sendSyn(0)
      return
    }
    const isNeighbour = near.subnet.contains(parseIpv4(this.#remote.address)!)
    world.after(isNeighbour ? NO_NEIGHBOUR_MS : SYN_RETRY_MS * 2 ** SYN_RETRIES, this, NO_ANSWER)
  }

  #sendSyn(attempt: number): void {
    const { world, network } = this.#shared
    const [near, far] = [this.#near!, this.#far!]
    const path = network.path(near, far)
    const packet = this.#nextPacket()
    if (path === undefined || path.loses(near.index, far.index, packet, 0)) {
      this.#retrySyn(attempt)
      return
    }
    const delayMs = path.latencyMs(near.index, far.index, packet) + network.heldMs(near, far)
    world.after(delayMs, this, SYN, attempt)
  }

  #retrySyn(attempt: number): void {
    const waitMs = SYN_RETRY_MS * 2 ** attempt
    this.#shared.world.after(
      waitMs,
      this,
      attempt < SYN_RETRIES ? SYN_RETRY : NO_ANSWER,
      attempt + 1,
    )
  }

  /** Our SYN is at the other host: a second end comes to be there, or nobody listens. */
  #handleSyn(attempt: number): void {
    if (this.#state === 'over') return
    const { world, network } = this.#shared
    const [near, far] = [this.#near!, this.#far!]
    const acceptor = this.#shared.listenerAt(far, this.#remote.port)
    const isAnswered = acceptor === undefined || acceptor.hasRoom
    const back = network.path(far, near)
    if (!isAnswered || back === undefined || !this.#canPass(true) || !this.#canPass(false)) {
      this.#retrySyn(attempt)
      return
    }
    const packet = this.#nextPacket()
    if (back.loses(far.index, near.index, packet, 0)) {
      this.#retrySyn(attempt)
      return
    }
    const backMs = back.latencyMs(far.index, near.index, packet) + network.heldMs(far, near)
    if (acceptor === undefined) {
      world.after(backMs, this, REFUSED)
      return
    }
    const other = new TcpEnd(
      this.#shared,
      acceptor.gate,
      acceptor.owner,
      this.#remote,
      this.#local,
      undefined,
    )
    other.#state = 'open'
    other.#flags = UNACCEPTED | ESTABLISHED
    other.#near = far
    other.#far = near
    other.#other = this
    this.#other = other
    const openTick = world.tick + ticksOf(backMs)
    const acceptTick =
      openTick + ticksOf(network.path(near, far)?.latencyMs(near.index, far.index, packet) ?? 0)
    this.#lastArrivalTick = openTick
    other.#lastArrivalTick = acceptTick
    world.at(openTick, this, OPENED)
    world.at(acceptTick, other, ACCEPTED)
  }

  #handleOpened(): void {
    if (this.#state === 'over' || this.#gate.defers(this, OPENED, 0)) return
    this.#flags |= ESTABLISHED
    this.#shared.counters.opened++
    if (this.#state === 'connecting') {
      this.#state = 'open'
      this.#handlers?.opened?.()
    }
    this.#transmit()
    this.#readLater()
  }

  /** The last step of the handshake is here: whoever listens may have the connection. */
  #handleAccepted(): void {
    if (this.#state !== 'open') return
    const acceptor = this.#shared.listenerAt(this.#near!, this.#local.port)
    if (acceptor === undefined) this.destroy()
    else acceptor.offer(this)
  }

  /** The process has accepted the connection, or does not want it. */
  adopt(handlers: StreamHandlers | undefined): void {
    this.#flags &= ~UNACCEPTED
    if (handlers === undefined) {
      this.destroy()
      return
    }
    if (this.#state === 'over') return
    this.#handlers = handlers
    this.#readLater()
  }

  // Writing

  write(segments: readonly Uint8Array[]): void {
    if (this.#state === 'closing' || this.#state === 'over') return
    let bytes = 0
    for (const segment of segments) bytes += segment.length
    if (bytes === 0) return
    this.#flags |= DRAIN_OWED
    this.#outgoing ??= new Outgoing()
    for (const segment of segments) this.#outgoing.push(segment)
    this.#transmit()
  }

  /** Sends what the window has room for; after the last byte of a closing stream, FIN. */
  #transmit(): void {
    if (!this.#has(ESTABLISHED) || this.#state === 'over') return
    const { slab } = this.#shared
    while (this.#outgoing !== undefined && this.#inFlight < WINDOW_BYTES) {
      const room = Math.min(WINDOW_BYTES - this.#inFlight, CHUNK_BYTES_MAX)
      const chunk = slab.take(Math.min(room, this.#outgoing.bytes))
      this.#outgoing.moveTo(chunk)
      if (this.#outgoing.bytes === 0) this.#outgoing = undefined
      this.#inFlight += chunk.length
      this.#send('bytes', chunk)
    }
    if (this.#outgoing !== undefined) return
    if (this.#has(DRAIN_OWED)) this.#planTurn()
    if (this.#state !== 'closing' || this.#has(FIN_SENT)) return
    this.#flags |= FIN_SENT
    this.#send('fin', undefined)
    this.#checkClosed()
  }

  #send(kind: Unit['kind'], bytes: Uint8Array | undefined): void {
    const other = this.#other
    if (other === undefined) return
    const { world, network, counters } = this.#shared
    const [near, far] = [this.#near!, this.#far!]
    const path = network.path(near, far)
    const length = bytes?.length ?? 0
    let delayMs = 0
    if (path !== undefined) {
      delayMs = network.queueMs(near, far, path, length) + network.heldMs(near, far)
      let packet = this.#nextPacket()
      for (
        let attempt = 0;
        path.loses(near.index, far.index, packet, length) && attempt < RETRIES;
        attempt++
      ) {
        delayMs += retryMs(attempt)
        counters.retransmits++
        packet = this.#nextPacket()
      }
      delayMs += path.latencyMs(near.index, far.index, packet)
      if (kind === 'bytes' && path.happens('reset', near.index, far.index, packet)) this.reset()
    }
    other.#expect(kind, bytes, world.tick + ticksOf(delayMs))
  }

  #planTurn(): void {
    if (this.#has(TURN_PLANNED)) return
    this.#flags |= TURN_PLANNED
    this.#shared.world.atEndOfTurn(this)
  }

  endTurn(): void {
    this.#flags &= ~TURN_PLANNED
    this.#handleDrained()
  }

  #handleDrained(): void {
    if (this.#state !== 'open' || this.#outgoing !== undefined || !this.#has(DRAIN_OWED)) return
    if (this.#gate.defers(this, DRAINED, 0)) return
    this.#flags &= ~DRAIN_OWED
    this.#handlers?.drained()
  }

  /** The other side's process took bytes of ours. */
  #credit(bytes: number): void {
    this.#inFlight -= bytes
    if (this.#outgoing === undefined || this.#has(ACK_PLANNED)) return
    const { world, network } = this.#shared
    const [near, far] = [this.#near!, this.#far!]
    this.#flags |= ACK_PLANNED
    const backMs = network.path(far, near)?.latencyMs(far.index, near.index, this.#nextPacket())
    world.after(backMs ?? 0, this, ACK)
  }

  #creditOther(bytes: number): void {
    if (this.#other !== undefined) this.#other.#credit(bytes)
  }

  #handleAck(): void {
    if (this.#state === 'over') return
    if (!this.#canPass(false)) {
      this.#shared.world.after(ACK_RETRY_MS, this, ACK)
      return
    }
    this.#flags &= ~ACK_PLANNED
    this.#transmit()
  }

  // Arriving

  /** Something is under way to us. */
  #expect(kind: Unit['kind'], bytes: Uint8Array | undefined, tick: number): void {
    this.#lastArrivalTick = Math.max(this.#lastArrivalTick, tick)
    this.#flight ??= new Flight()
    this.#flight.push(kind, bytes, this.#lastArrivalTick)
    this.#planArrival(this.#flight.dueTick)
  }

  #planArrival(tick: number, attempt = 0): void {
    if (this.#has(ARRIVAL_PLANNED)) return
    this.#flags |= ARRIVAL_PLANNED
    this.#shared.world.at(tick, this, ARRIVAL, attempt)
  }

  #handleArrival(attempt: number): void {
    this.#flags &= ~ARRIVAL_PLANNED
    const { world } = this.#shared
    const flight = this.#flight
    if (flight === undefined) return
    if (!this.#canPass(false)) {
      this.#stall(attempt)
      return
    }
    if (this.#state === 'over') {
      this.#flight = undefined
      if (this.#has(ABORTED)) this.#answerDead()
      return
    }
    for (let unit = flight.take(world.tick); unit !== undefined; unit = flight.take(world.tick)) {
      this.#receive(unit)
    }
    if (flight.isEmpty) this.#flight = undefined
    else this.#planArrival(flight.dueTick)
  }

  /** Nothing gets through: the other side sends again, ever more rarely, and at last gives up. */
  #stall(attempt: number): void {
    const other = this.#other
    if (other === undefined || other.#has(ABORTED)) {
      this.#flight = undefined
      return
    }
    this.#shared.counters.retransmits++
    if (attempt < RETRIES) {
      const { world } = this.#shared
      this.#planArrival(world.tick + ticksOf(retryMs(attempt)), attempt + 1)
      return
    }
    this.#flight = undefined
    other.#fail({ kind: 'timeout', message: 'the other side did not answer for 15 minutes' })
  }

  /** Bytes came for a connection that is no more here. */
  #answerDead(): void {
    if (this.#other !== undefined && this.#other.#state !== 'over') this.#send('rst', undefined)
  }

  #receive({ kind, bytes }: Unit): void {
    const { counters, world } = this.#shared
    if (kind === 'bytes') {
      counters.bytes += bytes.length
      counters.chunks++
      world.trace.noteBytes(bytes)
      this.#receiveBytes(bytes)
      return
    }
    this.#flags |= kind === 'fin' ? FIN_RECEIVED : RST_RECEIVED
    if (this.#state === 'closing') this.#handleEndOfInput()
    else this.#readLater()
  }

  #receiveBytes(bytes: Uint8Array): void {
    if (this.#state === 'closing') {
      this.#creditOther(bytes.length)
      return
    }
    const isFirst = this.#unread === undefined
    if (isFirst && this.#isReadable && !this.#gate.defers(this, READ, 0)) {
      this.#deliver(bytes)
      return
    }
    this.#unread ??= []
    this.#unread.push(bytes)
  }

  get #isReadable(): boolean {
    return (
      this.#handlers !== undefined &&
      this.#state === 'open' &&
      (this.#flags & (PAUSED | UNACCEPTED)) === 0
    )
  }

  #readLater(): void {
    const hasInput = this.#unread !== undefined || this.#has(FIN_RECEIVED | RST_RECEIVED)
    if (!hasInput || this.#has(READ_PLANNED)) return
    this.#flags |= READ_PLANNED
    this.#shared.world.after(0, this, READ)
  }

  /** What waits unread is read, and then the end of it all. */
  #handleRead(): void {
    this.#flags &= ~READ_PLANNED
    if (this.#state === 'closing') {
      this.#handleEndOfInput()
      return
    }
    if (!this.#isReadable || this.#gate.defers(this, READ, 0)) return
    const unread = this.#unread
    this.#unread = undefined
    for (let i = 0; unread !== undefined && i < unread.length; i++) {
      if (this.#isReadable) this.#deliver(unread[i]!)
      else this.#keep(unread[i]!)
    }
    if (this.#isReadable) this.#handleEndOfInput()
  }

  /** A chunk for the process, perhaps in pieces. */
  #deliver(chunk: Uint8Array): void {
    let start = 0
    while (start < chunk.length) {
      const end = start + this.#pieceBytes(chunk.length - start)
      if (!this.#isReadable) {
        this.#keep(chunk.subarray(start))
        return
      }
      const piece = end - start === chunk.length ? chunk : chunk.subarray(start, end)
      start = end
      this.#creditOther(piece.length)
      this.#handlers?.bytes(piece)
    }
  }

  /** Bytes that are not for now: unread, or nobody's any more. */
  #keep(bytes: Uint8Array): void {
    if (this.#state !== 'open') {
      this.#creditOther(bytes.length)
      return
    }
    this.#unread ??= []
    this.#unread.push(bytes)
  }

  /** How many of `length` bytes come as the next chunk: mostly all of them. */
  #pieceBytes(length: number): number {
    if (length === 1) return 1
    const draw = this.#nextPacket() ^ length
    if (this.#shared.chunking === 'torture') return Math.min(length, 1 + (mix(draw) % 24))
    return (draw & 15) === 0 ? 1 + (mix(draw) % (length - 1)) : length
  }

  #handleEndOfInput(): void {
    if (this.#has(RST_RECEIVED)) {
      this.#fail({ kind: 'reset', message: 'the other side reset the connection' })
    } else if (this.#has(FIN_RECEIVED)) {
      if (this.#state === 'open') this.#startClosing()
      this.#checkClosed()
    }
  }

  pause(): void {
    if (this.#state !== 'closing') this.#flags |= PAUSED
  }

  resume(): void {
    this.#flags &= ~PAUSED
    if (this.#state !== 'over') this.#readLater()
  }

  // Ending

  close(): void {
    if (this.#state === 'closing' || this.#state === 'over') return
    this.#startClosing()
    for (const bytes of this.#unread ?? []) this.#creditOther(bytes.length)
    this.#unread = undefined
    this.#readLater()
  }

  #startClosing(): void {
    this.#state = 'closing'
    this.#shared.world.after(CLOSE_IDLE_MS, this, CLOSE_IDLE, this.#backlog())
    this.#transmit()
  }

  #backlog(): number {
    return this.#inFlight + this.pendingBytes
  }

  #handleCloseIdle(backlogBefore: number): void {
    if (this.#state !== 'closing' || this.#end !== undefined) return
    if (this.#backlog() === backlogBefore) {
      this.#fail({ kind: 'timeout', message: 'the other side took nothing while we were closing' })
    } else {
      this.#shared.world.after(CLOSE_IDLE_MS, this, CLOSE_IDLE, this.#backlog())
    }
  }

  /** Both halves have ended. */
  #checkClosed(): void {
    if (!this.#has(FIN_SENT) || !this.#has(FIN_RECEIVED)) return
    this.#finish({ kind: 'ended' })
  }

  /** Ends the stream as if its host had given this failure; `ended` comes later. */
  failLater(failure: IoFailure): void {
    this.#fail(failure)
  }

  #fail(failure: IoFailure): void {
    this.#flags |= ABORTED
    this.#finish({ kind: 'failed', failure })
  }

  #finish(end: StreamEnd): void {
    if (this.#end !== undefined || this.#state === 'over') return
    this.#end = end
    this.#outgoing = undefined
    this.#shared.world.after(0, this, ENDED)
  }

  #handleEnded(): void {
    if (this.#state === 'over' || this.#gate.defers(this, ENDED, 0)) return
    const handlers = this.#handlers
    this.#release()
    handlers?.ended(this.#end!)
  }

  destroy(): void {
    if (this.#state === 'over') return
    const isEnded = this.#end !== undefined
    this.vanish()
    if (isEnded || this.#other === undefined || this.#other.#state === 'over') return
    this.#shared.counters.resets++
    this.#send('rst', undefined)
  }

  /** A router or the like resets the connection: both sides see it. */
  reset(): void {
    const other = this.#other
    if (other === undefined || this.#state === 'over' || other.#state === 'over') return
    const { world } = this.#shared
    this.#shared.counters.resets++
    this.#expect('rst', undefined, world.tick + 1)
    other.#expect('rst', undefined, world.tick + 1)
  }

  /** The process or the host is gone, without a word to the other side. */
  vanish(): void {
    if (this.#state === 'over') return
    this.#flags |= ABORTED
    this.#release()
  }

  #release(): void {
    this.#state = 'over'
    this.#handlers = undefined
    this.#outgoing = undefined
    this.#unread = undefined
    this.#owner.remove(this)
  }

  // Events

  handleEvent(kind: number, argument: number): void {
    switch (kind) {
      case SYN:
        this.#handleSyn(argument)
        break
      case SYN_RETRY:
        if (this.#state !== 'over') this.#sendSyn(argument)
        break
      case OPENED:
        this.#handleOpened()
        break
      case REFUSED:
        this.#fail({
          kind: 'refused',
          message: `connection refused by ${this.#remote.address}:${this.#remote.port}`,
        })
        break
      case NO_ANSWER:
        this.#handleNoAnswer()
        break
      case ACCEPTED:
        this.#handleAccepted()
        break
      case ARRIVAL:
        this.#handleArrival(argument)
        break
      case ACK:
        this.#handleAck()
        break
      case READ:
        this.#handleRead()
        break
      case DRAINED:
        this.#handleDrained()
        break
      case ENDED:
        this.#handleEnded()
        break
      default:
        assert(kind === CLOSE_IDLE, 'an event of a connection')
        this.#handleCloseIdle(argument)
    }
  }

  #handleNoAnswer(): void {
    if (this.#other !== undefined) return
    const kind = this.#far === undefined ? 'unreachable' : 'timeout'
    this.#fail({ kind, message: `no answer from ${this.#remote.address}:${this.#remote.port}` })
  }

  // Helpers

  #has(flags: number): boolean {
    return (this.#flags & flags) !== 0
  }

  /** Whether packets get through, from us or to us: also when either has another address by now. */
  #canPass(outward: boolean): boolean {
    const [near, far] = [this.#near, this.#far]
    if (near === undefined || far === undefined) return false
    if (near.address !== this.#local.address || far.address !== this.#remote.address) return false
    const { network } = this.#shared
    return outward ? network.isOpen(near, far) : network.isOpen(far, near)
  }

  #nextPacket(): number {
    this.#packets++
    return combine(this.#local.port * 65_536 + this.#remote.port, this.#packets)
  }
}

function retryMs(attempt: number): number {
  return Math.min(RETRY_MS * 2 ** attempt, RETRY_MS_MAX)
}
