/**
 * The transport of Node.js: one UDP socket for each link, by `multicast-dns`, which joins the group, decodes and encodes.
 *
 *     multicast-dns ⇄ Gate ⇄ node:dgram
 *
 * The gate stands where the package expects a socket. It binds to port 5353 of every address (a socket bound to the
 * interface's own hears no multicasts on Linux), shares the port with other programs, makes sure that packets leave on
 * this interface and no other before any can leave, and keeps out bytes that are too costly to decode and our own
 * packets that come back.
 *
 * Port 5353 is where mDNS is, so packets of other links can reach the socket as well: the `Link` looks at addresses.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import multicastDns, { type MulticastDNS } from 'multicast-dns'
import { withoutZone } from '../../base/ipv6.ts'
import type { SocketAddress } from '../../runtime/platform.ts'
import { fromWire, isWorthDecoding, toWire, type WirePacket } from './packet-codec.ts'
import type { MdnsPacket } from './records.ts'
import {
  MDNS_PORT,
  type MdnsLink,
  type MdnsTransport,
  type MdnsTransportHandlers,
} from './transport.ts'

/** RFC 6762 §3. */
const GROUPS = { IPv4: '224.0.0.251', IPv6: 'ff02::fb' } as const
const EVERYWHERE = { IPv4: '0.0.0.0', IPv6: '::' } as const
/** Packets of ours that may still come back. */
const ECHOES_MAX = 64

/** Opens a transport over real sockets. Whatever goes wrong comes to `failed`. */
export function openMulticast(link: MdnsLink, handlers: MdnsTransportHandlers): MdnsTransport {
  return new MulticastTransport(link, handlers)
}

class MulticastTransport implements MdnsTransport {
  readonly #handlers: MdnsTransportHandlers
  readonly #mdns: MulticastDNS
  /** Packets that the host's network stack has not taken yet. */
  #unsent = 0
  #state: 'open' | 'closing' | 'closed' = 'open'
  /** Who waits for the end. */
  readonly #closers: (() => void)[] = []

  constructor(link: MdnsLink, handlers: MdnsTransportHandlers) {
    this.#handlers = handlers
    const { family } = link
    const gate = new Gate(link, () => this.#isClosing || handlers.malformed())
    const mdns = multicastDns({
      // It is used as one, as far as `Gate` goes.
      socket: gate as unknown as Socket,
      type: family === 'IPv4' ? 'udp4' : 'udp6',
      port: MDNS_PORT,
      ip: GROUPS[family],
      interface: interfaceOf(link),
      bind: EVERYWHERE[family],
    })
    this.#mdns = mdns
    mdns.on('ready', () => this.#isClosing || handlers.opened())
    mdns.on('error', (error) => this.#fail(error))
    mdns.on('warning', (error) => this.#handleWarning(error))
    mdns.on('packet', (packet: WirePacket, from: RemoteInfo) => this.#handlePacket(packet, from))
  }

  send(packet: MdnsPacket, to?: SocketAddress): void {
    if (this.#isClosing) return
    this.#unsent++
    const sent = (error: Error | null): void => {
      this.#unsent--
      // Whoever asked for a unicast answer may be gone; the group must be there.
      if (error && to === undefined) this.#fail(error)
      this.#freeWhenSent()
    }
    const wire = toWire(packet)
    const remote = to === undefined ? undefined : { ...to }
    if (packet.kind === 'query') this.#mdns.query(wire, remote, sent)
    else this.#mdns.respond(wire, remote, sent)
  }

  close(closed: () => void): void {
    if (this.#state === 'closed') {
      process.nextTick(closed)
      return
    }
    this.#closers.push(closed)
    if (this.#isClosing) return
    this.#state = 'closing'
    this.#freeWhenSent()
  }

  get #isClosing(): boolean {
    return this.#state !== 'open'
  }

  #freeWhenSent(): void {
    if (!this.#isClosing || this.#unsent > 0) return
    this.#mdns.destroy(() => {
      this.#state = 'closed'
      for (const closed of this.#closers.splice(0)) closed()
    })
  }

  #handlePacket(decoded: WirePacket, { address, port }: RemoteInfo): void {
    if (this.#isClosing) return
    const packet = fromWire(decoded)
    if (packet !== undefined) this.#handlers.packet(packet, { address, port })
  }

  /** Either the system's, or what the codec throws at a stranger's bytes. */
  #handleWarning(error: Error): void {
    if ('syscall' in error) this.#fail(error)
    else if (!this.#isClosing) this.#handlers.malformed()
  }

  #fail(error: Error): void {
    if (!this.#isClosing) this.#handlers.failed(error.message)
  }
}

/** As the host names it when a group is joined: by address, for IPv6 by its zone. */
function interfaceOf({ family, zone, addresses }: MdnsLink): string {
  return family === 'IPv4' ? addresses[0]!.address : `::%${zone}`
}

/** As much of a `dgram.Socket` as `multicast-dns` uses. */
class Gate extends EventEmitter {
  readonly #socket: Socket
  readonly #link: MdnsLink
  readonly #refused: () => void
  readonly #echoes: Uint8Array[] = []

  constructor(link: MdnsLink, refused: () => void) {
    super()
    this.#link = link
    this.#refused = refused
    const isIpv4 = link.family === 'IPv4'
    this.#socket = createSocket({
      type: isIpv4 ? 'udp4' : 'udp6',
      reuseAddr: true,
      ipv6Only: !isIpv4,
    })
    this.#socket.on('error', (error) => this.emit('error', error))
    this.#socket.on('message', (bytes, from) => this.#handleMessage(bytes, from))
  }

  bind(port: number, address: string, bound: () => void): void {
    this.#socket.bind({ port, address, exclusive: true }, () => {
      try {
        // The package only warns when this fails, and would send by the default route.
        this.#socket.setMulticastInterface(interfaceOf(this.#link))
        this.emit('listening')
        bound()
      } catch (error) {
        this.emit('error', error)
      }
    })
  }

  #handleMessage(bytes: Buffer, from: RemoteInfo): void {
    if (this.#isEcho(bytes, from)) return
    if (isWorthDecoding(bytes)) this.emit('message', bytes, from)
    else this.#refused()
  }

  /** Another node of this host may send the same bytes: then one of the two is as good as the other. */
  #isEcho(bytes: Buffer, { address, port }: RemoteInfo): boolean {
    const isOurs = this.#link.addresses.some((each) => each.address === withoutZone(address))
    if (!isOurs || port !== MDNS_PORT) return false
    const index = this.#echoes.findIndex((echo) => bytes.equals(echo))
    if (index >= 0) this.#echoes.splice(index, 1)
    return index >= 0
  }

  send(
    bytes: Uint8Array,
    offset: number,
    length: number,
    port: number,
    address: string,
    sent: (error: Error | null) => void,
  ): void {
    if (address === GROUPS[this.#link.family]) {
      this.#echoes.push(bytes)
      if (this.#echoes.length > ECHOES_MAX) this.#echoes.shift()
    }
    try {
      this.#socket.send(bytes, offset, length, port, address, sent)
    } catch (error) {
      // For what it finds wrong itself, as a port, it throws; and we are on a stack of the package's own.
      sent(error as Error)
    }
  }

  close(closed: () => void): void {
    this.#socket.close(closed)
  }

  address(): { port: number } {
    return this.#socket.address()
  }

  addMembership(group: string, at: string): void {
    this.#socket.addMembership(group, at)
  }

  dropMembership(group: string, at: string): void {
    this.#socket.dropMembership(group, at)
  }

  setMulticastTTL(hops: number): void {
    this.#socket.setMulticastTTL(hops)
  }

  setMulticastLoopback(isOn: boolean): void {
    this.#socket.setMulticastLoopback(isOn)
  }

  setMulticastInterface(at: string): void {
    this.#socket.setMulticastInterface(at)
  }
}
