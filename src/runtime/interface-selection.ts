/**
 * Which of the host's addresses a node uses, and the IPv4 arithmetic around it. Pure functions: the
 * caller asks the platform for its interfaces. IPv4 only, as ZRE beacons are.
 */
import { formatIpv4, parseIpv4 } from '../base/ipv4.ts'
import type { NetworkInterface } from './platform.ts'

/** Why an address is not used. */
export const SKIP_REASONS = {
  ipv6: 'Only IPv4 is used so far.',
  unwanted: 'It is not among the interfaces that were asked for.',
  virtual:
    'It leads to containers or virtual machines of this host, and there is a better one. Ask for it by name to use it.',
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
 * Chooses the interfaces to use. An entry of `wanted` is an interface's name (`eth0`), an address
 * (`10.0.0.5`) or a subnet that the address lies in (`10.0.0.0/8`); what it chooses is used, whatever
 * it is. Without `wanted`: every ordinary address; without any, those that lead to containers and virtual machines
 * of this host; without those, the link-local ones; then the ones that cannot broadcast (nodes can still be dialled
 * there); and at last the loopback ones.
 */
export function selectInterfaces(
  all: readonly NetworkInterface[],
  wanted: InterfaceWish | undefined,
): InterfaceSelection {
  const flaws = wanted === undefined ? flawsBesideBest(all) : flawsOf(all, wanted)
  const uses = all.map((each, i): InterfaceUse => {
    const flaw = flaws[i]
    return flaw === undefined ? each : { ...each, skipped: flaw }
  })
  const used = all.filter((_each, i) => flaws[i] === undefined)
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

/** Whether an address lies in the subnet of an interface (of one of its addresses). */
export function inSubnet(
  address: string,
  { address: own, prefixLength }: Pick<NetworkInterface, 'address' | 'prefixLength'>,
): boolean {
  const a = parseIpv4(address)
  const b = parseIpv4(own)
  if (a === undefined || b === undefined || !isPrefixLength(prefixLength)) return false
  return ((a ^ b) & maskOf(prefixLength)) === 0
}

function flawsOf(
  all: readonly NetworkInterface[],
  wanted: InterfaceWish,
): (SkipReason | undefined)[] {
  return all.map((each) => {
    const isWanted =
      typeof wanted === 'function' ? wanted(each) : wanted.some((text) => chooses(text, each))
    if (!isWanted) return 'unwanted'
    return each.family === 'IPv6' ? 'ipv6' : undefined
  })
}

function chooses(wanted: string, { name, address }: NetworkInterface): boolean {
  if (wanted === name || wanted === address) return true
  const subnet = /^(.+)\/(\d{1,2})$/.exec(wanted)
  return (
    subnet !== null && inSubnet(address, { address: subnet[1]!, prefixLength: Number(subnet[2]) })
  )
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
  const flaws = all.map(flawOf)
  const best = RANKS.find((rank) => flaws.includes(rank))
  return flaws.map((flaw) => (flaw === best && flaw !== 'ipv6' ? undefined : flaw))
}

function flawOf(entry: NetworkInterface): SkipReason | undefined {
  if (entry.family === 'IPv6') return 'ipv6'
  if (entry.loopback) return 'loopback'
  if (inSubnet(entry.address, LINK_LOCAL)) return 'link-local'
  if (broadcastAddress(entry.address, entry.prefixLength) === undefined) return 'no-broadcast'
  if (VIRTUAL.some((pattern) => pattern.test(entry.name))) return 'virtual'
  return undefined
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

const LINK_LOCAL = { address: '169.254.0.0', prefixLength: 16 }

function isPrefixLength(length: number): boolean {
  return Number.isInteger(length) && length >= 0 && length <= 32
}

function maskOf(prefixLength: number): number {
  // A shift by 32 would be a shift by 0.
  return prefixLength === 0 ? 0 : -1 << (32 - prefixLength)
}
