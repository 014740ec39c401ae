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
  'link-local': 'It has a self-assigned address (169.254/16), and there is a better one.',
  'no-broadcast': 'Its subnet has no broadcast address (a /31 or /32), and there is a better one.',
  loopback: 'It reaches only this host, and there is a better one.',
} as const

export type SkipReason = keyof typeof SKIP_REASONS

export interface SkippedInterface {
  readonly interface: NetworkInterface
  readonly reason: SkipReason
}

export interface InterfaceSelection {
  /** In the host's order. */
  readonly used: readonly NetworkInterface[]
  readonly skipped: readonly SkippedInterface[]
  /** The wanted entries that chose no interface. */
  readonly unmatched: readonly string[]
}

/**
 * Chooses the interfaces to use. An entry of `wanted` is an interface's name (`eth0`), an address
 * (`10.0.0.5`) or a subnet that the address lies in (`10.0.0.0/8`); what it chooses is used, whatever
 * it is. Without `wanted`: every ordinary address; without any, the link-local ones; without those,
 * the ones that cannot broadcast (nodes can still be dialled there); and at last the loopback ones.
 */
export function selectInterfaces(
  all: readonly NetworkInterface[],
  wanted: readonly string[] | undefined,
): InterfaceSelection {
  return wanted === undefined ? selectBest(all) : selectWanted(all, wanted)
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

function selectWanted(
  all: readonly NetworkInterface[],
  wanted: readonly string[],
): InterfaceSelection {
  const used: NetworkInterface[] = []
  const skipped: SkippedInterface[] = []
  const matched = new Set<string>()
  for (const entry of all) {
    const choosers = wanted.filter((text) => chooses(text, entry))
    if (choosers.length === 0) {
      skipped.push({ interface: entry, reason: 'unwanted' })
    } else if (entry.family === 'IPv6') {
      skipped.push({ interface: entry, reason: 'ipv6' })
    } else {
      used.push(entry)
      for (const text of choosers) matched.add(text)
    }
  }
  return { used, skipped, unmatched: wanted.filter((text) => !matched.has(text)) }
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
  'link-local',
  'no-broadcast',
  'loopback',
]

function selectBest(all: readonly NetworkInterface[]): InterfaceSelection {
  const flaws = all.map(flawOf)
  const best = RANKS.find((rank) => flaws.includes(rank))
  const used: NetworkInterface[] = []
  const skipped: SkippedInterface[] = []
  for (const [i, entry] of all.entries()) {
    const flaw = flaws[i]
    if (flaw === best && flaw !== 'ipv6') used.push(entry)
    else if (flaw !== undefined) skipped.push({ interface: entry, reason: flaw })
  }
  return { used, skipped, unmatched: [] }
}

function flawOf(entry: NetworkInterface): SkipReason | undefined {
  if (entry.family === 'IPv6') return 'ipv6'
  if (entry.loopback) return 'loopback'
  if (inSubnet(entry.address, LINK_LOCAL)) return 'link-local'
  if (broadcastAddress(entry.address, entry.prefixLength) === undefined) return 'no-broadcast'
  return undefined
}

const LINK_LOCAL = { address: '169.254.0.0', prefixLength: 16 }

function isPrefixLength(length: number): boolean {
  return Number.isInteger(length) && length >= 0 && length <= 32
}

function maskOf(prefixLength: number): number {
  // A shift by 32 would be a shift by 0.
  return prefixLength === 0 ? 0 : -1 << (32 - prefixLength)
}
