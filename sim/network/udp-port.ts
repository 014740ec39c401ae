/**
 * One open UDP port of a virtual host: what its process sends, and what waits for it to read.
 */
import { parseIpv4 } from '../../src/base/ipv4.ts'
import type {
  DatagramHandlers,
  DatagramPort,
  IoFailure,
  SocketAddress,
} from '../../src/runtime/platform.ts'
import type { EventTarget } from '../kernel/event-queue.ts'
import { combine } from '../kernel/random.ts'
import type { Gate } from './gate.ts'
import type { Attachment, BroadcastReceiver, SocketHost } from './topology.ts'
import { ARRIVE, BroadcastFlight, UnicastFlight } from './udp-flight.ts'
import type { Bound, DatagramReceiver, UdpShared } from './udp-shared.ts'

const PORTS = 65_536
/** RFC 768 and RFC 791: 65,535 bytes less 20 of IP and 8 of UDP header. */
const DATAGRAM_BYTES_MAX = 65_507
const LIMITED_BROADCAST = 0xffffffff
/** About what Linux's default buffer holds of small datagrams. */
const UNREAD_MAX = 256

// Kinds of events. (Those of flights are in `udp-flight.ts`.)
const READ = 2
const FAILED = 3

interface Datagram {
  readonly bytes: Uint8Array
  readonly from: SocketAddress
}

export class VirtualPort implements DatagramPort, DatagramReceiver, EventTarget {
  readonly port: number
  readonly bound: Bound | undefined
  readonly #layer: UdpShared
  readonly #host: SocketHost
  readonly #gate: Gate
  /** One for each interface that it hears broadcasts at. */
  #ears: Ear[] = []
  readonly #onClose: () => void
  #handlers: DatagramHandlers | undefined
  /** As many as reads of this port wait at the gate. */
  readonly #unread: Datagram[] = []
  readonly #failures: IoFailure[] = []
  #packets = 0

  constructor(
    layer: UdpShared,
    host: SocketHost,
    gate: Gate,
    port: number,
    bound: Bound | undefined,
    handlers: DatagramHandlers,
    onClose: () => void,
  ) {
    this.#layer = layer
    this.#host = host
    this.#gate = gate
    this.port = port
    this.bound = bound
    this.#handlers = handlers
    this.#onClose = onClose
  }

  /** Hears broadcasts at one more interface. */
  listenAt(attachment: Attachment): void {
    const ear = new Ear(this, attachment)
    this.#ears.push(ear)
    attachment.subnet.addReceiver(this.port, ear)
  }

  /** The interface is taken away. */
  leave(attachment: Attachment): void {
    for (const ear of this.#ears) {
      if (ear.attachment === attachment) attachment.subnet.removeReceiver(this.port, ear)
    }
    this.#ears = this.#ears.filter((each) => each.attachment !== attachment)
  }

  send(bytes: Uint8Array, to: SocketAddress): void {
    if (this.#handlers === undefined) return
    const address = parseIpv4(to.address)
    const isPort = Number.isInteger(to.port) && to.port > 0 && to.port < PORTS
    if (address === undefined || !isPort) {
      this.#failLater({ kind: 'other', message: `cannot send to ${to.address}:${to.port}` })
      return
    }
    if (bytes.length > DATAGRAM_BYTES_MAX) {
      const message = `a datagram of ${bytes.length} bytes; at most ${DATAGRAM_BYTES_MAX} can be sent`
      this.#failLater({ kind: 'too-large', message })
      return
    }
    const near = this.#source(address)
    if (near === undefined || !this.#layer.network.hasRoute(near, address)) {
      const isBoundToLost = this.bound !== undefined && near === undefined
      const kind = isBoundToLost ? 'address-unavailable' : 'unreachable'
      this.#failLater({ kind, message: `cannot send to ${to.address} from here` })
      return
    }
    this.#layer.counters.sent++
    const source = { address: near.address, port: this.port }
    if (isForAll(address, near)) this.#sendToAll(bytes, near, source, to.port)
    else this.#sendToOne(bytes, near, source, address, to.port)
  }

  /** The interface that a datagram leaves by; `undefined` when there is none (any more). */
  #source(to: number): Attachment | undefined {
    if (this.bound === undefined) {
      const isForAny = to === LIMITED_BROADCAST || isMulticast(to)
      if (isForAny) return this.#host.attachments.find(({ up }) => up)
      return this.#host.attachmentTowards(to)
    }
    const { attachment, address } = this.bound
    return attachment.up && attachment.address === address ? attachment : undefined
  }

  #sendToAll(bytes: Uint8Array, near: Attachment, source: SocketAddress, port: number): void {
    const { world, network, counters } = this.#layer
    if (near === this.#host.loopback) {
      for (const each of this.#layer.sharers(this.#host.index, port)) {
        const flight = new UnicastFlight(this.#layer, bytes.slice(), near, near, source, port, each)
        world.after(0, flight, ARRIVE)
      }
      return
    }
    const packet = this.#nextPacket()
    const queuedMs = network.broadcastQueueMs(near, bytes.length)
    if (network.isQueueFull(queuedMs)) {
      counters.lost++
      return
    }
    if (!network.hearsAsOne(near)) {
      this.#sendToEach(bytes, near, source, port, packet, queuedMs)
      return
    }
    const { path } = near.subnet
    const delayMs = queuedMs + path.latencyMs(near.index, near.index, packet)
    const flight = new BroadcastFlight(this.#layer, bytes, near, source, port, packet, undefined)
    world.after(delayMs, flight, ARRIVE)
  }

  /** Receivers that hear a broadcast at different times. */
  #sendToEach(
    bytes: Uint8Array,
    near: Attachment,
    source: SocketAddress,
    port: number,
    packet: number,
    queuedMs: number,
  ): void {
    const { world, network } = this.#layer
    const base = near.subnet.path.latencyMs(near.index, near.index, packet)
    for (const receiver of near.subnet.receivers(port)) {
      const far = receiver.attachment
      const path = network.path(near, far)
      if (path === undefined) continue
      const latencyMs =
        path === near.subnet.path ? base : path.latencyMs(near.index, far.index, packet)
      const delayMs =
        network.downlinkQueueMs(far, queuedMs, bytes.length) +
        latencyMs +
        network.heldMs(near, far) +
        path.heldBackMs(near.index, far.index, packet)
      const flight = new BroadcastFlight(this.#layer, bytes, near, source, port, packet, receiver)
      world.at(network.arrivalTick(near, far, delayMs), flight, ARRIVE)
    }
  }

  #sendToOne(
    bytes: Uint8Array,
    near: Attachment,
    source: SocketAddress,
    address: number,
    port: number,
  ): void {
    const { world, network, counters } = this.#layer
    const far = this.#host.attachmentAt(address) ?? network.find(address)
    const path = far && network.path(near, far)
    if (far === undefined || path === undefined) return // as on a real network: nobody says so
    const packet = this.#nextPacket()
    const queuedMs = network.queueMs(near, far, path, bytes.length)
    if (network.isQueueFull(queuedMs) || path.loses(near.index, far.index, packet, bytes.length)) {
      counters.lost++
      return
    }
    const waitMs =
      queuedMs + network.heldMs(near, far) + path.heldBackMs(near.index, far.index, packet)
    const copies = path.happens('duplicate', near.index, far.index, packet) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      const delayMs = waitMs + path.latencyMs(near.index, far.index, packet + i)
      const flight = new UnicastFlight(
        this.#layer,
        bytes.slice(),
        near,
        far,
        source,
        port,
        undefined,
      )
      world.at(network.arrivalTick(near, far, delayMs), flight, ARRIVE)
    }
  }

  /** A datagram is at the host; the process reads it when it can. */
  handleDatagram(bytes: Uint8Array, from: SocketAddress): void {
    if (this.#handlers === undefined) return
    const { counters } = this.#layer
    if (this.#unread.length >= UNREAD_MAX) {
      counters.overflowed++
      return
    }
    counters.received++
    counters.bytes += bytes.length
    if (this.#gate.defers(this, READ, 0)) this.#unread.push({ bytes, from })
    else this.#handlers.datagram(bytes, from)
  }

  handleEvent(kind: number): void {
    if (this.#handlers === undefined || this.#gate.defers(this, kind, 0)) return
    if (kind === FAILED) {
      this.#handlers.failed(this.#failures.shift()!)
      return
    }
    const { bytes, from } = this.#unread.shift()!
    this.#handlers.datagram(bytes, from)
  }

  close(): void {
    if (this.#handlers === undefined) return
    this.#handlers = undefined
    this.#unread.length = 0
    for (const ear of this.#ears) ear.attachment.subnet.removeReceiver(this.port, ear)
    this.#onClose()
  }

  #failLater(failure: IoFailure): void {
    this.#failures.push(failure)
    this.#layer.world.after(0, this, FAILED)
  }

  #nextPacket(): number {
    this.#packets++
    return combine(this.port, this.#packets)
  }
}

/** A port's ear at one interface. */
class Ear implements BroadcastReceiver {
  readonly attachment: Attachment
  readonly #port: VirtualPort

  constructor(port: VirtualPort, attachment: Attachment) {
    this.#port = port
    this.attachment = attachment
  }

  handleBroadcast(bytes: Uint8Array, source: SocketAddress): void {
    this.#port.handleDatagram(bytes, source)
  }
}

function isForAll(address: number, near: Attachment): boolean {
  if (address === LIMITED_BROADCAST || isMulticast(address)) return true
  return address === near.subnet.broadcastNumber
}

/** RFC 1112 "Host Group Addresses": 224.0.0.0 to 239.255.255.255. */
function isMulticast(address: number): boolean {
  return address >>> 28 === 14
}
