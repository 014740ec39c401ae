/** What the parts of the virtual TCP know of each other: what all connections share, and who accepts them. */
import type { World } from '../kernel/world.ts'
import type { EndList } from './end-list.ts'
import type { VirtualNetwork } from './network.ts'
import type { Slab } from './slab.ts'
import type { TcpEnd } from './tcp-end.ts'
import type { Attachment } from './topology.ts'

/** What all connections share (see `tcp.ts`). */
export interface TcpShared {
  readonly world: World
  readonly network: VirtualNetwork
  readonly slab: Slab
  readonly chunking: Chunking
  readonly counters: TcpCounters
  /** Who accepts connections to a port at an interface. */
  listenerAt(attachment: Attachment, port: number): Acceptor | undefined
}

/** How bytes are cut into chunks for the reader: as networks do, or as badly as they may. */
export type Chunking = 'natural' | 'torture'

/** Of all connections. */
export interface TcpCounters {
  /** Connections that came to stand. */
  opened: number
  /** Bytes that arrived. */
  bytes: number
  chunks: number
  retransmits: number
  resets: number
}

export interface Acceptor {
  /** Of the process that accepts. */
  readonly owner: EndList
  readonly hasRoom: boolean
  offer(end: TcpEnd): void
}
