/**
 * A virtual host: its interfaces, its clock, whether it is on, and the processes that run on it. Faults of a host
 * are methods here; those of the network between hosts are in `network.ts`.
 */
import { EarshotError } from '../../src/base/errors.ts'
import { broadcastAddress } from '../../src/runtime/interface-selection.ts'
import type { NetworkInterface } from '../../src/runtime/platform.ts'
import { RandomStream } from '../kernel/random.ts'
import type { World } from '../kernel/world.ts'
import { checkRate, LocalClock } from './local-clock.ts'
import type { VirtualNetwork } from './network.ts'
import { VirtualProcess } from './process.ts'
import { TcpLayer } from './tcp.ts'
import type { Chunking } from './tcp-shared.ts'
import type { Attachment, Subnet } from './topology.ts'
import { UdpLayer } from './udp.ts'

/** As on Linux. */
const EPHEMERAL_PORTS = { first: 32_768, count: 28_232 } as const
/** Monotonic clocks start anywhere within this. */
const UPTIME_MS_MAX = 1_000_000

/** What all hosts of one network share. */
export class Internet {
  readonly world: World
  readonly network: VirtualNetwork
  readonly tcp: TcpLayer
  readonly udp: UdpLayer
  readonly hosts: VirtualHost[] = []

  constructor(world: World, network: VirtualNetwork, chunking: Chunking) {
    this.world = world
    this.network = network
    this.tcp = new TcpLayer(world, network, chunking)
    this.udp = new UdpLayer(world, network)
  }

  /** A host with one interface in each of the given subnets. */
  addHost(name: string, subnets: readonly Subnet[]): VirtualHost {
    const host = new VirtualHost(this, this.hosts.length, name)
    this.hosts.push(host)
    for (const subnet of subnets) host.attach(subnet)
    return host
  }
}

export class VirtualHost {
  readonly index: number
  readonly name: string
  readonly clock: LocalClock
  readonly loopback: Attachment
  readonly internet: Internet
  #attachments: readonly Attachment[] = []
  #power: 'on' | 'asleep' | 'off' = 'on'
  #clockRate = 1
  /** In the world's time: since when its clock stands, if it does. */
  #clockStoppedAt: number | undefined
  readonly #processes = new Set<VirtualProcess>()
  #processCount = 0
  #portCount: number

  constructor(internet: Internet, index: number, name: string) {
    const random = new RandomStream(internet.world.seedNumber, `host ${name}`)
    this.internet = internet
    this.index = index
    this.name = name
    this.clock = new LocalClock(internet.world, Math.floor(random.between(0, UPTIME_MS_MAX)))
    this.#portCount = random.below(EPHEMERAL_PORTS.count)
    this.loopback = internet.network.loopback(this)
  }

  get isOn(): boolean {
    return this.#power === 'on'
  }

  get power(): 'on' | 'asleep' | 'off' {
    return this.#power
  }

  get attachments(): readonly Attachment[] {
    return this.#attachments
  }

  get processes(): readonly VirtualProcess[] {
    return [...this.#processes]
  }

  /** The address of the first interface. */
  get address(): string {
    return this.#attachments[0]?.address ?? this.loopback.address
  }

  // Interfaces

  /** A new interface, named by the first of `eth0`, `eth1` … that is free. */
  attach(subnet: Subnet): Attachment {
    let number = 0
    while (this.#attachments.some(({ name }) => name === `eth${number}`)) number++
    const name = `eth${number}`
    const attachment = this.internet.network.attach(this, name, subnet)
    this.#attachments = [...this.#attachments, attachment]
    this.internet.udp.attached(attachment)
    return attachment
  }

  /** Takes an interface away; `attach` gives another one. */
  detach(attachment: Attachment): void {
    this.internet.network.detach(attachment)
    this.internet.udp.detached(attachment)
    this.#attachments = this.#attachments.filter((each) => each !== attachment)
  }

  /** Another address for an interface, as a new DHCP lease gives one. */
  readdress(attachment: Attachment): void {
    this.internet.network.readdress(attachment)
  }

  /** Of those that have a link, as Linux lists them: an unplugged one has no address for programs. */
  interfaces(): readonly NetworkInterface[] {
    return [this.loopback, ...this.#attachments.filter(({ up }) => up)].map((each) => ({
      name: each.name,
      family: 'IPv4',
      address: each.address,
      prefixLength: each.subnet.prefixLength,
      loopback: each === this.loopback,
    }))
  }

  /** The broadcast address of the first interface's subnet. */
  get broadcastAddress(): string {
    const [first = this.loopback] = this.#attachments
    return broadcastAddress(first.address, first.subnet.prefixLength) ?? '255.255.255.255'
  }

  attachmentAt(address: number): Attachment | undefined {
    if (address >>> 24 === 127) return this.loopback
    return this.#attachments.find((each) => each.addressNumber === address && each.up)
  }

  attachmentTowards(address: number): Attachment | undefined {
    const own = this.attachmentAt(address)
    if (own !== undefined) return own
    let gateway: Attachment | undefined
    for (const each of this.#attachments) {
      if (!each.up) continue
      if (each.subnet.contains(address)) return each
      gateway ??= each
    }
    return gateway
  }

  ephemeralPort(): number {
    this.#portCount = (this.#portCount + 1) % EPHEMERAL_PORTS.count
    return EPHEMERAL_PORTS.first + this.#portCount
  }

  // Processes

  /**
   * Starts a process: a platform for one node. A process with the name of an earlier one has the same random numbers,
   * and thus a node on it the same identity.
   *
   * @throws EarshotError ERR_EARSHOT_NOT_RUNNING while the host is off.
   */
  spawn(name: string = `${this.name} ${this.#processCount++}`): VirtualProcess {
    if (this.#power !== 'on') {
      throw new EarshotError('ERR_EARSHOT_NOT_RUNNING', `host ${this.name} is ${this.#power}`)
    }
    const process = new VirtualProcess(this, name, () => this.#processes.delete(process))
    this.#processes.add(process)
    return process
  }

  // Faults

  /** The power fails: everything is gone, and nobody is told. */
  powerOff(): void {
    this.#power = 'off'
    this.#startClock()
    for (const process of this.processes) process.crash()
  }

  /** Switches it on, or wakes it. */
  powerOn(): void {
    if (this.#power === 'off') this.#power = 'on'
    else this.wake()
  }

  /** The lid closes: nothing runs, nothing is heard. `clockStops` as on Linux; elsewhere the clock goes on. */
  sleep(options: { clockStops: boolean } = { clockStops: true }): void {
    if (this.#power !== 'on') return
    this.#power = 'asleep'
    for (const process of this.#processes) process.suspend()
    if (!options.clockStops) return
    this.#clockStoppedAt = this.internet.world.now
    this.clock.setRate(0)
  }

  wake(): void {
    if (this.#power !== 'asleep') return
    this.#power = 'on'
    this.#startClock()
    for (const process of this.#processes) process.resume()
  }

  /** The clock gains or loses from now on, or once it goes again; 1 is right. */
  setClockRate(rate: number): void {
    checkRate(rate)
    this.#clockRate = rate
    if (this.#clockStoppedAt !== undefined) return
    this.clock.setRate(rate)
    for (const process of this.#processes) process.rearmTimers()
  }

  #startClock(): void {
    if (this.#clockStoppedAt === undefined) return
    // Its hardware has kept the time of day.
    this.clock.jump(this.internet.world.now - this.#clockStoppedAt)
    this.#clockStoppedAt = undefined
    this.setClockRate(this.#clockRate)
  }
}
