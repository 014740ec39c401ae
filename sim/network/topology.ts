/**
 * The pieces of a network: subnets (each one broadcast domain), the interfaces of hosts in them, and routers
 * between subnets. State and small transitions; `network.ts` decides where packets go.
 */
import { EarshotError } from '../../src/base/errors.ts'
import { formatIpv4, parseIpv4 } from '../../src/base/ipv4.ts'
import { broadcastAddress } from '../../src/runtime/interface-selection.ts'
import type { SocketAddress } from '../../src/runtime/platform.ts'
import { ticksOf } from '../kernel/time.ts'
import type { Path } from './path.ts'
import type { Weather } from './weather.ts'

export interface SubnetOptions {
  /** Unique. Default `lan`, then `lan-2` … */
  readonly name?: string
  /** As `10.1.0.0/16`; by default the first of 10.0.0.0/16, 10.1.0.0/16 … that is free. */
  readonly cidr?: string
  /** A name of `WEATHERS`, or changes to CALM. */
  readonly weather?: Partial<Weather> | string
  /** Hosts hear nothing of each other, neither unicast nor broadcast (the isolation of an access point). */
  readonly isolated?: boolean
  /** Broadcasts and multicasts go nowhere. */
  readonly broadcastBlocked?: boolean
  /** What all its hosts share, in thousands of bits per second: the air of a wireless network. */
  readonly sharedKbps?: number
  /**
   * An interface hands what has arrived to its host only every so many milliseconds, each at moments of its own
   * (interrupt coalescing, as with `ethtool -C`); 0 to 100, default 0: at once. A large simulation is up to twice as
   * fast with a few milliseconds, because a host's turn then is longer.
   */
  readonly coalesceMs?: number
}

/** More would be another thing: a host that sleeps. */
export const COALESCE_MS_MAX = 100

/** What the network must know of a host. */
export interface NetworkHost {
  /** Unique in the network. */
  readonly index: number
  /** Powered, and not asleep: its network stack answers. */
  readonly isOn: boolean
}

/** A host, as its sockets see it. */
export interface SocketHost {
  readonly index: number
  readonly loopback: Attachment
  readonly attachments: readonly Attachment[]
  /** The interface that has an address now; all of 127.0.0.0/8 are the loopback's. */
  attachmentAt(address: number): Attachment | undefined
  /** The interface that packets to an address leave by, or `undefined`: no route. */
  attachmentTowards(address: number): Attachment | undefined
  ephemeralPort(): number
}

/** A receiver of what is sent to a port of every host. */
export interface BroadcastReceiver {
  readonly attachment: Attachment
  handleBroadcast(bytes: Uint8Array, source: SocketAddress): void
}

/** One broadcast domain. */
export class Subnet {
  readonly name: string
  readonly index: number
  /** The first address, as a number. */
  readonly base: number
  readonly prefixLength: number
  /** The address of all its hosts, as a number. */
  readonly broadcastNumber: number
  weather: Weather
  /** The path between any two hosts that have no weather of their own. */
  path: Path
  isolated: boolean
  broadcastBlocked: boolean
  sharedKbps: number
  /** An interface hands over what has arrived once in so many ticks; 1: at once. */
  readonly coalesceTicks: number
  /** When the shared medium is free again, in milliseconds. */
  busyUntilMs = 0
  /** Interfaces that have a weather of their own. */
  accessCount = 0
  /** By address. */
  readonly attachments: Map<number, Attachment> = new Map()
  #next = 1
  /** By port; a list is never changed, only replaced, because it may just be walked. */
  readonly #receivers = new Map<number, readonly BroadcastReceiver[]>()
  /** The same, for each moment at which interfaces hand over; made when first asked for. */
  readonly #inTurns = new Map<number, readonly (readonly BroadcastReceiver[])[]>()

  constructor(
    index: number,
    name: string,
    options: SubnetOptions & { readonly cidr: string },
    weather: Weather,
    path: Path,
  ) {
    const { base, prefixLength, broadcast } = parseCidr(options.cidr)
    const { sharedKbps = Number.POSITIVE_INFINITY, coalesceMs = 0 } = options
    if (!(sharedKbps > 0)) {
      const reason = `option network ${name}: sharedKbps: expected more than 0`
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', reason)
    }
    if (!(coalesceMs >= 0 && coalesceMs <= COALESCE_MS_MAX)) {
      const reason = `option network ${name}: coalesceMs: expected 0 to ${COALESCE_MS_MAX}`
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', reason)
    }
    this.name = name
    this.index = index
    this.base = base
    this.prefixLength = prefixLength
    this.broadcastNumber = broadcast
    this.weather = weather
    this.path = path
    this.isolated = options.isolated ?? false
    this.broadcastBlocked = options.broadcastBlocked ?? false
    this.sharedKbps = sharedKbps
    this.coalesceTicks = Math.max(1, ticksOf(coalesceMs))
  }

  contains(address: number): boolean {
    return (address ^ this.base) >>> (32 - this.prefixLength) === 0
  }

  /** An address that nobody has had for as long as possible. */
  freeAddress(): number {
    const last = this.broadcastNumber - this.base - 1
    for (let tries = 0; tries < last; tries++) {
      const address = this.base + this.#next
      this.#next = this.#next === last ? 1 : this.#next + 1
      if (!this.attachments.has(address)) return address
    }
    throw new EarshotError('ERR_EARSHOT_BAD_OPTION', `subnet ${this.name} has no address left`)
  }

  receivers(port: number): readonly BroadcastReceiver[] {
    return this.#receivers.get(port) ?? []
  }

  /** Of them, those whose interfaces hand over at a tick. */
  receiversAt(port: number, tick: number): readonly BroadcastReceiver[] {
    const all = this.receivers(port)
    if (this.coalesceTicks === 1) return all
    let turns = this.#inTurns.get(port)
    if (turns === undefined) {
      turns = inTurns(all, this.coalesceTicks)
      this.#inTurns.set(port, turns)
    }
    return turns[tick % this.coalesceTicks]!
  }

  addReceiver(port: number, receiver: BroadcastReceiver): void {
    this.#inTurns.delete(port)
    this.#receivers.set(port, [...this.receivers(port), receiver])
  }

  removeReceiver(port: number, receiver: BroadcastReceiver): void {
    this.#inTurns.delete(port)
    const left = this.receivers(port).filter((each) => each !== receiver)
    if (left.length > 0) this.#receivers.set(port, left)
    else this.#receivers.delete(port)
  }
}

/** An interface of a host: its place in a subnet. */
export class Attachment {
  readonly host: NetworkHost
  /** Unique in the network: what random draws know it by. */
  readonly index: number
  /** The host's name for it: `eth0`. */
  readonly name: string
  readonly subnet: Subnet
  addressNumber: number
  address: string
  up = true
  /** On top of the subnet's: of this host's cable, or its distance from the access point. */
  uplink: Weather | undefined
  downlink: Weather | undefined
  /** When the direction is free again, in milliseconds. */
  upBusyUntilMs = 0
  downBusyUntilMs = 0

  constructor(host: NetworkHost, index: number, name: string, subnet: Subnet, address: number) {
    this.host = host
    this.index = index
    this.name = name
    this.subnet = subnet
    this.addressNumber = address
    this.address = formatIpv4(address)
    subnet.attachments.set(address, this)
  }

  /** Takes another address of its subnet; what was bound to the old one is cut off. */
  readdress(address: number): void {
    this.subnet.attachments.delete(this.addressNumber)
    this.addressNumber = address
    this.address = formatIpv4(address)
    this.subnet.attachments.set(address, this)
  }

  /** When it hands over to its host what arrives at a tick. */
  handsOverAt(tick: number): number {
    const { coalesceTicks } = this.subnet
    if (coalesceTicks === 1) return tick
    return (
      tick +
      ((turnOf(this, coalesceTicks) - (tick % coalesceTicks) + coalesceTicks) % coalesceTicks)
    )
  }

  detach(): void {
    this.up = false
    this.subnet.attachments.delete(this.addressNumber)
  }
}

/** Which of the ticks between two turns of an interface is its own. */
function turnOf(attachment: Attachment, coalesceTicks: number): number {
  return attachment.host.index % coalesceTicks
}

function inTurns(
  receivers: readonly BroadcastReceiver[],
  coalesceTicks: number,
): readonly (readonly BroadcastReceiver[])[] {
  const turns = Array.from({ length: coalesceTicks }, (): BroadcastReceiver[] => [])
  for (const each of receivers) turns[turnOf(each.attachment, coalesceTicks)]!.push(each)
  return turns
}

/** One number for a way from one interface to another. */
export function pairKey(from: Attachment, to: Attachment): number {
  return from.index * 2 ** 26 + to.index
}

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION */
function parseCidr(cidr: string): { base: number; prefixLength: number; broadcast: number } {
  const [address = '', length = '', more] = cidr.split('/')
  const prefixLength = Number(length)
  const broadcast = parseIpv4(broadcastAddress(address, prefixLength) ?? '')
  // Not 0.0.0.0/8 (this network), nor from 224.0.0.0 on (RFC 1112: groups, and RFC 919: all hosts).
  const isUsable = broadcast !== undefined && broadcast >= 2 ** 24 && broadcast < 0xe0000000
  if (!isUsable || prefixLength < 8 || more !== undefined) {
    const expected = 'expected an IPv4 subnet like 10.1.0.0/16'
    throw new EarshotError('ERR_EARSHOT_BAD_OPTION', `option cidr: '${cidr}': ${expected}`)
  }
  const base = broadcast - (2 ** (32 - prefixLength) - 1)
  return { base, prefixLength, broadcast }
}
