/**
 * The opening handshake of one connection, which lives only as long as it lasts. What is lost of it is sent again
 * after 1, 2, 4 … seconds.
 *
 *     dialler's end                 listener's host
 *       │ ── SYN ─────────────────────▶ │   nobody listens: refused; its backlog is full: no answer
 *       │ ◀──────────────────── SYN-ACK │   its end comes to be
 *     opened ── ACK, bytes … ───────▶ accepted
 */
import type { EventTarget } from '../kernel/event-queue.ts'
import { TcpEnd } from './tcp-end.ts'
import { NO_ANSWER, REFUSED, SYN, SYN_ACK, SYN_RETRY } from './tcp-events.ts'
import { SYN_RETRIES, synRetryMs } from './tcp-retry.ts'
import type { TcpShared } from './tcp-shared.ts'
import type { Attachment } from './topology.ts'

/** Nobody answers for an address of a subnet: the last router, or our own host, says so. */
const NO_NEIGHBOUR_MS = 3_000

export class TcpOpening implements EventTarget {
  readonly #shared: TcpShared
  readonly #end: TcpEnd
  readonly #near: Attachment
  readonly #far: Attachment | undefined
  /** The end at the listener's host. */
  #other: TcpEnd | undefined

  /** Dials from one interface to another; `far` is undefined when nobody has the address. */
  constructor(shared: TcpShared, end: TcpEnd, near: Attachment, far: Attachment | undefined) {
    this.#shared = shared
    this.#end = end
    this.#near = near
    this.#far = far
  }

  start(): void {
    const [near, far] = [this.#near, this.#far]
    if (far === undefined) this.#shared.world.after(NO_NEIGHBOUR_MS, this, NO_ANSWER)
    else this.#sendSyn(near, far, 0)
  }

  handleEvent(kind: number, attempt: number): void {
    const [near, far] = [this.#near, this.#far]
    if (this.#end.isOver) {
      // The dialler is gone: as if its host answered the SYN-ACK with a RST.
      this.#other?.vanish()
    } else if (kind === NO_ANSWER || far === undefined) {
      this.#handleNoAnswer()
    } else if (kind === SYN) {
      this.#handleSyn(near, far, attempt)
    } else if (kind === SYN_RETRY) {
      this.#sendSyn(near, far, attempt)
    } else if (kind === SYN_ACK) {
      this.#handleSynAck(near, far, attempt)
    } else {
      this.#handleRefused(near, far, attempt)
    }
  }

  #sendSyn(near: Attachment, far: Attachment, attempt: number): void {
    const { world, network } = this.#shared
    const path = network.path(near, far)
    const packet = this.#end.nextPacket()
    if (path === undefined || path.loses(near.index, far.index, packet, 0)) {
      this.#tryAgain(SYN_RETRY, attempt)
      return
    }
    const delayMs = path.latencyMs(near.index, far.index, packet) + network.heldMs(near, far)
    world.at(network.arrivalTick(near, far, delayMs), this, SYN, attempt)
  }

  /** Our SYN is at the other host: a second end comes to be there, or nobody listens. */
  #handleSyn(near: Attachment, far: Attachment, attempt: number): void {
    const { world, network } = this.#shared
    const { local, remote } = this.#end
    const acceptor = this.#shared.listenerAt(far, remote.port)
    const back = network.path(far, near)
    const packet = this.#end.nextPacket()
    if (
      !this.#passes(near, far) ||
      back === undefined ||
      acceptor?.hasRoom === false ||
      back.loses(far.index, near.index, packet, 0)
    ) {
      this.#tryAgain(SYN_RETRY, attempt)
      return
    }
    const backMs = back.latencyMs(far.index, near.index, packet) + network.heldMs(far, near)
    const backTick = network.arrivalTick(far, near, backMs)
    if (acceptor === undefined) {
      world.at(backTick, this, REFUSED, attempt)
      return
    }
    this.#other = new TcpEnd(acceptor.owner, remote, local, far, undefined)
    world.at(backTick, this, SYN_ACK, 0)
  }

  /** The connection stands for us; for the other side once our ACK is there. */
  #handleSynAck(near: Attachment, far: Attachment, attempt: number): void {
    const other = this.#other!
    if (other.isOver) {
      // Its process ended meanwhile: who listens there now?
      this.#tryAgain(SYN_RETRY, attempt)
      return
    }
    const { network } = this.#shared
    const path = network.path(near, far)
    if (path === undefined || !this.#passes(far, near)) {
      this.#tryAgain(SYN_ACK, attempt)
      return
    }
    const packet = this.#end.nextPacket()
    const ackMs = path.latencyMs(near.index, far.index, packet) + network.heldMs(near, far)
    this.#end.join(other, network.arrivalTick(near, far, ackMs))
  }

  #handleRefused(near: Attachment, far: Attachment, attempt: number): void {
    if (!this.#passes(far, near)) {
      this.#tryAgain(SYN_RETRY, attempt)
      return
    }
    const { address, port } = this.#end.remote
    this.#end.fail({ kind: 'refused', message: `connection refused by ${address}:${port}` })
  }

  #handleNoAnswer(): void {
    const { address, port } = this.#end.remote
    const kind = this.#far === undefined ? 'unreachable' : 'timeout'
    this.#end.fail({ kind, message: `no answer from ${address}:${port}` })
    this.#other?.vanish()
  }

  #tryAgain(kind: number, attempt: number): void {
    const { world } = this.#shared
    const next = attempt < SYN_RETRIES ? kind : NO_ANSWER
    world.after(synRetryMs(attempt), this, next, attempt + 1)
  }

  /** Whether packets get through, from one of the two interfaces to the other. */
  #passes(from: Attachment, to: Attachment): boolean {
    const { local, remote } = this.#end
    const hasMoved = this.#near.address !== local.address || this.#far?.address !== remote.address
    return !hasMoved && this.#shared.network.isOpen(from, to)
  }
}
