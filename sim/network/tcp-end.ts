/**
 * One end of a virtual TCP connection as its process sees it: bytes in order, arbitrarily cut into chunks, never
 * more under way than the window; FIN after the bytes, RST instead of them.
 *
 *     write ─▶ outgoing ──window──▶ flight ─────▶ unread ─▶ bytes
 *              tcp-writer.ts        tcp-link.ts   here
 *
 * How it came to stand is in `tcp-opening.ts`.
 */

import { assert } from '../../src/base/assert.ts'
import { EMPTY_BYTES } from '../../src/base/bytes.ts'
import type { SocketAddress, StreamHandlers } from '../../src/runtime/platform.ts'
import { mix } from '../kernel/random.ts'
import type { UnitKind } from './flight.ts'
import {
  ABORTED,
  ACCEPTED,
  ACK,
  ARRIVAL,
  CLOSE_IDLE,
  DRAINED,
  ENDED,
  ESTABLISHED,
  FIN_RECEIVED,
  OPENED,
  PAUSED,
  READ,
  READ_PLANNED,
  RST_RECEIVED,
  UNACCEPTED,
} from './tcp-events.ts'
import { SYN_RETRIES, synRetryMs } from './tcp-retry.ts'
import type { EndList, ProcessEnd } from './tcp-shared.ts'
import { TcpWriter } from './tcp-writer.ts'
import type { Attachment } from './topology.ts'

/** As in the Node.js platform: a closing stream that makes no progress is given up. */
const CLOSE_IDLE_MS = 30_000
/** However badly a chunk is cut, its rest comes whole: the cuts that matter are around frames' heads. */
const PIECES_MAX = 32

export class TcpEnd extends TcpWriter implements ProcessEnd {
  declare protected other: TcpEnd | undefined
  #unread: Uint8Array[] | undefined
  // For `EndList` alone.
  previousInList: ProcessEnd | undefined
  nextInList: ProcessEnd | undefined

  /** An end that dials has handlers; one that answers gets them when it is accepted. */
  constructor(
    owner: EndList,
    local: SocketAddress,
    remote: SocketAddress,
    near: Attachment,
    handlers: StreamHandlers | undefined,
  ) {
    const isDialled = handlers !== undefined
    const [state, flags] = isDialled
      ? (['connecting', 0] as const)
      : (['open', UNACCEPTED] as const)
    super(owner, local, remote, near, flags, state, handlers)
    owner.add(this)
  }

  // Opening

  /** The dialling end is joined with the one that answers, which is accepted at `acceptTick`. */
  join(other: TcpEnd, acceptTick: number): void {
    const { world } = this.owner.shared
    this.other = other
    other.other = this
    other.flags |= ESTABLISHED
    other.expectNothingBefore(acceptTick)
    world.at(acceptTick, other, ACCEPTED)
    this.handleOpened()
  }

  private handleOpened(): void {
    if (this.state === 'over' || this.owner.gate.defers(this, OPENED, 0)) return
    this.flags |= ESTABLISHED
    this.owner.shared.counters.opened++
    if (this.state === 'connecting') {
      this.state = 'open'
      this.handlers?.opened?.()
    }
    this.transmit()
    this.readLater()
  }

  /** The last step of the handshake is here: whoever listens may have the connection. */
  private handleAccepted(attempt: number): void {
    if (this.state !== 'open') return
    const { shared } = this.owner
    if (!this.other!.reachesOther()) {
      if (attempt === SYN_RETRIES) this.vanish()
      else shared.world.after(synRetryMs(attempt), this, ACCEPTED, attempt + 1)
      return
    }
    const acceptor = shared.listenerAt(this.near, this.local.port)
    if (acceptor?.owner === this.owner) acceptor.offer(this)
    else this.destroy()
  }

  /** The process has accepted the connection, or does not want it. */
  adopt(handlers: StreamHandlers | undefined): void {
    this.flags &= ~UNACCEPTED
    if (handlers === undefined) {
      this.destroy()
      return
    }
    if (this.state === 'over') return
    this.handlers = handlers
    this.readLater()
  }

  /** Nobody listens on a port any more: a connection that was on its way there is reset. */
  handleListenerClosed(port: number): void {
    if (!this.has(UNACCEPTED) || this.local.port !== port) return
    if (this.owner.shared.listenerAt(this.near, port) === undefined) this.destroy()
  }

  // Reading

  protected receive(kind: UnitKind, bytes: Uint8Array): void {
    if (kind === 'bytes') {
      const { counters, world } = this.owner.shared
      counters.bytes += bytes.length
      counters.chunks++
      world.trace.noteBytes(bytes)
      if (this.#unread === undefined && this.isReadable) this.deliver(bytes)
      else this.keep(bytes)
      return
    }
    this.flags |= kind === 'fin' ? FIN_RECEIVED : RST_RECEIVED
    if (this.state === 'closing') this.handleEndOfInput()
    else this.readLater()
  }

  private get isReadable(): boolean {
    return (
      this.handlers !== undefined &&
      this.state === 'open' &&
      (this.flags & (PAUSED | UNACCEPTED)) === 0
    )
  }

  private readLater(): void {
    const hasInput = this.#unread !== undefined || this.has(FIN_RECEIVED | RST_RECEIVED)
    if (!hasInput || this.has(READ_PLANNED)) return
    this.flags |= READ_PLANNED
    this.owner.shared.world.after(0, this, READ)
  }

  /** What waits unread is read, and then the end of it all. */
  private handleRead(): void {
    this.flags &= ~READ_PLANNED
    if (this.state === 'closing') {
      this.handleEndOfInput()
      return
    }
    if (!this.isReadable) return
    const unread = this.#unread
    this.#unread = undefined
    for (let i = 0; unread !== undefined && i < unread.length; i++) {
      if (this.#unread === undefined && this.isReadable) this.deliver(unread[i]!)
      else this.keep(unread[i]!)
    }
    if (this.#unread === undefined && this.isReadable) this.handleEndOfInput()
  }

  /** A chunk for the process, perhaps in pieces. What it cannot take now waits. */
  private deliver(chunk: Uint8Array): void {
    let start = 0
    for (let pieces = 0; start < chunk.length; pieces++) {
      if (!this.isReadable || this.owner.gate.defers(this, READ, 0)) {
        this.keep(start === 0 ? chunk : chunk.subarray(start))
        return
      }
      const left = chunk.length - start
      const end = start + (pieces < PIECES_MAX ? this.pieceBytes(left) : left)
      const piece = end - start === chunk.length ? chunk : chunk.subarray(start, end)
      start = end
      this.other!.credit(piece.length)
      this.handlers!.bytes(piece)
    }
  }

  /** Bytes that are not for now: unread, or nobody's any more. */
  private keep(bytes: Uint8Array): void {
    if (this.state !== 'open') {
      this.other!.credit(bytes.length)
      return
    }
    this.#unread ??= []
    this.#unread.push(bytes)
  }

  /** How many of `length` bytes come as the next chunk: mostly all of them. */
  private pieceBytes(length: number): number {
    if (length === 1) return 1
    const draw = this.nextPacket() ^ length
    if (this.owner.shared.chunking === 'torture') return Math.min(length, 1 + (mix(draw) % 24))
    return (draw & 15) === 0 ? 1 + (mix(draw) % (length - 1)) : length
  }

  private handleEndOfInput(): void {
    if (this.has(RST_RECEIVED)) {
      this.fail({ kind: 'reset', message: 'the other side reset the connection' })
    } else if (this.has(FIN_RECEIVED)) {
      if (this.state === 'open') this.startClosing()
      this.checkClosed()
    }
  }

  pause(): void {
    if (this.state !== 'closing') this.flags |= PAUSED
  }

  resume(): void {
    this.flags &= ~PAUSED
    if (this.state !== 'over') this.readLater()
  }

  // Ending

  close(): void {
    if (this.state === 'closing' || this.state === 'over') return
    this.startClosing()
    for (const bytes of this.#unread ?? []) this.other!.credit(bytes.length)
    this.#unread = undefined
    this.readLater()
  }

  private startClosing(): void {
    this.state = 'closing'
    this.owner.shared.world.after(CLOSE_IDLE_MS, this, CLOSE_IDLE, this.backlog())
    this.transmit()
  }

  private handleCloseIdle(backlogBefore: number): void {
    if (this.state !== 'closing' || this.end !== undefined) return
    if (this.backlog() !== backlogBefore) {
      this.owner.shared.world.after(CLOSE_IDLE_MS, this, CLOSE_IDLE, this.backlog())
      return
    }
    this.fail({ kind: 'timeout', message: 'the other side took nothing while we were closing' })
    this.sendReset()
  }

  private handleEnded(): void {
    if (this.state === 'over' || this.owner.gate.defers(this, ENDED, 0)) return
    const handlers = this.handlers
    this.release()
    handlers?.ended(this.end!)
  }

  destroy(): void {
    if (this.state === 'over') return
    const isEnded = this.end !== undefined
    this.vanish()
    if (!isEnded) this.sendReset()
  }

  private sendReset(): void {
    if (this.other === undefined || this.other.isOver) return
    this.owner.shared.counters.resets++
    this.send('rst', EMPTY_BYTES)
  }

  /** The process or the host is gone, without a word to the other side. */
  vanish(): void {
    if (this.state === 'over') return
    this.flags |= ABORTED
    this.release()
  }

  private release(): void {
    this.state = 'over'
    this.handlers = undefined
    this.dropOutgoing()
    this.#unread = undefined
    this.owner.remove(this)
  }

  // Events

  handleEvent(kind: number, argument: number): void {
    switch (kind) {
      case OPENED:
        this.handleOpened()
        break
      case ACCEPTED:
        this.handleAccepted(argument)
        break
      case ARRIVAL:
        this.handleArrival()
        break
      case ACK:
        this.handleAck(argument)
        break
      case READ:
        this.handleRead()
        break
      case DRAINED:
        this.handleDrained()
        break
      case ENDED:
        this.handleEnded()
        break
      default:
        assert(kind === CLOSE_IDLE, 'an event of a connection')
        this.handleCloseIdle(argument)
    }
  }
}
