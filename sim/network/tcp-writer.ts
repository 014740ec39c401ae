/**
 * The writing half of an end of a connection: what was written and has no room yet, the window, and whether the
 * writer is owed a word. The reading half, and the stream's life, are in `tcp-end.ts`.
 *
 * An ACK is not a packet of its own: what the reader took is room at the writer at once, or, if the writer waits
 * for room, after the latency of the way back.
 */
import { EMPTY_BYTES } from '../../src/base/bytes.ts'
import type {
  IoFailure,
  SocketAddress,
  StreamEnd,
  StreamHandlers,
} from '../../src/runtime/platform.ts'
import type { TurnTaker } from '../kernel/world.ts'
import { Outgoing } from './outgoing.ts'
import {
  ABORTED,
  ACK,
  ACK_PLANNED,
  DRAIN_OWED,
  DRAINED,
  ENDED,
  ESTABLISHED,
  FIN_RECEIVED,
  FIN_SENT,
  TURN_PLANNED,
} from './tcp-events.ts'
import { TcpLink } from './tcp-link.ts'
import { RETRIES, retryMs } from './tcp-retry.ts'
import type { EndList } from './tcp-shared.ts'
import type { Attachment } from './topology.ts'

/** Bytes under way and unread together, at the most: the buffers of both hosts. */
const WINDOW_BYTES = 256 * 1024
const CHUNK_BYTES_MAX = 64 * 1024

export type TcpState = 'connecting' | 'open' | 'closing' | 'over'

export abstract class TcpWriter extends TcpLink implements TurnTaker {
  declare protected other: TcpWriter | undefined
  protected state: TcpState
  protected handlers: StreamHandlers | undefined
  /** How it ended, from when this is known; the process is told a little later. */
  protected end: StreamEnd | undefined
  #outgoing: Outgoing | undefined
  /** Bytes of ours that the other side's process has not taken yet. */
  #inFlight = 0

  protected constructor(
    owner: EndList,
    local: SocketAddress,
    remote: SocketAddress,
    near: Attachment,
    flags: number,
    state: TcpState,
    handlers: StreamHandlers | undefined,
  ) {
    super(owner, local, remote, near, flags)
    this.state = state
    this.handlers = handlers
    this.end = undefined
    this.#outgoing = undefined
  }

  get isOver(): boolean {
    return this.state === 'over'
  }

  get pendingBytes(): number {
    return this.#outgoing?.bytes ?? 0
  }

  write(segments: readonly Uint8Array[]): void {
    if (this.state === 'closing' || this.state === 'over' || this.end !== undefined) return
    let bytes = 0
    for (const segment of segments) bytes += segment.length
    if (bytes === 0) return
    this.flags |= DRAIN_OWED
    if (this.#outgoing === undefined && this.has(ESTABLISHED) && this.hasRoom(bytes)) {
      this.sendAtOnce(segments, bytes)
      return
    }
    this.#outgoing ??= new Outgoing()
    for (const segment of segments) this.#outgoing.push(segment)
    this.transmit()
  }

  private hasRoom(bytes: number): boolean {
    return bytes <= CHUNK_BYTES_MAX && bytes <= WINDOW_BYTES - this.#inFlight
  }

  /** What mostly happens: nothing waits, and a write fits into one chunk. */
  private sendAtOnce(segments: readonly Uint8Array[], bytes: number): void {
    const chunk = this.owner.shared.slab.take(bytes)
    let at = 0
    for (const segment of segments) {
      chunk.set(segment, at)
      at += segment.length
    }
    this.#inFlight += bytes
    this.send('bytes', chunk)
    this.planTurn()
  }

  /** Sends what the window has room for; after the last byte of a closing stream, FIN. */
  protected transmit(): void {
    if (!this.has(ESTABLISHED) || this.state === 'over' || this.end !== undefined) return
    const { slab } = this.owner.shared
    while (this.#outgoing !== undefined && this.#inFlight < WINDOW_BYTES) {
      const room = Math.min(WINDOW_BYTES - this.#inFlight, CHUNK_BYTES_MAX)
      const chunk = slab.take(Math.min(room, this.#outgoing.bytes))
      this.#outgoing.moveTo(chunk)
      if (this.#outgoing.bytes === 0) this.#outgoing = undefined
      this.#inFlight += chunk.length
      this.send('bytes', chunk)
    }
    if (this.#outgoing !== undefined) return
    if (this.has(DRAIN_OWED)) this.planTurn()
    if (this.state !== 'closing' || this.has(FIN_SENT)) return
    this.flags |= FIN_SENT
    this.send('fin', EMPTY_BYTES)
    this.checkClosed()
  }

  private planTurn(): void {
    if (this.has(TURN_PLANNED)) return
    this.flags |= TURN_PLANNED
    this.owner.shared.world.atEndOfTurn(this)
  }

  endTurn(): void {
    this.flags &= ~TURN_PLANNED
    this.handleDrained()
  }

  protected handleDrained(): void {
    if (this.state !== 'open' || this.end !== undefined) return
    if (this.#outgoing !== undefined || !this.has(DRAIN_OWED)) return
    if (this.owner.gate.defers(this, DRAINED, 0)) return
    this.flags &= ~DRAIN_OWED
    this.handlers?.drained()
  }

  /** The other side's process took bytes of ours. */
  protected credit(bytes: number): void {
    this.#inFlight -= bytes
    if (this.#outgoing === undefined || this.has(ACK_PLANNED)) return
    const { world, network } = this.owner.shared
    const far = this.other!.near
    this.flags |= ACK_PLANNED
    const back = network.path(far, this.near)
    world.after(back?.latencyMs(far.index, this.near.index, this.nextPacket()) ?? 0, this, ACK)
  }

  /** The other side's word that it has room; where that does not get through, it is asked again. */
  protected handleAck(attempt: number): void {
    if (this.state === 'over') return
    if (this.other!.reachesOther()) {
      this.flags &= ~ACK_PLANNED
      this.transmit()
    } else if (attempt < RETRIES) {
      this.owner.shared.world.after(retryMs(attempt), this, ACK, attempt + 1)
    } else {
      this.fail({ kind: 'timeout', message: 'the other side did not answer for 15 minutes' })
    }
  }

  /** Bytes that the other side's process has not taken, as an argument of an event. */
  protected backlog(): number {
    return (this.#inFlight + this.pendingBytes) | 0
  }

  // Ending

  /** Both halves have ended. */
  protected checkClosed(): void {
    if (!this.has(FIN_SENT) || !this.has(FIN_RECEIVED)) return
    this.finish({ kind: 'ended' })
  }

  fail(failure: IoFailure): void {
    if (this.end !== undefined || this.state === 'over') return
    this.flags |= ABORTED
    this.finish({ kind: 'failed', failure })
  }

  private finish(end: StreamEnd): void {
    if (this.end !== undefined || this.state === 'over') return
    this.end = end
    this.#outgoing = undefined
    this.owner.shared.world.after(0, this, ENDED)
  }

  /** Forgets what was not sent. */
  protected dropOutgoing(): void {
    this.#outgoing = undefined
  }

  protected has(flags: number): boolean {
    return (this.flags & flags) !== 0
  }
}
