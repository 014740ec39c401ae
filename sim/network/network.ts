/**
 * The virtual network: which packets reach which interface, and when. It knows nothing of sockets; `tcp.ts` and
 * `udp.ts` ask it about every packet. Which way leads where is in `routes.ts`.
 *
 *     interface ─ uplink ─▶ subnet ─▶ [ router ─▶ subnet ]… ─ downlink ─▶ interface
 *
 * Rules laid over it (partitions, clogs, weather of single pairs) are in `rules.ts`.
 */
import { EarshotError } from '../../src/base/errors.ts'
import { combine } from '../kernel/random.ts'
import { ticksOf } from '../kernel/time.ts'
import type { World } from '../kernel/world.ts'
import { Path } from './path.ts'
import { Routes } from './routes.ts'
import { type HostSet, Rules, type Undo } from './rules.ts'
import { Attachment, type NetworkHost, pairKey, Subnet, type SubnetOptions } from './topology.ts'
import { CALM, checkWeather, WEATHERS, type Weather } from './weather.ts'

export type { HostSet, Undo } from './rules.ts'

/** The base of what comes on top of a subnet's weather. */
const NOTHING: Weather = { ...CALM, latencyMs: 0, jitterMs: 0 }
/** No other subnet's: routes are known by these numbers, and none leads out of the loopback network. */
const LOOPBACK_INDEX = 65_535
const LOOPBACK: Weather = { ...CALM, latencyMs: 0.02, jitterMs: 0, mtuBytes: 65_536 }
/** A datagram that would wait longer than this for bandwidth is dropped by the sender's queue. */
const QUEUE_MS_MAX = 500

export class VirtualNetwork {
  readonly world: World
  readonly subnets: Subnet[] = []
  readonly #seed: number
  readonly #loopbackSubnet: Subnet
  readonly #attachments = new Map<number, Attachment>()
  #attachmentCount = 0
  readonly #rules = new Rules()
  readonly #routes: Routes
  /** When a narrow way between two interfaces is free again, in milliseconds. */
  readonly #narrowBusyUntilMs = new Map<number, number>()

  constructor(world: World) {
    this.world = world
    this.#seed = combine(world.seedNumber, 0x6e657477)
    const cidr = '127.0.0.0/8'
    const path = new Path([LOOPBACK], [], this.#seed)
    this.#loopbackSubnet = new Subnet(LOOPBACK_INDEX, 'loopback', { cidr }, LOOPBACK, path)
    this.#routes = new Routes(this.#seed, this.#rules)
  }

  // What it is made of

  /** @throws EarshotError ERR_EARSHOT_BAD_OPTION */
  addSubnet(options: SubnetOptions = {}): Subnet {
    const name = options.name ?? this.#freeName()
    if (this.subnets.some((each) => each.name === name)) {
      throw bad(`name: '${name}'`, 'a name that no other network has')
    }
    const weather = weatherOf(options.weather ?? {}, `network ${name}: weather`)
    const path = new Path([weather], [], this.#seed)
    const cidr = options.cidr ?? this.#freeCidr()
    const subnet = new Subnet(this.subnets.length, name, { ...options, cidr }, weather, path)
    const others = [this.#loopbackSubnet, ...this.subnets]
    const other = others.find((each) => each.contains(subnet.base) || subnet.contains(each.base))
    if (other !== undefined) {
      throw bad(`cidr: '${cidr}'`, `a subnet that does not overlap with that of ${other.name}`)
    }
    this.subnets.push(subnet)
    return subnet
  }

  #freeName(): string {
    for (let i = 1; ; i++) {
      const name = i === 1 ? 'lan' : `lan-${i}`
      if (this.subnets.every((each) => each.name !== name)) return name
    }
  }

  /** The first of 10.0.0.0/16, 10.1.0.0/16 … that nobody has. */
  #freeCidr(): string {
    for (let i = 0; i < 256; i++) {
      const base = (10 * 256 + i) * 65_536
      const isTaken = this.subnets.some(
        (each) => each.contains(base) || each.base >>> 16 === base >>> 16,
      )
      if (!isTaken) return `10.${i}.0.0/16`
    }
    throw bad('cidr', 'one for each network, after the first 256')
  }

  /** Joins subnets: unicast passes, broadcasts do not. */
  addRouter(subnets: readonly Subnet[], weather: Partial<Weather> = {}): void {
    const checked = checkWeather(weather, { ...CALM, latencyMs: 0.1 }, 'router')
    this.#routes.addRouter(subnets, checked)
  }

  /** Puts a host into a subnet. */
  attach(host: NetworkHost, name: string, subnet: Subnet): Attachment {
    const index = this.#attachmentCount++
    const attachment = new Attachment(host, index, name, subnet, subnet.freeAddress())
    this.#attachments.set(attachment.addressNumber, attachment)
    return attachment
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
    this.setAccess(attachment, {})
    attachment.detach()
  }

  find(address: number): Attachment | undefined {
    return this.#attachments.get(address)
  }

  // Rules

  setWeather(subnet: Subnet, weather: Partial<Weather> | string): void {
    subnet.weather = weatherOf(weather, 'weather')
    subnet.path = new Path([subnet.weather], [], this.#seed)
    this.#routes.forget()
  }

  /** The weather of one interface, on top of its subnet's: towards the network, and back. */
  setAccess(
    attachment: Attachment,
    access: { uplink?: Partial<Weather> | undefined; downlink?: Partial<Weather> | undefined },
  ): void {
    const { subnet } = attachment
    if (hasAccess(attachment)) subnet.accessCount--
    attachment.uplink = access.uplink && checkWeather(access.uplink, NOTHING, 'uplink')
    attachment.downlink = access.downlink && checkWeather(access.downlink, NOTHING, 'downlink')
    if (hasAccess(attachment)) subnet.accessCount++
    this.#routes.forget()
  }

  /** Weather for what goes from any of `from` to any of `to`, on top of everything else. */
  addPairWeather(from: HostSet, to: HostSet, weather: Partial<Weather>): Undo {
    const undo = this.#rules.addWeather(from, to, checkWeather(weather, NOTHING, 'weather'))
    this.#routes.forget()
    return () => {
      undo()
      this.#routes.forget()
    }
  }

  /** Nothing gets from any of `from` to any of `to`. */
  addBlock(from: HostSet, to: HostSet): Undo {
    return this.#rules.addBlock(from, to)
  }

  /** What goes from any of `from` to any of `to` is held back until a moment, and then arrives. */
  addClog(from: HostSet, to: HostSet, untilMs: number): Undo {
    return this.#rules.addClog(from, to, untilMs)
  }

  // Packets

  /** Whether the sender can send and the receiver hear, now, with nothing in between. */
  isOpen(from: Attachment, to: Attachment): boolean {
    return from.up && from.host.isOn && this.arrives(from, to)
  }

  /** Whether a packet that was sent before arrives now: its sender may be gone. */
  arrives(from: Attachment, to: Attachment): boolean {
    if (!to.up || !to.host.isOn) return false
    if (from.host === to.host) return true
    if (from.subnet === to.subnet && from.subnet.isolated) return false
    return !this.#rules.isBlocked(from.host.index, to.host.index)
  }

  /** Whether a broadcast in their common subnet arrives now. A host always hears itself. */
  carriesBroadcast(from: Attachment, to: Attachment): boolean {
    const isBlocked = from.subnet.broadcastBlocked && from.host !== to.host
    return !isBlocked && this.arrives(from, to)
  }

  /** Whether anybody knows a way from an interface to an address. */
  hasRoute(from: Attachment, address: number): boolean {
    const { subnet } = from
    const isNear = subnet.contains(address) || address >>> 28 >= 14 || address >>> 24 === 127
    return isNear || this.#routes.hasRouter(subnet)
  }

  /** The way from one interface to another, or `undefined`: there is none. */
  path(from: Attachment, to: Attachment): Path | undefined {
    if (from.host === to.host) return this.#loopbackSubnet.path
    return this.#routes.find(from, to)
  }

  /** Milliseconds until `bytes` have left `from`'s queue, and have passed all that is narrow on their way. */
  queueMs(from: Attachment, to: Attachment, path: Path, bytes: number): number {
    if (from.host === to.host) return 0
    const { now } = this.world
    let at = this.#leave(from, path, bytes)
    if (to.subnet !== from.subnet) at = shareMedium(to.subnet, at, path.bits(bytes))
    if (path.narrowKbps !== Number.POSITIVE_INFINITY) {
      const key = pairKey(from, to)
      at = Math.max(at, this.#narrowBusyUntilMs.get(key) ?? 0) + path.bits(bytes) / path.narrowKbps
      this.#narrowBusyUntilMs.set(key, at)
    }
    return this.downlinkQueueMs(to, at - now, bytes)
  }

  /** What a broadcast waits for bandwidth, once for all receivers. */
  broadcastQueueMs(from: Attachment, bytes: number): number {
    return this.#leave(from, from.subnet.path, bytes) - this.world.now
  }

  /** Milliseconds until `bytes`, which are at `to` after `ms`, have come down to it. */
  downlinkQueueMs(to: Attachment, ms: number, bytes: number): number {
    const kbps = to.downlink?.bandwidthKbps ?? Number.POSITIVE_INFINITY
    if (kbps === Number.POSITIVE_INFINITY) return ms
    const { now } = this.world
    to.downBusyUntilMs = Math.max(now + ms, to.downBusyUntilMs) + to.subnet.path.bits(bytes) / kbps
    return to.downBusyUntilMs - now
  }

  /** When a packet has left its host and has passed its subnet's shared medium. */
  #leave(from: Attachment, path: Path, bytes: number): number {
    const { subnet, uplink } = from
    let at = this.world.now
    let kbps = subnet.weather.bandwidthKbps
    if (uplink !== undefined) kbps = Math.min(kbps, uplink.bandwidthKbps)
    if (kbps !== Number.POSITIVE_INFINITY) {
      at = Math.max(at, from.upBusyUntilMs) + path.bits(bytes) / kbps
      from.upBusyUntilMs = at
    }
    return shareMedium(subnet, at, path.bits(bytes))
  }

  isQueueFull(queuedMs: number): boolean {
    return queuedMs > QUEUE_MS_MAX
  }

  /** Milliseconds for which a clog holds a packet back. */
  heldMs(from: Attachment, to: Attachment): number {
    if (from.host === to.host) return 0
    return this.#rules.heldMs(from.host.index, to.host.index, this.world.now)
  }

  /** When a packet that is `delayMs` on its way is handed to the host that it is for. */
  arrivalTick(from: Attachment, to: Attachment, delayMs: number): number {
    const tick = this.world.tick + ticksOf(delayMs)
    return from.host === to.host ? tick : to.handsOverAt(tick)
  }

  /** Whether all receivers of a broadcast from here hear it at the same time. */
  hearsAsOne(from: Attachment): boolean {
    const { subnet } = from
    if (this.#rules.hasWeathers || this.#rules.hasClogs(this.world.now)) return false
    return subnet.accessCount === 0 && subnet.path.reorder === 0
  }
}

function shareMedium(subnet: Subnet, atMs: number, bits: number): number {
  if (subnet.sharedKbps === Number.POSITIVE_INFINITY) return atMs
  subnet.busyUntilMs = Math.max(atMs, subnet.busyUntilMs) + bits / subnet.sharedKbps
  return subnet.busyUntilMs
}

function hasAccess(attachment: Attachment): boolean {
  return attachment.uplink !== undefined || attachment.downlink !== undefined
}

function bad(option: string, expected: string): EarshotError {
  return new EarshotError('ERR_EARSHOT_BAD_OPTION', `option ${option}: expected ${expected}`)
}

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION */
function weatherOf(given: Partial<Weather> | string, where: string): Weather {
  if (typeof given !== 'string') return checkWeather(given, CALM, where)
  const weather = WEATHERS[given]
  if (weather !== undefined) return weather
  const expected = `expected one of ${Object.keys(WEATHERS).join(', ')}`
  throw new EarshotError('ERR_EARSHOT_BAD_OPTION', `option ${where}: '${given}'; ${expected}`)
}
