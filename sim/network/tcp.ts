/**
 * The TCP of the virtual network: who listens where, how connections come to stand, and the numbers that all
 * connections share. One connection comes to stand in `tcp-opening.ts`; its bytes are in `tcp-end.ts`.
 */
import { EarshotError } from '../../src/base/errors.ts'
import { parseIpv4 } from '../../src/base/ipv4.ts'
import { isIpv6 } from '../../src/base/ipv6.ts'
import { Slab } from '../../src/base/slab.ts'
import type {
  DialOptions,
  IoFailure,
  Listener,
  ListenHandlers,
  ListenOptions,
  StreamHandlers,
} from '../../src/runtime/platform.ts'
import type { EventTarget } from '../kernel/event-queue.ts'
import type { World } from '../kernel/world.ts'
import type { VirtualNetwork } from './network.ts'
import { TcpEnd } from './tcp-end.ts'
import { TcpOpening } from './tcp-opening.ts'
import type {
  Acceptor,
  Chunking,
  EndList,
  ProcessEnd,
  TcpCounters,
  TcpShared,
} from './tcp-shared.ts'
import type { Attachment, SocketHost } from './topology.ts'

const ANY = 0
const PORTS = 65_536
/** As with the blocks that a real host reads into. */
const SLAB_BYTES = 64 * 1024
/** Linux's default backlog: connections that wait for a process that does not accept. */
const BACKLOG = 511
const ACCEPT = 0

export class TcpLayer implements TcpShared {
  readonly world: World
  readonly network: VirtualNetwork
  readonly slab: Slab = new Slab(SLAB_BYTES)
  readonly chunking: Chunking
  /** By host, and by address (0: any) and port. */
  readonly #listeners = new Map<number, Map<number, VirtualListener>>()
  readonly counters: TcpCounters = { opened: 0, bytes: 0, chunks: 0, retransmits: 0, resets: 0 }

  constructor(world: World, network: VirtualNetwork, chunking: Chunking) {
    this.world = world
    this.network = network
    this.chunking = chunking
  }

  /** @throws EarshotError as `Platform.listen` rejects. */
  listen(
    host: SocketHost,
    owner: EndList,
    options: ListenOptions,
    handlers: ListenHandlers,
  ): VirtualListener {
    const address = parseIpv4(options.address)
    const isPort = Number.isInteger(options.port) && options.port >= 0 && options.port < PORTS
    if ((address === undefined && !isIpv6(options.address)) || !isPort) {
      const what = `TCP port ${options.port} at ${options.address}`
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', `${what} cannot be opened: no such place`)
    }
    if (address === undefined || (address !== ANY && host.attachmentAt(address) === undefined)) {
      const reason = `no interface of this host has the address ${options.address}`
      throw new EarshotError('ERR_EARSHOT_NO_INTERFACE', `cannot listen there: ${reason}`)
    }
    const port = options.port === 0 ? this.#freePort(host) : options.port
    const listeners = this.#listenersOf(host.index)
    if (this.#isTaken(listeners, address, port)) {
      const where = `TCP port ${port} at ${options.address}`
      throw new EarshotError('ERR_EARSHOT_PORT_IN_USE', `${where} is taken by another program.`)
    }
    const listener = new VirtualListener(port, owner, handlers, (accepting) => {
      listeners.delete(address * PORTS + port)
      for (const end of owner.all()) if (end !== accepting) end.handleListenerClosed(port)
    })
    listeners.set(address * PORTS + port, listener)
    return listener
  }

  #freePort(host: SocketHost): number {
    const listeners = this.#listenersOf(host.index)
    for (let i = 0; i < PORTS; i++) {
      const port = host.ephemeralPort()
      if (!this.#isTaken(listeners, ANY, port)) return port
    }
    throw new EarshotError('ERR_EARSHOT_PORT_IN_USE', 'every TCP port of this host is taken.')
  }

  #isTaken(
    listeners: ReadonlyMap<number, VirtualListener>,
    address: number,
    port: number,
  ): boolean {
    if (listeners.has(address * PORTS + port) || listeners.has(port)) return true
    if (address !== ANY) return false
    for (const key of listeners.keys()) if (key % PORTS === port) return true
    return false
  }

  /** Who accepts connections to a port at an interface. */
  listenerAt(attachment: Attachment, port: number): VirtualListener | undefined {
    const listeners = this.#listeners.get(attachment.host.index)
    return listeners?.get(attachment.addressNumber * PORTS + port) ?? listeners?.get(port)
  }

  #listenersOf(host: number): Map<number, VirtualListener> {
    const known = this.#listeners.get(host)
    if (known !== undefined) return known
    const made = new Map<number, VirtualListener>()
    this.#listeners.set(host, made)
    return made
  }

  dial(host: SocketHost, owner: EndList, options: DialOptions, handlers: StreamHandlers): TcpEnd {
    const { to, from } = options
    const address = parseIpv4(to.address)
    const isPort = Number.isInteger(to.port) && to.port >= 1 && to.port < PORTS
    if (address === undefined || !isPort) {
      const message = `cannot dial ${to.address}:${to.port}`
      return failed(host, owner, options, handlers, { kind: 'other', message })
    }
    const fromAddress = from === undefined ? undefined : parseIpv4(from)
    if (from !== undefined && (fromAddress === undefined || !host.attachmentAt(fromAddress))) {
      const message = `no interface of this host has the address ${from}`
      return failed(host, owner, options, handlers, { kind: 'address-unavailable', message })
    }
    const near =
      fromAddress === undefined ? host.attachmentTowards(address) : host.attachmentAt(fromAddress)
    const far = host.attachmentAt(address) ?? this.network.find(address)
    const isLocal = far?.host === near?.host
    if (near === undefined || !(isLocal || this.#hasRoute(near, far, address))) {
      const message = `no route to ${to.address}`
      return failed(host, owner, options, handlers, { kind: 'unreachable', message })
    }
    // Without `from`, a connection to an address of this host comes from that address.
    const source = isLocal && from === undefined && far !== undefined ? far : near
    const local = { address: source.address, port: host.ephemeralPort() }
    const end = new TcpEnd(owner, local, to, source, handlers)
    new TcpOpening(this, end, source, far).start()
    return end
  }

  #hasRoute(near: Attachment, far: Attachment | undefined, address: number): boolean {
    if (far === undefined) return this.network.hasRoute(near, address)
    return this.network.path(near, far) !== undefined
  }
}

/** A stream that cannot even try. */
function failed(
  host: SocketHost,
  owner: EndList,
  { to, from }: DialOptions,
  handlers: StreamHandlers,
  failure: IoFailure,
): TcpEnd {
  const local = { address: from ?? '0.0.0.0', port: 0 }
  const end = new TcpEnd(owner, local, to, host.loopback, handlers)
  end.fail(failure)
  return end
}

export class VirtualListener implements Acceptor, Listener, EventTarget {
  readonly port: number
  readonly owner: EndList
  readonly #onClose: (accepting: ProcessEnd | undefined) => void
  #handlers: ListenHandlers | undefined
  /** Connections that the process has not accepted yet. */
  #waiting: ProcessEnd[] = []
  #accepting: ProcessEnd | undefined

  /** `onClose` is told what is just being accepted, which lives on. */
  constructor(
    port: number,
    owner: EndList,
    handlers: ListenHandlers,
    onClose: (accepting: ProcessEnd | undefined) => void,
  ) {
    this.port = port
    this.owner = owner
    this.#handlers = handlers
    this.#onClose = onClose
  }

  get hasRoom(): boolean {
    return this.#waiting.length < BACKLOG
  }

  /** A connection stands; its end here is to be accepted. */
  offer(end: ProcessEnd): void {
    this.#waiting.push(end)
    this.handleEvent()
  }

  handleEvent(): void {
    if (this.#handlers === undefined || this.#waiting.length === 0) return
    if (this.owner.gate.defers(this, ACCEPT, 0)) return
    const end = this.#waiting.shift()!
    if (end.isOver) return // reset before anybody took it
    this.#accepting = end
    end.adopt(this.#handlers.accepted(end))
    this.#accepting = undefined
  }

  close(): void {
    if (this.#handlers === undefined) return
    this.#handlers = undefined
    this.#onClose(this.#accepting)
    for (const end of this.#waiting.splice(0)) end.destroy()
  }
}
