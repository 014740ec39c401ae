/**
 * One end of a virtual TCP connection as the network sees it: what it sends is under way, arrives in order, is lost
 * and sent again. What the process sees of it is in `tcp-end.ts`, which is this one's other half.
 *
 *     send ─▶ flight of the other end ─▶ handleArrival ─▶ receive
 *             chunk chunk FIN
 *
 * What is lost on the way is sent again, which shows as delay: everything behind it waits. Where nothing gets
 * through at all, the sender gives up after 15 minutes. Whether a unit is lost is one draw of its own, held against
 * the weather at each retransmission: when the weather clears up, the next one gets through.
 *
 * Methods here and in the other halves are `private`, not `#`: a class with `#` methods marks each of its objects with
 * a field for them, and a large simulation has millions of ends.
 */
import { EMPTY_BYTES } from '../../src/base/bytes.ts'
import type { IoFailure, SocketAddress } from '../../src/runtime/platform.ts'
import type { EventTarget } from '../kernel/event-queue.ts'
import { combine } from '../kernel/random.ts'
import { append, Unit, type UnitKind, withoutFirst } from './flight.ts'
import { ABORTED, ARRIVAL, ARRIVAL_PLANNED } from './tcp-events.ts'
import { GIVE_UP_TICKS, nextRetryTick, retriesWithin } from './tcp-retry.ts'
import type { EndList } from './tcp-shared.ts'
import type { Attachment } from './topology.ts'

export abstract class TcpLink implements EventTarget {
  protected readonly owner: EndList
  readonly local: SocketAddress
  readonly remote: SocketAddress
  /** The interface it is at. */
  protected readonly near: Attachment
  /** The other end, as soon as the connection stands. */
  protected other: TcpLink | undefined
  protected flags: number
  /** On its way to us: the last unit of a ring (see `flight.ts`). */
  #flight: Unit | undefined
  /** When the last of it arrives, at the earliest. */
  #lastArrivalTick = 0
  /** Packets sent: what random draws know them by. */
  #packets = 0

  protected constructor(
    owner: EndList,
    local: SocketAddress,
    remote: SocketAddress,
    near: Attachment,
    flags: number,
  ) {
    this.owner = owner
    this.local = local
    this.remote = remote
    this.near = near
    this.other = undefined
    this.flags = flags
  }

  abstract get isOver(): boolean

  abstract handleEvent(kind: number, argument: number): void

  /** Something has arrived; `isOver` is false. */
  protected abstract receive(kind: UnitKind, bytes: Uint8Array): void

  /** Ends as if the host had given this failure; the process hears of it later. */
  abstract fail(failure: IoFailure): void

  /** Whether packets get through to the other end: not when either has another address by now. */
  protected reachesOther(): boolean {
    const { near, other } = this
    if (other === undefined) return false
    const far = other.near
    if (near.address !== this.local.address || far.address !== other.local.address) return false
    return this.owner.shared.network.isOpen(near, far)
  }

  // Sending

  protected send(kind: UnitKind, bytes: Uint8Array): void {
    const { near, other } = this
    if (other === undefined) return
    const { network } = this.owner.shared
    const far = other.near
    const path = network.path(near, far)
    const packet = this.nextPacket()
    let delayMs = 0
    if (path !== undefined) {
      delayMs =
        network.queueMs(near, far, path, bytes.length) +
        network.heldMs(near, far) +
        path.latencyMs(near.index, far.index, packet)
      if (kind === 'bytes' && path.happens('reset', near.index, far.index, packet)) this.reset()
    }
    other.expect(kind, bytes, network.arrivalTick(near, far, delayMs), packet)
  }

  /** A router or the like resets the connection: both sides see it. */
  reset(): void {
    const { other } = this
    if (other === undefined || this.isOver || other.isOver) return
    const { world, counters } = this.owner.shared
    counters.resets++
    this.expect('rst', EMPTY_BYTES, world.tick + 1, this.nextPacket())
    other.expect('rst', EMPTY_BYTES, world.tick + 1, other.nextPacket())
  }

  /** For random draws: a number that no other packet between the two interfaces has. */
  nextPacket(): number {
    this.#packets++
    return combine(this.local.port * 65_536 + this.remote.port, this.#packets)
  }

  // Arriving

  /** Nothing arrives before this. */
  protected expectNothingBefore(tick: number): void {
    this.#lastArrivalTick = tick
  }

  /** Something is under way to us. */
  private expect(kind: UnitKind, bytes: Uint8Array, tick: number, packet: number): void {
    if (tick > this.#lastArrivalTick) this.#lastArrivalTick = tick
    this.#flight = append(this.#flight, new Unit(kind, bytes, this.#lastArrivalTick, packet))
    this.planArrival(this.#flight.next.dueTick)
  }

  private planArrival(tick: number): void {
    if ((this.flags & ARRIVAL_PLANNED) !== 0) return
    this.flags |= ARRIVAL_PLANNED
    this.owner.shared.world.at(tick, this, ARRIVAL, 0)
  }

  protected handleArrival(): void {
    this.flags &= ~ARRIVAL_PLANNED
    const { world } = this.owner.shared
    while (this.#flight !== undefined) {
      const unit = this.#flight.next
      if (unit.dueTick > world.tick) {
        this.planArrival(unit.dueTick)
        return
      }
      // What comes late was sent again; nobody is left who would, when the sender's host has lost power.
      const isLost = unit.dueTick < world.tick && (this.other!.flags & ABORTED) !== 0
      if (isLost || !this.getsThrough(unit)) {
        this.awaitRetry(unit)
        return
      }
      if (this.isOver) {
        this.answerDead()
        return
      }
      this.#flight = withoutFirst(this.#flight)
      this.receive(unit.kind, unit.bytes)
    }
  }

  /** Whether the first transmission or the latest retransmission of a unit arrives now. */
  private getsThrough(unit: Unit): boolean {
    const other = this.other!
    if (!other.reachesOther()) return false
    const { network, world } = this.owner.shared
    const path = network.path(other.near, this.near)
    if (path === undefined) return false
    if (!path.isLossy) return true
    const sent = 1 + retriesWithin(world.tick - unit.dueTick)
    return path.rounds(other.near.index, this.near.index, unit.packet, unit.bytes.length) <= sent
  }

  /** It is sent again, ever more rarely; at last the other side gives up. */
  private awaitRetry(unit: Unit): void {
    const other = this.other!
    if ((other.flags & ABORTED) !== 0) {
      this.#flight = undefined
      return
    }
    const { world, counters } = this.owner.shared
    const waited = world.tick - unit.dueTick
    if (waited >= GIVE_UP_TICKS) {
      this.#flight = undefined
      other.fail({ kind: 'timeout', message: 'the other side did not answer for 15 minutes' })
      return
    }
    counters.retransmits++
    this.planArrival(unit.dueTick + nextRetryTick(retriesWithin(waited)))
  }

  /** Something came for a connection that is no more here. */
  private answerDead(): void {
    this.#flight = undefined
    if ((this.flags & ABORTED) !== 0 && !this.other!.isOver) this.send('rst', EMPTY_BYTES)
  }
}
