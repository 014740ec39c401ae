/**
 * Hosts on the network in memory, as platforms for whole nodes: `createNodeOn(world.host(), …)`. Virtual time,
 * no sockets. Between two instants all promises that can settle do. All hosts are on one link, which each calls `mem0`;
 * hosts speak IPv6 when a test adds it (`withIpv6`).
 */
import { EarshotError } from '../../src/base/errors.ts'
import { isIpv6 } from '../../src/base/ipv6.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import { createNodeOn } from '../../src/runtime/node.ts'
import type { NodeOptions } from '../../src/runtime/options.ts'
import type {
  ByteStream,
  Clock,
  DatagramHandlers,
  DatagramOptions,
  DatagramPort,
  DialOptions,
  Entropy,
  Listener,
  ListenHandlers,
  ListenOptions,
  NetworkInterface,
  Platform,
  SocketAddress,
  StreamEnd,
  StreamHandlers,
} from '../../src/runtime/platform.ts'
import { type Failure, type Handlers, Network, type Socket } from './network.ts'

/** When worlds begin, for wall clocks. */
const WALL_EPOCH_MS = Date.UTC(2026, 0, 1)

export class World {
  readonly network: Network = new Network()
  readonly hosts: MemoryHost[] = []
  /** What names lead to; a test may change it. */
  readonly names: Map<string, readonly string[]> = new Map()
  readonly #nodes: MeshNode[] = []

  get now(): number {
    return this.network.now
  }

  host(): MemoryHost {
    const host = new MemoryHost(this, this.hosts.length + 1)
    this.hosts.push(host)
    return host
  }

  /** A node on a host of its own. */
  async node(options: NodeOptions = {}): Promise<MeshNode> {
    const node = await createNodeOn(this.host(), options)
    this.#nodes.push(node)
    return node
  }

  /** A node for each name; they have met when this returns. */
  async nodes(...names: string[]): Promise<MeshNode[]> {
    const nodes: MeshNode[] = []
    for (const name of names) nodes.push(await this.node({ name }))
    await this.until(() => nodes.every((node) => node.peers().length === names.length - 1))
    return nodes
  }

  /** Lets `ms` pass. */
  async run(ms: number): Promise<void> {
    const end = this.now + ms
    await settle()
    while (this.network.nextAt <= end) await this.#step()
    this.network.now = end
    await settle()
  }

  /** Lets time pass until the condition holds. */
  async until(condition: () => boolean, withinMs = 60_000): Promise<void> {
    const end = this.now + withinMs
    await settle()
    while (!condition()) {
      if (this.network.nextAt > end) throw new Error(`not within ${withinMs} ms: ${condition}`)
      await this.#step()
    }
  }

  /** Lets time pass until the promise settles. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    let done = false
    const note = (): void => {
      done = true
    }
    promise.then(note, note)
    await this.until(() => done)
    return promise
  }

  /** Stops all nodes that it made. */
  async stop(): Promise<void> {
    await this.wait(Promise.all(this.#nodes.map((node) => node.stop())))
  }

  /** All that is due at the next instant, and what follows from it. */
  async #step(): Promise<void> {
    const at = this.network.nextAt
    while (this.network.nextAt <= at) this.network.step(at)
    await settle()
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export class MemoryHost implements Platform {
  readonly address: string
  readonly address6: string
  /** What the host says about its interfaces; a test may change it. */
  all: NetworkInterface[]
  readonly uncaught: unknown[] = []
  /** Milliseconds that its wall clock is ahead. */
  wallAheadMs = 0
  readonly streams: Set<MemoryStream> = new Set()
  readonly ports: Map<number, DatagramHandlers> = new Map()
  /** The same of IPv6. */
  readonly ports6: Map<number, DatagramHandlers> = new Map()
  /** What its ports of IPv6 have joined. */
  readonly groups: Set<string> = new Set()
  /** By `address port`. */
  readonly listening: Map<string, ListenHandlers> = new Map()
  readonly #world: World
  #seed: number
  #nextPort = 40_000

  constructor(world: World, index: number) {
    this.#world = world
    this.#seed = index
    this.address = `10.0.0.${index}`
    this.address6 = `fe80::${index}%mem0`
    const { address } = this
    this.all = [{ name: 'mem0', family: 'IPv4', address, prefixLength: 24, loopback: false }]
  }

  /** Gives it IPv6 beside IPv4, or alone. */
  withIpv6(beside: 'beside' | 'alone'): this {
    const { address6: address } = this
    const own = {
      name: 'mem0',
      family: 'IPv6',
      address,
      prefixLength: 64,
      loopback: false,
    } as const
    this.all = beside === 'beside' ? [...this.all, own] : [own]
    return this
  }

  #has(family: NetworkInterface['family']): boolean {
    return this.all.some((each) => each.family === family)
  }

  readonly clock: Clock = {
    now: () => this.#world.now,
    wallNow: () => WALL_EPOCH_MS + this.#world.now + this.wallAheadMs,
    setTimer: (at, callback) => {
      let armed = true
      this.#world.network.schedule(Math.max(at, this.#world.now), () => armed && callback())
      return {
        cancel: () => {
          armed = false
        },
      }
    },
    endOfTurn: (callback) => this.#world.network.schedule(this.#world.now, callback),
  }

  readonly entropy: Entropy = {
    fill: (bytes) => bytes.map(() => Math.floor(this.entropy.random() * 256)),
    random: () => {
      this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0
      return this.#seed / 2 ** 32
    },
  }

  interfaces(): readonly NetworkInterface[] {
    return this.all
  }

  async resolve(name: string): Promise<readonly string[]> {
    const addresses = this.#world.names.get(name)
    if (addresses === undefined) throw new Error(`no address for ${name}`)
    return addresses
  }

  async openDatagrams(options: DatagramOptions, handlers: DatagramHandlers): Promise<DatagramPort> {
    const port = options.port || this.#nextPort++
    const { address = this.address } = options
    const ports = isIpv6(address) ? this.ports6 : this.ports
    if (ports.has(port)) throw new EarshotError('ERR_EARSHOT_PORT_IN_USE', `UDP ${port}`)
    ports.set(port, handlers)
    return {
      port,
      send: (bytes, to) => this.#send(bytes, { address, port }, to),
      join: (group) => this.groups.add(group),
      close: () => ports.delete(port),
    }
  }

  #send(bytes: Uint8Array, from: SocketAddress, to: SocketAddress): void {
    const { network, hosts } = this.#world
    for (const host of hosts) {
      if (network.link(this.address, host.address) !== 'up') continue
      network.schedule(network.now + network.latencyMs, () => host.#hear(bytes.slice(), from, to))
    }
  }

  #hear(bytes: Uint8Array, from: SocketAddress, to: SocketAddress): void {
    if (!isIpv6(to.address)) {
      if (this.#has('IPv4')) this.ports.get(to.port)?.datagram(bytes, from)
    } else if (this.groups.has(to.address)) {
      this.ports6.get(to.port)?.datagram(bytes, from)
    }
  }

  async listen(options: ListenOptions, handlers: ListenHandlers): Promise<Listener> {
    // However it listens, others reach it at its address.
    const address = isIpv6(options.address) ? this.address6 : this.address
    const at = { address, port: options.port }
    const key = `${options.address} ${options.port}`
    if (this.listening.has(key)) throw new EarshotError('ERR_EARSHOT_PORT_IN_USE', `TCP ${key}`)
    this.listening.set(key, handlers)
    this.#world.network.listen(at, (socket) => {
      const stream = new MemoryStream(this, socket)
      const accepted = handlers.accepted(stream)
      if (accepted === undefined) this.streams.delete(stream)
      return accepted && stream.adapt(accepted)
    })
    return {
      port: options.port,
      close: () => {
        this.listening.delete(key)
        this.#world.network.unlisten(at)
      },
    }
  }

  dial(options: DialOptions, handlers: StreamHandlers): ByteStream {
    let adapted: Handlers | undefined
    const own = isIpv6(options.to.address) ? this.address6 : this.address
    const socket = this.#world.network.dial(options.from ?? own, options.to, {
      opened: () => adapted?.opened?.(),
      bytes: (chunk) => adapted?.bytes(chunk),
      drained: () => adapted?.drained?.(),
      ended: (failure) => adapted?.ended(failure),
    })
    const stream = new MemoryStream(this, socket)
    adapted = stream.adapt(handlers)
    return stream
  }

  reportUncaught(error: unknown): void {
    this.uncaught.push(error)
  }
}

export class MemoryStream implements ByteStream {
  readonly socket: Socket
  readonly #host: MemoryHost

  constructor(host: MemoryHost, socket: Socket) {
    this.#host = host
    this.socket = socket
    host.streams.add(this)
  }

  adapt(handlers: StreamHandlers): Handlers {
    return {
      opened: () => handlers.opened?.(),
      bytes: (chunk) => handlers.bytes(chunk),
      drained: () => handlers.drained(),
      ended: (failure) => {
        this.#host.streams.delete(this)
        handlers.ended(endOf(failure))
      },
    }
  }

  get local(): SocketAddress {
    return this.socket.local
  }

  get remote(): SocketAddress {
    return this.socket.remote
  }

  get pendingBytes(): number {
    return this.socket.pendingBytes
  }

  write(segments: readonly Uint8Array[]): void {
    this.socket.write(segments)
  }

  pause(): void {
    this.socket.setReading(false)
  }

  resume(): void {
    this.socket.setReading(true)
  }

  close(): void {
    this.socket.close()
  }

  destroy(): void {
    this.#host.streams.delete(this)
    this.socket.destroy()
  }
}

function endOf(failure: Failure | undefined): StreamEnd {
  if (failure === undefined) return { kind: 'ended' }
  return { kind: 'failed', failure }
}
