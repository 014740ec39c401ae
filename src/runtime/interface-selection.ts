/**
 * Which of the host's addresses a node uses, and the arithmetic around it. Pure functions: the caller asks the platform
 * for its interfaces.
 *
 * Of IPv6 it is the link-local address of each interface, its first: every interface that speaks IPv6 has one, it does not
 * change, and whoever hears a beacon is on the link. Other addresses come and go (RFC 8981), and would add nothing.
 */
import { formatIpv4, parseIpv4 } from '../base/ipv4.ts'
import {
  canonicalIpv6,
  isLinkLocalIpv6,
  sharesIpv6Prefix,
  withoutZone,
  zoneOf,
} from '../base/ipv6.ts'
import type { NetworkInterface } from './platform.ts'

/** Why an address is not used. */
export const SKIP_REASONS = {
  ipv6: 'Of IPv6, only the link-local address of each ordinary interface is used. Ask for this one by address to use it.',
  unwanted: 'It is not among the interfaces that were asked for.',
  virtual:
    'It leads to containers or virtual machines of this host, and there is a better one. Ask for it by name to use it.',
  'switched-off': 'It is one of IPv6, and the node was told to do without (`ipv6: false`).',
  tunnel:
    'It is a tunnel (a VPN) or a link of the system\u2019s own (as for AirDrop), where IPv6 finds no peers. Ask for it by name to use it.',
  'link-local': 'It has a self-assigned address (169.254/16), and there is a better one.',
  'no-broadcast': 'Its subnet has no broadcast address (a /31 or /32), and there is a better one.',
  loopback: 'It reaches only this host, and there is a better one.',
} as const

export type SkipReason = keyof typeof SKIP_REASONS

/** One address of one interface of the host, and what becomes of it. */
export interface InterfaceUse extends NetworkInterface {
  /** Why it is not used; absent when it is. `SKIP_REASONS` has each in a sentence. */
  readonly skipped?: SkipReason
}

export interface InterfaceSelection {
  /** In the host's order. */
  readonly all: readonly InterfaceUse[]
  readonly used: readonly NetworkInterface[]
  /** The wanted entries that chose no interface. */
  readonly unmatched: readonly string[]
}

/** Which interfaces are wanted: entries (see `selectInterfaces`), or a question that is asked of each. */
export type InterfaceWish = readonly string[] | ((each: NetworkInterface) => boolean)

/**
 * Chooses the interfaces to use. An entry of `wanted` is an interface's name (`eth0`), an address (`10.0.0.5`,
 * `fe80::7%eth0`; without the zone: on any link) or a subnet that the address lies in (`10.0.0.0/8`); what it chooses is
 * used, whatever it is; a name chooses the addresses that are used by default. Without `wanted`: every ordinary address;
 * without any, those that lead to containers and virtual machines of this host; without those, the link-local ones of
 * IPv4 (which are as good as others where there is IPv6 only); then the ones that cannot broadcast (nodes can still be
 * dialled there); and at last the loopback ones of IPv4. `ipv6`: whether IPv6 is used at all.
 */
export function selectInterfaces(
  all: readonly NetworkInterface[],
  wanted: InterfaceWish | undefined,
  ipv6: boolean = true,
): InterfaceSelection {
  const able = ipv6 ? all : all.filter(({ family }) => family === 'IPv4')
  const flaws = wanted === undefined ? flawsBesideBest(able) : flawsOf(able, wanted)
  const used = able.filter((_each, i) => flaws[i] === undefined)
  const uses = all.map((each): InterfaceUse => {
    if (used.includes(each)) return each
    return { ...each, skipped: flaws[able.indexOf(each)] ?? 'switched-off' }
  })
  const entries = typeof wanted === 'object' ? wanted : []
  const unmatched = entries.filter((text) => !used.some((each) => chooses(text, each)))
  return { all: uses, used, unmatched }
}

/**
 * The address that reaches every host of a subnet, as 10.77.0.255 for 10.77.0.5/24; `undefined` for a
 * /31 or /32, which are point-to-point and have none, and for what is no IPv4 address.
 */
export function broadcastAddress(address: string, prefixLength: number): string | undefined {
  const value = parseIpv4(address)
  if (value === undefined || !isPrefixLength(prefixLength) || prefixLength > 30) return undefined
  return formatIpv4((value | ~maskOf(prefixLength)) >>> 0)
}

/** All nodes on a link (RFC 4291 §2.7.1). */
export const ALL_NODES = 'ff02::1'

/** Where beacons go on an interface: to all on its link. `undefined` where there is no such address. */
export function beaconAddress(each: NetworkInterface): string | undefined {
  const { family, address, prefixLength, loopback } = each
  if (family === 'IPv4') return broadcastAddress(address, prefixLength)
  return isLinkLocalIpv6(address) && !loopback ? `${ALL_NODES}%${zoneOf(address)}` : undefined
}

/** Whether an address lies in the subnet of an interface (of one of its addresses): on its link, if that is link-local. */
export function inSubnet(
  address: string,
  { address: own, prefixLength }: Pick<NetworkInterface, 'address' | 'prefixLength'>,
): boolean {
  const a = parseIpv4(address)
  const b = parseIpv4(own)
  if (a === undefined && b === undefined) {
    return zoneOf(address) === zoneOf(own) && sharesIpv6Prefix(address, own, prefixLength)
  }
  if (a === undefined || b === undefined || !isPrefixLength(prefixLength)) return false
  return ((a ^ b) & maskOf(prefixLength)) === 0
}

function flawsOf(
  all: readonly NetworkInterface[],
  wanted: InterfaceWish,
): (SkipReason | undefined)[] {
  return all.map((each) => {
    if (typeof wanted === 'function') return wanted(each) ? undefined : 'unwanted'
    if (wanted.some((text) => choosesAddress(text, each))) return undefined
    if (!wanted.includes(each.name)) return 'unwanted'
    return isUsual(each, all) ? undefined : 'ipv6'
  })
}

function chooses(wanted: string, each: NetworkInterface): boolean {
  return wanted === each.name || choosesAddress(wanted, each)
}

function choosesAddress(wanted: string, { address }: NetworkInterface): boolean {
  const zone = zoneOf(address)
  const bare = withoutZone(address)
  const isAddress = (text: string): boolean => text === address || canonicalIpv6(text) === address
  if (isAddress(wanted) || (zone !== undefined && isAddress(`${wanted}%${zone}`))) return true
  const subnet = /^(.+)\/(\d{1,3})$/.exec(wanted)
  if (subnet === null) return false
  const [, own, length] = subnet
  return inSubnet(zoneOf(own!) === undefined ? bare : address, {
    address: own!,
    prefixLength: Number(length),
  })
}

/** IPv4, or the link-local address by which the interface speaks IPv6. */
function isUsual(entry: NetworkInterface, all: readonly NetworkInterface[]): boolean {
  if (entry.family === 'IPv4') return true
  const isSpoken = ({ name, address }: NetworkInterface): boolean =>
    name === entry.name && isLinkLocalIpv6(address)
  return !entry.loopback && all.find(isSpoken) === entry
}

/** From the best to the last resort: what `undefined` stands for, and then why the others are worse. */
const RANKS: readonly (SkipReason | undefined)[] = [
  undefined,
  'virtual',
  'link-local',
  'no-broadcast',
  'loopback',
]

function flawsBesideBest(all: readonly NetworkInterface[]): (SkipReason | undefined)[] {
  const flaws = all.map((each) => flawOf(each, all))
  const best = RANKS.find((rank) => flaws.includes(rank))
  if (best === undefined && !flaws.includes(undefined)) return flaws
  // Where a network gives no addresses, hosts give themselves some, of both families.
  const isPlain = all.some(({ family }, i) => family === 'IPv4' && flaws[i] === undefined)
  return flaws.map((flaw) =>
    flaw === best || (flaw === 'link-local' && best === undefined && !isPlain) ? undefined : flaw,
  )
}

function flawOf(entry: NetworkInterface, all: readonly NetworkInterface[]): SkipReason | undefined {
  const { name, family, address, prefixLength, loopback } = entry
  if (!isUsual(entry, all)) return 'ipv6'
  if (loopback) return 'loopback'
  if (family === 'IPv6' && TUNNEL.test(name)) return 'tunnel'
  if (family === 'IPv4' && inSubnet(address, LINK_LOCAL)) return 'link-local'
  if (family === 'IPv4' && broadcastAddress(address, prefixLength) === undefined) {
    return 'no-broadcast'
  }
  if (VIRTUAL.some((pattern) => pattern.test(name))) return 'virtual'
  const hasIpv4 = all.some((each) => each.name === name && each.family === 'IPv4')
  return CABLE.test(name) && !hasIpv4 ? 'virtual' : undefined
}

/**
 * Names that container engines and hypervisors give to the bridges that they make on their host. Not `br0` and not
 * `bridge0`: people name their own bridges so, over real cards. Not `veth…`: in a container or a namespace that is
 * the real one.
 */
const VIRTUAL: readonly RegExp[] = [
  /^docker/, // Docker's default bridge
  /^br-[0-9a-f]{12}$/, // its others
  /^(podman|cni|lxcbr|lxdbr|incusbr|flannel|cilium|cali|kube|nerdctl)/,
  /^(virbr|vnet\d|vboxnet|vmnet|vmbr\d+v)/, // libvirt, VirtualBox, VMware
  /^vEthernet \((?!External)/i, // Hyper-V and WSL
  /^(VirtualBox|VMware) /i, // as Windows names them
  /^(bridge1\d\d|vmenet)/, // macOS, for virtual machines
]

/**
 * Interfaces with link-local addresses and no neighbours to find there: tunnels, and links that Apple's systems keep to
 * themselves. Not `tap…`: that is an Ethernet. A tunnel with an IPv4 subnet stays as good as any: that was set up.
 */
const TUNNEL =
  /^(utun|tun|wg|ppp|ipsec|gif|stf|gre|sit|ip6tnl|tailscale|awdl|llw|anpi|ap\d|pdp_ip|rmnet|Teredo|isatap)/i

/**
 * The ends of cables whose other end is in a container or virtual machine. The one on the host is plugged into a bridge and has
 * no address of IPv4, but one of IPv6 all the same; the one in the container has both.
 */
const CABLE = /^(veth|tap|ve-|vb-)/

const LINK_LOCAL = { address: '169.254.0.0', prefixLength: 16 }

function isPrefixLength(length: number): boolean {
  return Number.isInteger(length) && length >= 0 && length <= 32
}

function maskOf(prefixLength: number): number {
  // A shift by 32 would be a shift by 0.
  return prefixLength === 0 ? 0 : -1 << (32 - prefixLength)
}
