/**
 * Findings about what a node hears of itself, and about the rules of this host's firewall: do beacons, links and mDNS get in?
 *
 * A broadcast comes back to its sender by the same way into the host as those of others, so what drops theirs mostly drops
 * ours. Where the rules can be read, they say which it is.
 */
import { isIpv6 } from '../../base/ipv6.ts'
import { firewallAdvice, placeOf } from './advice.ts'
import type { Facts, MailboxFacts } from './facts.ts'
import { type Finding, finding } from './findings.ts'
import { type Drop, judge, type Packet } from './firewall/rules.ts'

const MDNS = { port: 5353, ipv4: '224.0.0.251', ipv6: 'ff02::fb' } as const

export function echoFindings(facts: Facts): Finding[] {
  const unreadable = facts.host.isFirewallUnreadable
    ? [
        finding(
          'firewall-unreadable',
          "This host's packet filter cannot be read without root: what it drops is not known.",
          {},
          ['Run `earshot doctor` as root to have the rule named.'],
        ),
      ]
    : []
  return [...facts.mailboxes.flatMap((each) => mailboxFindings(facts, each)), ...unreadable]
}

function mailboxFindings(facts: Facts, mailbox: MailboxFacts): Finding[] {
  return [
    ...beaconFindings(facts, mailbox),
    ...linkFindings(facts, mailbox),
    ...multicastFindings(facts, mailbox),
  ]
}

function beaconFindings(facts: Facts, mailbox: MailboxFacts): Finding[] {
  const { name: interfaceName, address, ownBeacons, beaconTo } = mailbox
  if (beaconTo === undefined) return []
  const drop = dropOf(facts, beaconInto(facts, mailbox))
  const data = {
    interface: interfaceName,
    address,
    port: beaconTo.port,
    ownBeacons,
    ...dropFacts(drop),
  }
  const advice = firewallAdvice(facts.host, { protocol: 'udp', port: beaconTo.port }, drop)
  if (ownBeacons > 0) {
    const sentence = `Our own beacons come back on ${interfaceName} (${ownBeacons} of them).`
    const heard = finding('beacon-heard', sentence, data)
    if (drop?.isCertain !== true) return [heard]
    const text = `The firewall of this host drops the beacons of others on ${interfaceName}: ${placeOf(drop)}.`
    return [heard, finding('firewall-beacons', text, data, advice)]
  }
  const cause =
    drop === undefined
      ? 'something on this host drops them, or they cannot be sent'
      : `${drop.isCertain ? '' : 'perhaps '}the firewall of this host drops them: ${placeOf(drop)}`
  const sentence = `Our own beacons do not come back on ${interfaceName} (UDP ${beaconTo.port}): ${cause}.`
  return [finding('beacon-not-heard', sentence, data, advice)]
}

function linkFindings(facts: Facts, mailbox: MailboxFacts): Finding[] {
  const drop = mailboxDrop(facts, mailbox)
  if (drop?.isCertain !== true || mailbox.loopback) return []
  const { name: interfaceName, address, port } = mailbox
  const sentence = `The firewall of this host drops links from peers on ${interfaceName} (TCP ${port}): ${placeOf(drop)}.`
  const data = { interface: interfaceName, address, port, ...dropFacts(drop) }
  return [
    finding(
      'firewall-links',
      sentence,
      data,
      firewallAdvice(facts.host, { protocol: 'tcp', port }, drop),
    ),
  ]
}

function multicastFindings(facts: Facts, mailbox: MailboxFacts): Finding[] {
  const { name: interfaceName, family, multicastLoops, loopback } = mailbox
  if (loopback) return []
  const packet: Packet = {
    hook: 'input',
    protocol: 'udp',
    port: MDNS.port,
    interfaceName,
    cast: 'multicast',
    to: family === 'IPv6' ? MDNS.ipv6 : MDNS.ipv4,
  }
  const drop = dropOf(facts, packet)
  const data = { interface: interfaceName, ...dropFacts(drop) }
  const advice = firewallAdvice(facts.host, { protocol: 'udp', port: MDNS.port }, drop)
  if (multicastLoops === true) {
    const heard = finding('multicast-heard', `Multicasts come back on ${interfaceName}.`, data)
    if (drop?.isCertain !== true) return [heard]
    const text = `The firewall of this host drops mDNS of others on ${interfaceName}: ${placeOf(drop)}.`
    return [heard, finding('firewall-mdns', text, data, advice)]
  }
  if (multicastLoops === undefined) return []
  const cause = drop === undefined ? '' : `: ${placeOf(drop)}`
  const sentence = `Multicasts (mDNS, UDP ${MDNS.port}) do not come back on ${interfaceName}${cause}.`
  return [finding('multicast-not-heard', sentence, data, advice)]
}

// Rules

function beaconInto(
  { beaconPort }: Facts,
  { name: interfaceName, beaconTo }: MailboxFacts,
): Packet {
  const to = beaconTo?.address ?? '255.255.255.255'
  const cast = isIpv6(to) ? 'multicast' : 'broadcast'
  return { hook: 'input', protocol: 'udp', port: beaconPort, interfaceName, cast, to }
}

/** What drops the first packet of a peer's link to us. */
export function mailboxDrop(
  facts: Facts,
  { name: interfaceName, address, port }: MailboxFacts,
): Drop | undefined {
  return dropOf(facts, {
    hook: 'input',
    protocol: 'tcp',
    port,
    interfaceName,
    cast: 'unicast',
    to: address,
  })
}

/** What drops the first packet of our link to a peer, before it leaves. */
export function dialDrop(
  facts: Facts,
  interfaceName: string,
  to: string,
  port: number,
): Drop | undefined {
  return dropOf(facts, {
    hook: 'output',
    protocol: 'tcp',
    port,
    interfaceName,
    cast: 'unicast',
    to,
  })
}

function dropOf({ host }: Facts, packet: Packet): Drop | undefined {
  const drops = host.rulesets.flatMap((each) => judge(each, packet) ?? [])
  return drops.find(({ isCertain }) => isCertain) ?? drops[0]
}

function dropFacts(drop: Drop | undefined): Readonly<Record<string, unknown>> {
  return drop === undefined ? {} : { droppedBy: drop }
}
