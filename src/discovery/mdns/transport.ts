/**
 * What carries mDNS packets on one link: `multicast.ts` over real sockets, a network in memory in tests. It decodes
 * and encodes, and decides nothing.
 */
import type { SocketAddress } from '../../runtime/platform.ts'
import type { LocalAddress } from './addresses.ts'
import type { MdnsPacket } from './records.ts'

/** RFC 6762 §3. */
export const MDNS_PORT = 5353

/** One interface, with one family of addresses. */
export interface MdnsLink {
  readonly interfaceName: string
  readonly family: 'IPv4' | 'IPv6'
  /** What this host's texts for link-local addresses on it end in: its name, on Windows its number. */
  readonly zone: string
  /**
   * The interface's addresses, without zones; the first is of this family, and chooses the interface. The others may
   * change while the transport is open: look anew each time.
   */
  readonly addresses: readonly LocalAddress[]
}

export interface MdnsTransport {
  /** Sends to the group on this link, or to one address. Never throws. What it sends does not come back to it. */
  send(packet: MdnsPacket, to?: SocketAddress): void
  /**
   * Leaves the group and frees the port when everything that was sent has left. No callback but `closed` follows, once for
   * each call.
   */
  close(closed: () => void): void
}

export interface MdnsTransportHandlers {
  /** Packets can be sent from now on. Nothing else is called before, but `failed`. */
  opened(): void
  /** A packet came. Its names are usable (`isUsableName`), its addresses are some; nothing else is checked. */
  packet(packet: MdnsPacket, from: SocketAddress): void
  /** A datagram came that is no packet, or none that is worth decoding. */
  malformed(): void
  /** The transport is of no use any more: close it. */
  failed(reason: string): void
}

/** Starts to open a transport; never calls back before it has returned. */
export type OpenMdnsTransport = (link: MdnsLink, handlers: MdnsTransportHandlers) => MdnsTransport
