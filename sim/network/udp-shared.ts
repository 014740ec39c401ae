/** What the parts of the virtual UDP know of each other. */
import type { SocketAddress } from '../../src/runtime/platform.ts'
import type { World } from '../kernel/world.ts'
import type { VirtualNetwork } from './network.ts'
import type { Attachment } from './topology.ts'

export interface UdpCounters {
  sent: number
  received: number
  bytes: number
  /** Lost on the way, by weather or a full queue. */
  lost: number
  /** Arrived at a host whose process did not read. */
  overflowed: number
}

/** An address that a port is bound to, and the interface that had it then. */
export interface Bound {
  readonly address: string
  readonly attachment: Attachment
}

/** Where datagrams arrive. */
export interface DatagramReceiver {
  handleDatagram(bytes: Uint8Array, from: SocketAddress): void
}

/** What all ports share (see `udp.ts`). */
export interface UdpShared {
  readonly world: World
  readonly network: VirtualNetwork
  readonly counters: UdpCounters
  /** Who gets a datagram for one address. */
  receiver(attachment: Attachment, port: number): DatagramReceiver | undefined
  /** All ports of a host with this number that hear broadcasts. */
  sharers(host: number, port: number): readonly DatagramReceiver[]
}
