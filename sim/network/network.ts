/**
 * The virtual network: which packets reach which interface, and when. It knows nothing of sockets; `tcp.ts` and
 * `datagrams.ts` ask it about every packet.
 *
 *     interface ─ uplink ─▶ subnet ─▶ [ router ─▶ subnet ]… ─ downlink ─▶ interface
 *
 * Rules laid over it (partitions, clogs, weather of single pairs) are for hosts, and hold for all their interfaces.
 */
import { EarshotError } from '../../src/base/errors.ts'
import { combine } from '../kernel/random.ts'
import { msOf } from '../kernel/time.ts'
import type { World } from '../kernel/world.ts'
import { Path } from './path.ts'
import { Attachment, type NetworkHost, Subnet, type SubnetOptions } from './topology.ts'
import { CALM, checkWeather, WEATHERS, type Weather } from './weather.ts'

/** Hosts by their index. */
export type HostSet = ReadonlySet<number>

interface Rule {
  readonly from: HostSet
  readonly to: HostSet
}

interface Clog extends Rule {
  readonly untilMs: number
}

interface PairWeather extends Rule {
  readonly weather: Weather
}

/** Undoes a rule; twice is harmless. */
export type Undo = () => void

const LOOPBACK: Weather = { ...CALM, latencyMs: 0.02, jitterMs: 0, mtuBytes: 65_536 }
/** A datagram that would wait longer than this for bandwidth is dropped by the sender's queue. */
const QUEUE_MS_MAX = 500
const PAIR = 2 ** 22

export class VirtualNetwork {
  readonly world: World
  readonly subnets: Subnet[] = []
  readonly #seed: number
  readonly #loopbackSubnet: Subnet
  readonly #attachments = new Map<number, Attachment>()
  readonly #onAttached: ((attachment: Attachment) => void)[] = []
  #attachmentCount = 0
  /** Subnets that a router joins, with the router's own weather. */
  readonly #routers: { readonly subnets: ReadonlySet<Subnet>; readonly weather: Weather }[] = []
  readonly #blocks = new Set<Rule>()
  readonly #clogs = new Set<Clog>()
  readonly #pairWeathers = new Set<PairWeather>()
  /** Paths that are not simply their subnet's; forgotten at every change of what they are made of. */
  readonly #paths = new Map<number, Path | undefined>()
  #hasSpecialPaths = false

  constructor(world: World) {
    this.world = world
    this.#seed = combine(world.seedNumber, 0x6e657477)
    const cidr = '127.0.0.0/8'
    const path = new Path([LOOPBACK], this.#seed)
    this.#loopbackSubnet = new Subnet(0, { name: 'loopback', cidr }, LOOPBACK, path)
  }

  // What it is made of

  /** @throws EarshotError ERR_EARSHOT_BAD_OPTION */
  addSubnet(options: SubnetOptions = {}): Subnet {
    const weather = weatherOf(options.weather ?? {}, `network ${options.name ?? 'lan'}: weather`)
    const path = new Path([weather], this.#seed)
    const subnet = new Subnet(this.subnets.length, options, weather, path)
    const other = this.subnets.find(
      (each) => each.contains(subnet.base) || subnet.contains(each.base),
    )
    if (other !== undefined) {
      const reason = `subnet ${subnet.name} overlaps with subnet ${other.name}`
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', `option cidr: ${reason}`)
    }
    this.subnets.push(subnet)
    return subnet
  }

  /** Joins subnets: unicast passes, broadcasts do not. */
  addRouter(subnets: readonly Subnet[], weather: Partial<Weather> = {}): void {
    const checked = checkWeather(weather, { ...CALM, latencyMs: 0.1 }, 'router')
    this.#routers.push({ subnets: new Set(subnets), weather: checked })
    this.#forgetPaths()
  }

  /** Puts a host into a subnet. */
  attach(host: NetworkHost, name: string, subnet: Subnet): Attachment {
    const index = this.#attachmentCount++
    const attachment = new Attachment(host, index, name, subnet, subnet.freeAddress())
    this.#attachments.set(attachment.addressNumber, attachment)
    for (const listener of this.#onAttached) listener(attachment)
    return attachment
  }

  /** Calls the listener with every interface that a host gets from now on. */
  onAttached(listener: (attachment: Attachment) => void): void {
    this.#onAttached.push(listener)
  }

  /** The interface that reaches only the host itself. */
  loopback(host: NetworkHost): Attachment {
    const address = this.#loopbackSubnet.base + 1
    return new Attachment(host, this.#attachmentCount++, 'lo', this.#loopbackSubnet, address)
  }

  /** Gives an interface another address of its subnet. */
  readdress(attachment: Attachment): void {
    this.#attachments.delete(attachment.addressNumber)
    attachment.readdress(attachment.subnet.freeAddress())
    this.#attachments.set(attachment.addressNumber, attachment)
  }

  detach(attachment: Attachment): void {
    this.#attachments.delete(attachment.addressNumber)
    attachment.detach()
  }

  find(address: number): Attachment | undefined {
    return this.#attachments.get(address)
  }

  // Rules

  setWeather(subnet: Subnet, weather: Partial<Weather> | string): void {
    subnet.weather = weatherOf(weather, 'weather')
    subnet.path = new Path([subnet.weather], this.#seed)
    this.#forgetPaths()
  }

  /** The weather of one interface, on top of its subnet's: towards the network, and back. */
  setAccess(
    attachment: Attachment,
    access: { uplink?: Partial<Weather> | undefined; downlink?: Partial<Weather> | undefined },
  ): void {
    const none = { ...CALM, latencyMs: 0, jitterMs: 0 }
    attachment.uplink = access.uplink && checkWeather(access.uplink, none, 'uplink')
    attachment.downlink = access.downlink && checkWeather(access.downlink, none, 'downlink')
    this.#hasSpecialPaths = true
    this.#forgetPaths()
  }

  /** Weather for what goes from any of `from` to any of `to`, on top of everything else. */
  addPairWeather(from: HostSet, to: HostSet, weather: Partial<Weather>): Undo {
    const checked = checkWeather(weather, { ...CALM, latencyMs: 0, jitterMs: 0 }, 'weather')
    const rule: PairWeather = { from, to, weather: checked }
    this.#pairWeathers.add(rule)
    this.#hasSpecialPaths = true
    this.#forgetPaths()
    return () => {
      this.#pairWeathers.delete(rule)
      this.#forgetPaths()
    }
  }

  /** Nothing gets from any of `from` to any of `to`. */
  addBlock(from: HostSet, to: HostSet): Undo {
    const rule = { from, to }
    this.#blocks.add(rule)
    return () => this.#blocks.delete(rule)
  }

  /** What goes from any of `from` to any of `to` is held back until a moment, and then arrives. */
  addClog(from: HostSet, to: HostSet, untilMs: number): Undo {
    const rule = { from, to, untilMs }
    this.#clogs.add(rule)
    return () => this.#clogs.delete(rule)
  }

  // Packets

  /** Whether a packet that arrives now gets through: interfaces up, hosts on, nothing in between. */
  isOpen(from: Attachment, to: Attachment): boolean {
    if (!from.up || !to.up || !to.host.isOn || !from.host.isOn) return false
    if (from.host === to.host) return true
    if (from.subnet.isolated || to.subnet.isolated) return false
    return !this.#isBlocked(from.host.index, to.host.index)
  }

  /** Whether a broadcast in their common subnet gets through. */
  carriesBroadcast(from: Attachment, to: Attachment): boolean {
    return !from.subnet.broadcastBlocked && this.isOpen(from, to)
  }

  /** The way from one interface to another, or `undefined`: there is none. */
  path(from: Attachment, to: Attachment): Path | undefined {
    if (from.host === to.host) return this.#loopbackSubnet.path
    if (from.subnet === to.subnet && !this.#hasSpecialPaths) return from.subnet.path
    const key = from.index * PAIR + to.index
    if (!this.#paths.has(key)) this.#paths.set(key, this.#findPath(from, to))
    return this.#paths.get(key)
  }

  /**
   * Milliseconds until `bytes` have left `from`'s queues, and have passed what narrows their way. For a datagram
   * `undefined`: the queue is full.
   */
  queueMs(from: Attachment, to: Attachment, path: Path, bytes: number): number {
    const { now } = this.world
    let at = now
    if (path.bandwidthKbps !== Number.POSITIVE_INFINITY) {
      at = Math.max(at, from.upBusyUntilMs) + path.transmissionMs(bytes)
      from.upBusyUntilMs = at
    }
    at = this.#shareMedium(from.subnet, at, bytes)
    if (to.downlink !== undefined && to.downlink.bandwidthKbps !== Number.POSITIVE_INFINITY) {
      at = Math.max(at, to.downBusyUntilMs) + (bytes * 8) / to.downlink.bandwidthKbps
      to.downBusyUntilMs = at
    }
    return at - now
  }

  /** What a broadcast waits for bandwidth, once for all receivers. */
  broadcastQueueMs(from: Attachment, bytes: number): number {
    const { now } = this.world
    const { path } = from.subnet
    let at = now
    if (path.bandwidthKbps !== Number.POSITIVE_INFINITY) {
      at = Math.max(at, from.upBusyUntilMs) + path.transmissionMs(bytes)
      from.upBusyUntilMs = at
    }
    return this.#shareMedium(from.subnet, at, bytes) - now
  }

  isQueueFull(queuedMs: number): boolean {
    return queuedMs > QUEUE_MS_MAX
  }

  /** Milliseconds for which a clog holds a packet back. */
  heldMs(from: Attachment, to: Attachment): number {
    if (this.#clogs.size === 0 || from.host === to.host) return 0
    let until = this.world.now
    for (const clog of this.#clogs) {
      if (applies(clog, from.host.index, to.host.index)) until = Math.max(until, clog.untilMs)
    }
    return until - this.world.now
  }

  /** Whether all receivers of a broadcast from here hear it at the same time. */
  hearsAsOne(from: Attachment): boolean {
    return !this.#hasSpecialPaths && this.#clogs.size === 0 && from.subnet.path.reorder === 0
  }

  #shareMedium(subnet: Subnet, atMs: number, bytes: number): number {
    if (subnet.sharedKbps === Number.POSITIVE_INFINITY) return atMs
    subnet.busyUntilMs = Math.max(atMs, subnet.busyUntilMs) + (bytes * 8) / subnet.sharedKbps
    return subnet.busyUntilMs
  }

  #isBlocked(from: number, to: number): boolean {
    for (const block of this.#blocks) if (applies(block, from, to)) return true
    return false
  }

  // Paths

  #forgetPaths(): void {
    this.#paths.clear()
  }

  #findPath(from: Attachment, to: Attachment): Path | undefined {
    const passage = this.#passage(from.subnet, to.subnet)
    if (passage === undefined) return undefined
    const layers = [...passage]
    if (from.uplink !== undefined) layers.push(from.uplink)
    if (to.downlink !== undefined) layers.push(to.downlink)
    for (const rule of this.#pairWeathers) {
      if (applies(rule, from.host.index, to.host.index)) layers.push(rule.weather)
    }
    return new Path(layers, this.#seed)
  }

  /** The fewest routers from one subnet to another, as the weathers on the way. */
  #passage(from: Subnet, to: Subnet): Weather[] | undefined {
    const reached = new Map<Subnet, Weather[]>([[from, [from.weather]]])
    // A Map visits entries added while it is read: this is the queue of a breadth-first search.
    for (const [subnet, weathers] of reached) {
      if (subnet === to) return weathers
      for (const router of this.#routers) {
        if (!router.subnets.has(subnet)) continue
        for (const next of router.subnets) {
          if (!reached.has(next)) reached.set(next, [...weathers, router.weather, next.weather])
        }
      }
    }
    return undefined
  }

  /** For messages. */
  describe(): string {
    const subnets = this.subnets.map((each) => `${each.name} (${each.attachments.size} hosts)`)
    return `${subnets.join(', ')} at ${msOf(this.world.tick)} ms`
  }
}

function applies(rule: Rule, from: number, to: number): boolean {
  return rule.from.has(from) && rule.to.has(to)
}

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION */
function weatherOf(given: Partial<Weather> | string, where: string): Weather {
  if (typeof given !== 'string') return checkWeather(given, CALM, where)
  const weather = WEATHERS[given]
  if (weather !== undefined) return weather
  const expected = `expected one of ${Object.keys(WEATHERS).join(', ')}`
  throw new EarshotError('ERR_EARSHOT_BAD_OPTION', `option ${where}: '${given}'; ${expected}`)
}
