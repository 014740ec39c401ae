/** What the parts of the virtual TCP know of each other: what all connections share, and all those of one process. */
import type { Slab } from '../../src/base/slab.ts'
import type { ByteStream, StreamHandlers } from '../../src/runtime/platform.ts'
import type { World } from '../kernel/world.ts'
import type { Gate } from './gate.ts'
import type { VirtualNetwork } from './network.ts'
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
  offer(end: ProcessEnd): void
}

/** One end of a connection, as the process and the host that it belongs to see it. */
export interface ProcessEnd extends ByteStream {
  readonly isOver: boolean
  /** The process has accepted the connection, or does not want it. */
  adopt(handlers: StreamHandlers | undefined): void
  /** Nobody listens on a port any more. */
  handleListenerClosed(port: number): void
  /** The process or the host is gone, without a word to the other side. */
  vanish(): void
  /** A router or the like resets the connection: both sides see it. */
  reset(): void
  // For `EndList` alone.
  previousInList: ProcessEnd | undefined
  nextInList: ProcessEnd | undefined
}

/** All ends of one process, and what they have in common: a list that runs through the ends, without memory of its own. */
export class EndList {
  readonly shared: TcpShared
  readonly gate: Gate
  #first: ProcessEnd | undefined
  #length = 0

  constructor(shared: TcpShared, gate: Gate) {
    this.shared = shared
    this.gate = gate
  }

  get length(): number {
    return this.#length
  }

  add(end: ProcessEnd): void {
    end.nextInList = this.#first
    if (this.#first !== undefined) this.#first.previousInList = end
    this.#first = end
    this.#length++
  }

  remove(end: ProcessEnd): void {
    const { previousInList, nextInList } = end
    if (previousInList !== undefined) previousInList.nextInList = nextInList
    else if (this.#first === end) this.#first = nextInList
    else return
    if (nextInList !== undefined) nextInList.previousInList = previousInList
    end.previousInList = undefined
    end.nextInList = undefined
    this.#length--
  }

  /** A copy, because whoever walks it ends ends. */
  all(): ProcessEnd[] {
    const ends: ProcessEnd[] = []
    for (let end = this.#first; end !== undefined; end = end.nextInList) ends.push(end)
    return ends
  }
}
