/** Findings about interfaces: which are used, which are not, and whether that is a good choice. */
import {
  type InterfaceUse,
  inSubnet,
  SKIP_REASONS,
  type SkipReason,
  selectInterfaces,
} from '../../runtime/interface-selection.ts'
import type { NetworkInterface } from '../../runtime/platform.ts'
import type { Facts } from './facts.ts'
import { type Finding, finding } from './findings.ts'

/** IPv4 hosts must take 576 bytes, Ethernet carries 1,500, and tunnels mostly 1,280 or more. */
const MTU_MIN = 1_280

export function interfaceFindings({ interfaces, host }: Facts): Finding[] {
  const used = interfaces.filter(({ skipped }) => skipped === undefined)
  const skipped = interfaces.filter((each) => each.skipped !== undefined)
  return [
    ...used.map((each) =>
      finding('interface-used', `${nameOf(each)} is used.`, {
        interface: each.name,
        address: each.address,
        prefixLength: each.prefixLength,
      }),
    ),
    ...skipped.map((each) =>
      finding(
        'interface-skipped',
        `${nameOf(each)} is not used: ${lowerFirst(SKIP_REASONS[each.skipped!])}`,
        { interface: each.name, address: each.address, reason: each.skipped },
      ),
    ),
    ...choiceFindings(used, interfaces),
    ...sameSubnets(used),
    ...smallMtus(used, host.mtus),
  ]
}

/** What is wrong where no interface was good enough. Also for a node that could not start. */
export function choiceFindings(
  used: readonly InterfaceUse[],
  all: readonly InterfaceUse[],
): Finding[] {
  if (used.length === 0) return [noneFinding(all)]
  const names = used.map(nameOf).join(', ')
  const facts = { interfaces: used.map(({ name }) => name) }
  const onlyHas = (flaw: SkipReason): boolean => used.every((each) => flawOf(each) === flaw)
  if (onlyHas('loopback')) {
    const advice = ['Connect this host to a network, or name another interface (--interface).']
    const sentence = `Only ${names} is used: this node meets nodes of this host alone.`
    return [finding('interface-loopback-only', sentence, facts, advice)]
  }
  if (used.every(({ family }) => family === 'IPv6')) {
    const sentence = `Only IPv6 is used (${names}): nodes of other implementations are not found, as ZRE beacons are IPv4.`
    return [finding('interface-ipv6-only', sentence, facts)]
  }
  if (onlyHas('link-local')) {
    const sentence = `${names} has given itself an address, as no DHCP server answered: it meets only hosts that did the same.`
    return [
      finding('interface-link-local-only', sentence, facts, ['Look why DHCP does not answer.']),
    ]
  }
  if (onlyHas('virtual')) {
    const sentence = `Only ${names} is used, which leads to containers or virtual machines of this host: no other host is met.`
    const advice = ['Connect this host to a network, or name its interface (--interface).']
    return [finding('interface-virtual-only', sentence, facts, advice)]
  }
  if (onlyHas('no-broadcast')) {
    const sentence = `${names} cannot broadcast (a /31 or /32, as tunnels have): nodes are found by other ways only.`
    return [finding('interface-no-broadcast', sentence, facts)]
  }
  return []
}

function noneFinding(all: readonly InterfaceUse[]): Finding {
  const ordinary = all.filter(({ loopback }) => !loopback)
  const isIpv6Only = ordinary.length > 0 && ordinary.every(({ family }) => family === 'IPv6')
  const sentence = isIpv6Only
    ? 'No network interface can be used: this host has addresses of IPv6 only.'
    : 'No network interface can be used.'
  const advice = isIpv6Only
    ? ['Give an interface an IPv4 address: a self-assigned one (169.254/16) is enough.']
    : ['Connect this host to a network.', 'With --interface, name one of those that are there.']
  const names = all.map(({ name, address }) => `${name} ${address}`)
  return finding('interface-none', sentence, { available: names, ipv6Only: isIpv6Only }, advice)
}

function sameSubnets(used: readonly InterfaceUse[]): Finding[] {
  const twins = used.filter((each) =>
    used.some((other) => other.name !== each.name && inSubnet(other.address, each)),
  )
  if (twins.length === 0) return []
  const names = twins.map(nameOf).join(' and ')
  const sentence = `${names} are in one subnet: the operating system decides by which of them packets leave.`
  const advice = [
    'Where they are different networks, give them different subnets; else use one (--interface).',
  ]
  return [
    finding(
      'interface-same-subnet',
      sentence,
      { interfaces: twins.map(({ name }) => name) },
      advice,
    ),
  ]
}

function smallMtus(
  used: readonly InterfaceUse[],
  mtus: Readonly<Record<string, number>>,
): Finding[] {
  return [...new Set(used.map(({ name }) => name))].flatMap((name) => {
    const mtu = mtus[name]
    if (mtu === undefined || mtu >= MTU_MIN) return []
    const sentence = `${name} carries packets of ${mtu} bytes at most: large messages suffer where a firewall drops ICMP.`
    return [finding('mtu-small', sentence, { interface: name, mtu })]
  })
}

function nameOf({ name, address, prefixLength }: InterfaceUse): string {
  return `${name} (${address}/${prefixLength})`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** The flaw that an interface has beside an ordinary one, if any. */
function flawOf(each: InterfaceUse): SkipReason | undefined {
  return selectInterfaces([each, ORDINARY], undefined).all[0]?.skipped
}

const ORDINARY: NetworkInterface = {
  name: 'eth0',
  family: 'IPv4',
  address: '192.0.2.1',
  prefixLength: 24,
  loopback: false,
}
