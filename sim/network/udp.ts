/**
 * The UDP of the virtual network: which ports are open, who hears what. A port is in `udp-port.ts`; what is on its way
 * to one or to all, in `udp-flight.ts`.
 */
import { EarshotError } from '../../src/base/errors.ts'
import { parseIpv4 } from '../../src/base/ipv4.ts'
import type { DatagramHandlers, DatagramOptions } from '../../src/runtime/platform.ts'
import type { World } from '../kernel/world.ts'
import type { Gate } from './gate.ts'
import type { VirtualNetwork } from './network.ts'
import type { Attachment, SocketHost } from './topology.ts'
import { VirtualPort } from './udp-port.ts'
import type { Bound, UdpCounters, UdpShared } from './udp-shared.ts'

const PORTS = 65_536
/** More than there are ephemeral ports. */
const PORT_TRIES = 65_536

export class UdpLayer implements UdpShared {
  readonly world: World
  readonly network: VirtualNetwork
  readonly counters: UdpCounters = { sent: 0, received: 0, bytes: 0, lost: 0, overflowed: 0 }
  /** By host and port; each list in the order of opening, never empty. */
  readonly #ports = new Map<number, readonly VirtualPort[]>()
  /** Ports that hear broadcasts at every interface of a host, by host. */
  readonly #listening = new Map<number, Set<VirtualPort>>()

  constructor(world: World, network: VirtualNetwork) {
    this.world = world
    this.network = network
  }

  /** @throws EarshotError as `Platform.openDatagrams` rejects. */
  open(
    host: SocketHost,
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
    const opened: VirtualPort = new VirtualPort(this, host, gate, port, bound, handlers, () =>
      this.#forget(host.index, opened),
    )
    this.#ports.set(keyOf(host.index, port), [...others, opened])
    if (bound === undefined) this.#listen(host, opened)
    return opened
  }

  #listen(host: SocketHost, port: VirtualPort): void {
    const known = this.#listening.get(host.index)
    if (known === undefined) this.#listening.set(host.index, new Set([port]))
    else known.add(port)
    for (const attachment of host.attachments) port.listenAt(attachment)
  }

  #freePort(host: SocketHost): number {
    for (let i = 0; i < PORT_TRIES; i++) {
      const port = host.ephemeralPort()
      if (!this.#ports.has(keyOf(host.index, port))) return port
    }
    throw new EarshotError('ERR_EARSHOT_PORT_IN_USE', 'every UDP port of this host is taken.')
  }

  #portsAt(host: number, port: number): readonly VirtualPort[] {
    return this.#ports.get(keyOf(host, port)) ?? []
  }

  /** A host has a new interface: ports that are open on every interface hear broadcasts there too. */
  attached(attachment: Attachment): void {
    for (const port of this.#listening.get(attachment.host.index) ?? []) port.listenAt(attachment)
  }

  /** An interface is taken away. */
  detached(attachment: Attachment): void {
    for (const port of this.#listening.get(attachment.host.index) ?? []) port.leave(attachment)
  }

  /** Who gets a datagram for one address: the port opened last, as on Linux. */
  receiver(attachment: Attachment, port: number): VirtualPort | undefined {
    const ports = this.#ports.get(keyOf(attachment.host.index, port))
    return ports?.findLast(
      ({ bound }) => bound === undefined || bound.address === attachment.address,
    )
  }

  /** All ports of a host with this number that hear broadcasts. */
  sharers(host: number, port: number): readonly VirtualPort[] {
    return this.#portsAt(host, port).filter((each) => each.bound === undefined)
  }

  #forget(host: number, port: VirtualPort): void {
    const left = this.#portsAt(host, port.port).filter((each) => each !== port)
    if (left.length > 0) this.#ports.set(keyOf(host, port.port), left)
    else this.#ports.delete(keyOf(host, port.port))
    this.#listening.get(host)?.delete(port)
  }
}

function keyOf(host: number, port: number): number {
  return host * PORTS + port
}

function boundTo(host: SocketHost, address: string): Bound {
  const value = parseIpv4(address)
  const attachment = value === undefined ? undefined : host.attachmentAt(value)
  if (attachment !== undefined) return { address, attachment }
  const reason = `no interface of this host has the address ${address}`
  throw new EarshotError('ERR_EARSHOT_NO_INTERFACE', `cannot open a UDP port there: ${reason}`)
}
