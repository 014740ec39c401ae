/** Datagrams on their way: to one address, or as a broadcast to everybody in a subnet. */
import type { SocketAddress } from '../../src/runtime/platform.ts'
import type { EventTarget } from '../kernel/event-queue.ts'
import type { Attachment, BroadcastReceiver, Subnet } from './topology.ts'
import type { DatagramReceiver, UdpShared } from './udp-shared.ts'

/** A flight is there. */
export const ARRIVE = 1
/** A broadcast is there, and some of those that hear it get it from their interfaces now. */
const HAND_OVER = 2

/**
 * A broadcast on its way to everybody in a subnet: one event for all that hear it at the same time, as it is one
 * transmission on a real network. Or to one receiver that hears it at another time. Where interfaces hand over only
 * now and then, there is an event for all those that do so at the same time.
 */
export class BroadcastFlight implements EventTarget {
  readonly #layer: UdpShared
  readonly #bytes: Uint8Array
  readonly #near: Attachment
  readonly #subnet: Subnet
  readonly #source: SocketAddress
  readonly #port: number
  readonly #packet: number
  readonly #only: BroadcastReceiver | undefined

  constructor(
    layer: UdpShared,
    bytes: Uint8Array,
    near: Attachment,
    source: SocketAddress,
    port: number,
    packet: number,
    only: BroadcastReceiver | undefined,
  ) {
    this.#layer = layer
    this.#bytes = bytes
    this.#near = near
    this.#subnet = near.subnet
    this.#source = source
    this.#port = port
    this.#packet = packet
    this.#only = only
  }

  handleEvent(kind: number): void {
    if (kind === ARRIVE) {
      this.#layer.world.trace.noteBytes(this.#bytes)
      if (this.#only !== undefined) {
        this.#reach(this.#only)
        return
      }
      this.#planTurns()
    }
    const { tick } = this.#layer.world
    for (const receiver of this.#subnet.receiversAt(this.#port, tick)) this.#reach(receiver)
  }

  #planTurns(): void {
    const { world } = this.#layer
    for (let i = 1; i < this.#subnet.coalesceTicks; i++) {
      const tick = world.tick + i
      if (this.#subnet.receiversAt(this.#port, tick).length === 0) continue
      world.at(tick, this, HAND_OVER)
    }
  }

  #reach(receiver: BroadcastReceiver): void {
    const { network, counters } = this.#layer
    const near = this.#near
    const far = receiver.attachment
    if (!network.carriesBroadcast(near, far)) return
    const path = network.path(near, far)
    if (path === undefined) return
    if (path.isLossy && far !== near) {
      if (path.loses(near.index, far.index, this.#packet, this.#bytes.length)) {
        counters.lost++
        return
      }
    }
    receiver.handleBroadcast(this.#bytes, this.#source)
    if (path.duplicate > 0 && path.happens('duplicate', near.index, far.index, this.#packet)) {
      receiver.handleBroadcast(this.#bytes, this.#source)
    }
  }
}

/** A datagram on its way to one address. */
export class UnicastFlight implements EventTarget {
  readonly #layer: UdpShared
  readonly #bytes: Uint8Array
  readonly #near: Attachment
  readonly #far: Attachment
  readonly #address: string
  readonly #source: SocketAddress
  readonly #port: number
  readonly #only: DatagramReceiver | undefined

  constructor(
    layer: UdpShared,
    bytes: Uint8Array,
    near: Attachment,
    far: Attachment,
    source: SocketAddress,
    port: number,
    only: DatagramReceiver | undefined,
  ) {
    this.#layer = layer
    this.#bytes = bytes
    this.#near = near
    this.#far = far
    this.#address = far.address
    this.#source = source
    this.#port = port
    this.#only = only
  }

  handleEvent(): void {
    const { world, network } = this.#layer
    world.trace.noteBytes(this.#bytes)
    if (this.#far.address !== this.#address || !network.arrives(this.#near, this.#far)) return
    const receiver = this.#only ?? this.#layer.receiver(this.#far, this.#port)
    receiver?.handleDatagram(this.#bytes, this.#source)
  }
}
