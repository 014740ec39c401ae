/**
 * Engines on a network in memory: a `Mesh` of hosts, each driving its engine by the documented order of calls
 * (the head of `engine.ts`), on virtual time. Rules of the event stream are checked at every event.
 */
import type { Limits } from '../../src/base/limits.ts'
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { peerIdFromBytes, stampUuid } from '../../src/base/peer-id.ts'
import type { Mailbox } from '../../src/mesh/context.ts'
import { Engine } from '../../src/mesh/engine.ts'
import type { EngineEvent, FoundBy } from '../../src/mesh/events.ts'
import type { Timers } from '../../src/mesh/options.ts'
import { DEFAULT_TIMERS } from '../../src/mesh/options.ts'
import type { Connection } from '../../src/mesh/peer.ts'
import { content } from './content.ts'
import { checkEvent, type EventRules, newEventRules, tell } from './events.ts'
import { type Address, type Handlers, Network, type Socket } from './network.ts'

export const BEACON_PORT = 5670

export interface HostOptions {
  readonly name?: string
  /** One or more; a host is on the subnet /24 of each. */
  readonly addresses?: readonly string[]
  readonly port?: number
  readonly groups?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly timers?: Partial<Timers>
  readonly limits?: Partial<Limits>
  /** The same identity as another host. */
  readonly id?: string
}

export class Mesh {
  readonly network: Network = new Network()
  readonly hosts: Host[] = []
  /** Who hears beacons besides the hosts: scripted peers. */
  readonly hearers: ((bytes: Uint8Array, from: Address, subnet: string) => void)[] = []

  get now(): number {
    return this.network.now
  }

  /** A host that is not announced yet: `start()` it, or give it mailboxes by hand. */
  host(options: HostOptions = {}): Host {
    const host = new Host(this, this.hosts.length + 1, options)
    this.hosts.push(host)
    return host
  }

  /** Starts a host for each name. */
  start(...names: string[]): Host[] {
    return names.map((name) => this.host({ name }).start())
  }

  /** Lets `ms` pass. */
  run(ms: number): void {
    const end = this.now + ms
    while (this.#next() <= end) this.#step()
    this.network.now = end
  }

  /** Lets time pass until the condition holds. */
  until(condition: () => boolean, withinMs = 60_000): void {
    const end = this.now + withinMs
    while (!condition()) {
      if (this.#next() > end) throw new Error(`not within ${withinMs} ms: ${condition}`)
      this.#step()
    }
  }

  /** Time passes and nobody notices: everybody's host slept. */
  sleep(ms: number): void {
    this.network.now += ms
  }

  /** A datagram to everybody on the subnet of the destination. */
  broadcast(bytes: Uint8Array, from: Address, to: string): void {
    for (const host of this.hosts) {
      const own = host.addresses.find((each) => subnetOf(each) === subnetOf(to))
      if (own !== undefined) this.datagram(bytes, from, host, own)
    }
    for (const hear of this.hearers) {
      this.network.schedule(this.now + this.network.latencyMs, () =>
        hear(bytes, from, subnetOf(to)),
      )
    }
  }

  /** A datagram to one host. */
  datagram(bytes: Uint8Array, from: Address, host: Host, to: string = host.address): void {
    if (!['up', 'refuse'].includes(this.network.link(from.address, to))) return
    this.network.schedule(this.now + this.network.latencyMs, () => host.hear(bytes, from))
  }

  #next(): number {
    let next = this.network.nextAt
    for (const host of this.hosts) next = Math.min(next, host.nextAt)
    return next
  }

  #step(): void {
    const at = Math.max(this.now, this.#next())
    const first = this.network.nextAt
    this.network.step(at)
    if (first <= at) return
    for (const host of this.hosts) if (host.nextAt <= at) host.wake()
  }
}

export class Host {
  readonly mesh: Mesh
  readonly engine: Engine
  readonly id: string
  readonly name: string
  readonly addresses: readonly string[]
  readonly port: number
  /** Everything the engine told, with its time. */
  readonly log: { readonly at: number; readonly event: EngineEvent }[] = []
  readonly sockets: Map<Connection, Socket> = new Map()
  readonly #rules: EventRules = newEventRules()
  readonly #missed: (() => void)[] = []
  readonly #seed: { state: number }
  #state: 'running' | 'frozen' | 'killed' = 'running'
  #flushPlanned = false

  constructor(mesh: Mesh, index: number, options: HostOptions) {
    this.mesh = mesh
    this.#seed = { state: index }
    this.id = options.id ?? testId(index)
    this.name = options.name ?? `node-${index}`
    this.addresses = options.addresses ?? [`10.0.0.${index}`]
    this.port = options.port ?? 49_152 + index
    this.engine = new Engine({
      id: this.id,
      name: this.name,
      headers: new Map([['X-EARSHOT', '1'], ...Object.entries(options.headers ?? {})]),
      timers: { ...DEFAULT_TIMERS, ...options.timers },
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      random: () => nextRandom(this.#seed),
    })
    for (const group of options.groups ?? []) this.call((engine, now) => engine.join(group, now))
  }

  get address(): string {
    return this.addresses[0]!
  }

  get endpoint(): Address {
    return { address: this.address, port: this.port }
  }

  /** Listens and announces itself. */
  start(): this {
    for (const address of this.addresses) {
      this.mesh.network.listen({ address, port: this.port }, (socket) => this.accept(socket))
    }
    this.setMailboxes(this.addresses)
    return this
  }

  setMailboxes(addresses: readonly string[], interfaceName = 'eth'): void {
    const mailboxes = addresses.map((address): Mailbox => {
      const beaconTo = { address: `${subnetOf(address)}.255`, port: BEACON_PORT }
      return { interfaceName, address, port: this.port, beaconTo }
    })
    this.call((engine, now) => engine.handleMailboxes(mailboxes, now))
  }

  // Commands

  /** Any call into the engine, followed by what a driver does after it. */
  call<T>(action: (engine: Engine, now: number) => T): T {
    const result = action(this.engine, this.mesh.now)
    this.#settle()
    return result
  }

  whisper(
    to: string | { readonly id: string },
    ...frames: (string | Uint8Array)[]
  ): ReturnType<Engine['whisper']> {
    const id = typeof to === 'string' ? to : to.id
    return this.call((engine, now) => engine.whisper(id, content('', frames), now))
  }

  shout(group: string, ...frames: (string | Uint8Array)[]): { accepted: number; full: string[] } {
    return this.call((engine, now) => engine.shout(content(group, frames), now))
  }

  join(group: string): boolean {
    return this.call((engine, now) => engine.join(group, now))
  }

  leave(group: string): boolean {
    return this.call((engine, now) => engine.leave(group, now))
  }

  /** A way of discovery names where a host is. */
  propose(
    other: Host | undefined,
    endpoints: readonly Address[] = [{ address: other!.address, port: other!.port }],
    way: FoundBy = other === undefined ? 'seed' : 'mdns',
  ): void {
    this.call((engine, now) => engine.handleCandidate(way, other?.id, endpoints, now))
  }

  stop(): void {
    this.call((engine, now) => engine.stop(now))
  }

  // Catastrophes

  /** The process dies: RST on every connection, and its mailbox refuses. */
  kill(): void {
    this.#state = 'killed'
    this.#unlisten()
    for (const socket of this.sockets.values()) socket.destroy()
  }

  /** Stopped by a debugger: the host's TCP goes on, the process does nothing. */
  freeze(): void {
    this.#state = 'frozen'
    for (const socket of this.sockets.values()) socket.setReading(false)
  }

  thaw(): void {
    this.#state = 'running'
    for (const missed of this.#missed.splice(0)) missed()
    for (const socket of this.sockets.values()) socket.setReading(true)
  }

  #unlisten(): void {
    for (const address of this.addresses) this.mesh.network.unlisten({ address, port: this.port })
  }

  // What was told

  /** What happened, one line for each event: `enter b`, `whisper b: hello`, `exit b expired`. */
  get story(): string[] {
    return this.log.flatMap(({ event }) => tell(event))
  }

  /** Forgets the log, and gives what it told. */
  takeStory(): string[] {
    const story = this.story
    this.log.length = 0
    return story
  }

  warnings(): string[] {
    return this.log.flatMap(({ event }) => (event.type === 'warning' ? [event.code] : []))
  }

  /** When an event of this telling happened, each time. */
  timesOf(line: string): number[] {
    return this.log.flatMap(({ at, event }) => (tell(event).includes(line) ? [at] : []))
  }

  get isStopped(): boolean {
    return this.#rules.stopped
  }

  sees(other: { readonly id: string }): boolean {
    return this.engine.peer(other.id) !== undefined
  }

  // The driver

  get nextAt(): number {
    return this.#state === 'running' ? this.engine.pollTimeout() : Number.POSITIVE_INFINITY
  }

  wake(): void {
    this.call((engine, now) => engine.handleTimeout(now))
  }

  hear(bytes: Uint8Array, from: Address): void {
    if (this.#state !== 'running' || this.isStopped) return
    this.call((engine, now) => engine.handleDatagram(bytes, from, now))
  }

  /** Somebody has dialled the host. */
  accept(socket: Socket): Handlers {
    if (this.#state === 'frozen') socket.setReading(false)
    let connection: Connection | undefined
    this.#when(() => {
      connection = this.engine.handleAccepted(socket.remote, socket.local, this.mesh.now)
      if (connection === undefined) socket.destroy()
      else this.sockets.set(connection, socket)
      this.#settle()
    })
    return this.#handlers(() => connection)
  }

  #dial(connection: Connection, from: string | undefined): void {
    const { network } = this.mesh
    const local = from ?? this.#routeTo(connection.remote.address)
    const handlers = this.#handlers(() => connection)
    const socket = network.dial(local, connection.remote, {
      ...handlers,
      opened: () =>
        this.#when(() => {
          this.engine.handleOpened(connection, socket.local)
          this.#settle()
        }),
    })
    this.sockets.set(connection, socket)
  }

  #routeTo(address: string): string {
    return this.addresses.find((own) => subnetOf(own) === subnetOf(address)) ?? this.address
  }

  #handlers(connection: () => Connection | undefined): Handlers {
    const act = (action: (connection: Connection, now: number) => void): void =>
      this.#when(() => {
        const current = connection()
        if (current === undefined || !this.sockets.has(current)) return
        action(current, this.mesh.now)
        this.#settle()
      })
    return {
      bytes: (chunk) => act((c, now) => this.engine.handleBytes(c, chunk, now)),
      drained: () => act((c, now) => this.engine.handleDrained(c, now)),
      ended: (failure) =>
        act((c, now) => {
          this.sockets.delete(c)
          this.engine.handleEnded(c, failure, now)
        }),
    }
  }

  #when(action: () => void): void {
    if (this.#state === 'running') action()
    else if (this.#state === 'frozen') this.#missed.push(action)
  }

  #settle(): void {
    for (;;) {
      const action = this.engine.pollAction()
      if (action?.kind === 'dial') this.#dial(action.connection, action.from)
      else if (action?.kind === 'close') this.#close(action.connection, action.how)
      else if (action?.kind === 'beacon' && action.mailbox.beaconTo !== undefined) {
        const from = { address: action.mailbox.address, port: BEACON_PORT }
        this.mesh.broadcast(action.bytes, from, action.mailbox.beaconTo.address)
      }
      const event = this.engine.pollEvent()
      if (event !== undefined) this.#note(event)
      else if (action === undefined) break
    }
    if (this.#flushPlanned || !this.engine.hasFlush) return
    this.#flushPlanned = true
    this.mesh.network.schedule(this.mesh.now, () => this.#flush())
  }

  #note(event: EngineEvent): void {
    this.log.push({ at: this.mesh.now, event })
    checkEvent(this.#rules, event)
    if (event.type === 'stopped') this.#unlisten() // and hears no more datagrams
  }

  #close(connection: Connection, how: 'flush' | 'abort'): void {
    const socket = this.sockets.get(connection)
    if (socket === undefined) return
    if (how === 'flush') {
      socket.write(connection.takeSegments())
      socket.close()
      return
    }
    this.sockets.delete(connection)
    socket.destroy()
    this.engine.handleEnded(connection, undefined, this.mesh.now)
  }

  #flush(): void {
    this.#flushPlanned = false
    for (;;) {
      const connection = this.engine.pollFlush()
      if (connection === undefined) break
      this.sockets.get(connection)?.write(connection.takeSegments())
    }
  }
}

/** The identity of the node with this index, or of a made-up one. */
export function testId(index: number): string {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(0, index)
  return peerIdFromBytes(stampUuid(bytes))
}

function subnetOf(address: string): string {
  return address.slice(0, address.lastIndexOf('.'))
}

/** A number in [0, 1): a linear congruential generator, the same for every run. */
function nextRandom(seed: { state: number }): number {
  seed.state = (Math.imul(seed.state, 1_664_525) + 1_013_904_223) >>> 0
  return seed.state / 2 ** 32
}
