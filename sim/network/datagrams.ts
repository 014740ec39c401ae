/**
 * The UDP of the virtual network: ports, and datagrams on their way to one or to all. A broadcast is one event
 * for all that hear it at the same time, as it is one transmission on a real network.
 */
import { EarshotError } from '../../src/base/errors.ts'
import { parseIpv4 } from '../../src/runtime/interface-selection.ts'
import type {
  DatagramHandlers,
  DatagramOptions,
  DatagramPort,
  IoFailure,
  SocketAddress,
} from '../../src/runtime/platform.ts'
import type { EventTarget } from '../kernel/event-queue.ts'
import { combine } from '../kernel/random.ts'
import type { World } from '../kernel/world.ts'
import type { Gate } from './gate.ts'
import type { VirtualNetwork } from './network.ts'
import type { Path } from './path.ts'
import type { Attachment, BroadcastReceiver, Subnet } from './topology.ts'

/** A host, as its UDP sees it. */
export interface UdpHost {
  readonly index: number
  readonly loopback: Attachment
  readonly attachments: readonly Attachment[]
  attachmentAt(address: number): Attachment | undefined
  attachmentTowards(address: number): Attachment | undefined
  ephemeralPort(): number
}

export interface UdpCounters {
  sent: number
  received: number
  bytes: number
  /** Lost on the way, by weather or a full queue. */
  lost: number
  /** Arrived at a host whose process did not read. */
  overflowed: number
}

const PORTS = 65_536
/** RFC 768 and RFC 791: 65,535 bytes less 20 of IP and 8 of UDP header. */
const DATAGRAM_BYTES_MAX = 65_507
const LIMITED_BROADCAST = 0xffffffff
/** About what Linux's default buffer holds of small datagrams. */
const UNREAD_MAX = 256

const ARRIVE = 1
const READ = 2
const FAILED = 3

export class UdpLayer {
  readonly world: World
  readonly network: VirtualNetwork
  readonly counters: UdpCounters = { sent: 0, received: 0, bytes: 0, lost: 0, overflowed: 0 }
  /** By host and port. */
  readonly #ports = new Map<number, VirtualPort[]>()

  constructor(world: World, network: VirtualNetwork) {
    this.world = world
    this.network = network
    network.onAttached((attachment) => this.#handleAttached(attachment))
  }

  /** What is open to all interfaces of a host hears at one that comes later, too. */
  #handleAttached(attachment: Attachment): void {
    for (const ports of this.#ports.values()) {
      if (ports[0]?.host.index !== attachment.host.index) continue
      for (const each of ports) if (each.bound === undefined) each.hearAt(attachment)
    }
  }

  /** @throws EarshotError as `Platform.openDatagrams` rejects. */
  open(
    host: UdpHost,
    gate: Gate,
    options: DatagramOptions,
    handlers: DatagramHandlers,
  ): VirtualPort {
    if (!Number.isInteger(options.port) || options.port < 0 || options.port >= PORTS) {
      const reason = `UDP port ${options.port} cannot be opened: no such port`
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', reason)
    }
    const bound = options.address === undefined ? undefined : boundTo(host, options.address)
    const port = options.port === 0 ? this.#freePort(host) : options.port
    const others = this.#portsAt(host.index, port)
    if (others.some((each) => bound !== undefined || each.bound !== undefined)) {
      const reason = `UDP port ${port} is taken by a program that does not share it.`
      throw new EarshotError('ERR_EARSHOT_PORT_IN_USE', reason)
    }
    const opened = new VirtualPort(this, host, gate, port, bound, handlers)
    others.push(opened)
    return opened
  }

  #freePort(host: UdpHost): number {
    for (;;) {
      const port = host.ephemeralPort()
      if (this.#portsAt(host.index, port).length === 0) return port
    }
  }

  #portsAt(host: number, port: number): VirtualPort[] {
    const key = host * PORTS + port
    const known = this.#ports.get(key)
    if (known !== undefined) return known
    const made: VirtualPort[] = []
    this.#ports.set(key, made)
    return made
  }

  /** Who gets a datagram for one address: the port opened last, as on Linux. */
  receiver(attachment: Attachment, port: number): VirtualPort | undefined {
    const ports = this.#ports.get(attachment.host.index * PORTS + port)
    return ports?.findLast(
      ({ bound }) => bound === undefined || bound.address === attachment.address,
    )
  }

  /** All ports of a host with this number that hear broadcasts. */
  sharers(host: number, port: number): readonly VirtualPort[] {
    return (this.#ports.get(host * PORTS + port) ?? []).filter((each) => each.bound === undefined)
  }

  forget(host: number, port: VirtualPort): void {
    const key = host * PORTS + port.port
    const left = (this.#ports.get(key) ?? []).filter((each) => each !== port)
    if (left.length > 0) this.#ports.set(key, left)
    else this.#ports.delete(key)
  }
}

/** An address that a port is bound to, and the interface that had it then. */
interface Bound {
  readonly address: string
  readonly attachment: Attachment
}

function boundTo(host: UdpHost, address: string): Bound {
  const value = parseIpv4(address)
  const attachment =
    value === undefined
      ? undefined
      : value >>> 24 === 127
        ? host.loopback
        : host.attachmentAt(value)
  if (attachment !== undefined) return { address, attachment }
  const reason = `no interface of this host has the address ${address}`
  throw new EarshotError('ERR_EARSHOT_NO_INTERFACE', `cannot open a UDP port there: ${reason}`)
}

export class VirtualPort implements DatagramPort, EventTarget {
  readonly port: number
  readonly bound: Bound | undefined
  readonly #layer: UdpLayer
  readonly host: UdpHost
  readonly #gate: Gate
  /** One for each interface that it hears broadcasts at. */
  readonly #ears: Ear[] = []
  #handlers: DatagramHandlers | undefined
  #unread: { readonly bytes: Uint8Array; readonly from: SocketAddress }[] = []
  #failures: IoFailure[] = []
  #packets = 0

  constructor(
    layer: UdpLayer,
    host: UdpHost,
    gate: Gate,
    port: number,
    bound: Bound | undefined,
    handlers: DatagramHandlers,
  ) {
    this.#layer = layer
    this.host = host
    this.#gate = gate
    this.port = port
    this.bound = bound
    this.#handlers = handlers
    if (bound === undefined) for (const each of host.attachments) this.hearAt(each)
  }

  /** Hears broadcasts at one more interface. */
  hearAt(attachment: Attachment): void {
    const ear = new Ear(this, attachment)
    this.#ears.push(ear)
    attachment.subnet.addReceiver(this.port, ear)
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
    if (near === undefined) {
      const kind = this.bound === undefined ? 'unreachable' : 'address-unavailable'
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
      if (to === LIMITED_BROADCAST || isMulticast(to)) return this.host.attachments[0]
      return this.host.attachmentTowards(to)
    }
    const { attachment, address } = this.bound
    return attachment.up && attachment.address === address ? attachment : undefined
  }

  #sendToAll(bytes: Uint8Array, near: Attachment, source: SocketAddress, port: number): void {
    const { world, network, counters } = this.#layer
    if (near === this.host.loopback) {
      for (const each of this.#layer.sharers(this.host.index, port)) {
        const flight = new OneFlight(this.#layer, bytes.slice(), near, near, source, port, each)
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
    world.after(delayMs, new Broadcast(this.#layer, bytes, near, source, port, packet), ARRIVE)
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
      const path = network.path(near, receiver.attachment)
      if (path === undefined) continue
      const own =
        path === near.subnet.path ? base : latencyOf(path, near, receiver.attachment, packet)
      const heldMs =
        network.heldMs(near, receiver.attachment) +
        reorderMs(path, near, receiver.attachment, packet)
      const flight = new Broadcast(this.#layer, bytes, near, source, port, packet, receiver)
      world.after(queuedMs + own + heldMs, flight, ARRIVE)
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
    const far =
      address >>> 24 === 127
        ? this.host.loopback
        : (this.host.attachmentAt(address) ?? network.find(address))
    const path = far && network.path(near, far)
    if (far === undefined || path === undefined) return // as on a real network: nobody says so
    const packet = this.#nextPacket()
    const queuedMs = network.queueMs(near, far, path, bytes.length)
    if (network.isQueueFull(queuedMs) || path.loses(near.index, far.index, packet, bytes.length)) {
      counters.lost++
      return
    }
    const waitMs = queuedMs + network.heldMs(near, far) + reorderMs(path, near, far, packet)
    const copies = path.happens('duplicate', near.index, far.index, packet) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      const delayMs = waitMs + latencyOf(path, near, far, packet + i)
      const flight = new OneFlight(this.#layer, bytes.slice(), near, far, source, port)
      world.after(delayMs, flight, ARRIVE)
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
    if (this.#unread.length > 0 || this.#gate.defers(this, READ, 0)) {
      this.#unread.push({ bytes, from })
      return
    }
    this.#handlers.datagram(bytes, from)
  }

  handleEvent(kind: number): void {
    if (this.#handlers === undefined || this.#gate.defers(this, kind, 0)) return
    if (kind === FAILED) {
      const failure = this.#failures.shift()
      if (failure !== undefined) this.#handlers.failed(failure)
      return
    }
    const unread = this.#unread
    this.#unread = []
    for (const { bytes, from } of unread) this.#handlers?.datagram(bytes, from)
  }

  close(): void {
    if (this.#handlers === undefined) return
    this.#handlers = undefined
    this.#unread = []
    for (const ear of this.#ears) ear.attachment.subnet.removeReceiver(this.port, ear)
    this.#layer.forget(this.host.index, this)
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

/** A broadcast on its way to everybody in a subnet, or to one receiver that hears it at another time. */
class Broadcast implements EventTarget {
  readonly #layer: UdpLayer
  readonly #bytes: Uint8Array
  readonly #near: Attachment
  readonly #subnet: Subnet
  readonly #source: SocketAddress
  readonly #port: number
  readonly #packet: number
  readonly #only: BroadcastReceiver | undefined

  constructor(
    layer: UdpLayer,
    bytes: Uint8Array,
    near: Attachment,
    source: SocketAddress,
    port: number,
    packet: number,
    only?: BroadcastReceiver,
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

  handleEvent(): void {
    this.#layer.world.trace.noteBytes(this.#bytes)
    if (this.#only !== undefined) {
      this.#reach(this.#only)
      return
    }
    for (const receiver of this.#subnet.receivers(this.#port)) this.#reach(receiver)
  }

  #reach(receiver: BroadcastReceiver): void {
    const { network, counters } = this.#layer
    const near = this.#near
    const far = receiver.attachment
    if (!network.carriesBroadcast(near, far)) return
    const path = network.path(near, far)!
    if (path.isLossy && far !== near) {
      if (path.loses(near.index, far.index, this.#packet, this.#bytes.length)) {
        counters.lost++
        return
      }
    }
    receiver.handleBroadcast(this.#bytes.slice(), this.#source)
    if (path.duplicate > 0 && path.happens('duplicate', near.index, far.index, this.#packet)) {
      receiver.handleBroadcast(this.#bytes.slice(), this.#source)
    }
  }
}

/** A datagram on its way to one address. */
class OneFlight implements EventTarget {
  readonly #layer: UdpLayer
  readonly #bytes: Uint8Array
  readonly #near: Attachment
  readonly #far: Attachment
  readonly #address: string
  readonly #source: SocketAddress
  readonly #port: number
  readonly #only: VirtualPort | undefined

  constructor(
    layer: UdpLayer,
    bytes: Uint8Array,
    near: Attachment,
    far: Attachment,
    source: SocketAddress,
    port: number,
    only?: VirtualPort,
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
    if (this.#far.address !== this.#address || !network.isOpen(this.#near, this.#far)) return
    const receiver = this.#only ?? this.#layer.receiver(this.#far, this.#port)
    receiver?.handleDatagram(this.#bytes, this.#source)
  }
}

function isForAll(address: number, near: Attachment): boolean {
  if (address === LIMITED_BROADCAST || isMulticast(address)) return true
  return address === parseIpv4(near.subnet.broadcast)
}

/** RFC 1112 "Host Group Addresses": 224.0.0.0 to 239.255.255.255. */
function isMulticast(address: number): boolean {
  return address >>> 28 === 14
}

function latencyOf(path: Path, near: Attachment, far: Attachment, packet: number): number {
  return path.latencyMs(near.index, far.index, packet)
}

function reorderMs(path: Path, near: Attachment, far: Attachment, packet: number): number {
  return path.happens('reorder', near.index, far.index, packet) ? path.reorderMs : 0
}
