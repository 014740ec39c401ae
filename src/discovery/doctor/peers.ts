/** Findings about one peer: does each side reach the other, by broadcast and by TCP, and if not, which side is it? */
import { addressAndPort } from '../../base/ipv6.ts'
import type { IoFailureKind } from '../../runtime/platform.ts'
import { firewallAdvice, placeOf } from './advice.ts'
import { dialDrop, mailboxDrop } from './echoes.ts'
import type { Facts, PeerFacts } from './facts.ts'
import { type Finding, finding } from './findings.ts'
import { detour, otherSubnet } from './routes.ts'

/** The order of the log corrects clocks; people who compare files do not. */
const CLOCK_OFFSET_MS = 2_000

export function peerFindings(facts: Facts, peer: PeerFacts): Finding[] {
  return [
    ...reachFindings(facts, peer),
    ...routeFindings(peer),
    ...backFindings(facts, peer),
    ...beaconFindings(facts, peer),
    ...answerFindings(peer),
  ]
}

// We to it

function reachFindings(facts: Facts, peer: PeerFacts): Finding[] {
  const { visit, id, beaconVersion } = peer
  const who = nameOf(peer)
  const data = dataOf(peer)
  if (beaconVersion === 3 || (visit?.kind === 'mismatch' && visit.code === 'zmtp-mechanism')) {
    const sentence = `${who} speaks another security mechanism (CURVE) than this node (NULL).`
    return [
      finding('protocol-mismatch', sentence, data, [
        'Give both the same security: keys on both sides, or on none.',
      ]),
    ]
  }
  switch (visit?.kind) {
    case undefined:
      return []
    case 'mismatch': {
      const sentence = `${who}: what answers there is no mailbox of ZRE (${visit.reason}).`
      return [finding('protocol-mismatch', sentence, { ...data, code: visit.code })]
    }
    case 'mailbox': {
      if (visit.id !== undefined && visit.id !== id) {
        const sentence = `${who}: another node (${visit.id.slice(0, 8)}) answers there: a stale beacon, or two hosts with one address.`
        return [finding('peer-other-answers', sentence, { ...data, answers: visit.id })]
      }
      const what = visit.implementation === 'earshot' ? 'earshot' : 'ZRE on libzmq, as C Zyre'
      const sentence = `${who} answers, ${what}, after ${visit.ms.toFixed(1)} ms.`
      return [finding('peer-found', sentence, { ...data, implementation: visit.implementation })]
    }
    case 'failed':
      return [unreachable(facts, peer, visit.failure)]
  }
}

function unreachable(facts: Facts, peer: PeerFacts, failure: IoFailureKind): Finding {
  const { address, port, beacons, linksToUs, near } = peer
  const who = nameOf(peer)
  const data = { ...dataOf(peer), failure }
  if (failure === 'refused') {
    const sentence = `${who}: nothing listens there.`
    return finding('peer-refused', sentence, data, [
      'It has just ended, or another firewall answers in its place (one that rejects).',
    ])
  }
  const drop = near && dialDrop(facts, near.name, address, port)
  if (drop?.isCertain === true) {
    const sentence = `${who}: the firewall of this host drops our links to it: ${placeOf(drop)}.`
    return finding('peer-unreachable', sentence, { ...data, droppedBy: drop }, [
      `Allow TCP to port ${port} in the direction out.`,
    ])
  }
  if (linksToUs) {
    const sentence = `${who} reaches us, and we do not reach it (TCP ${port}, ${failure}): a firewall on its side drops links.`
    return finding('peer-unreachable', sentence, data, [
      `On its host: ${firewallAdvice({ os: 'linux', managers: [] }, { protocol: 'tcp', port })[0]}`,
      'Run `earshot doctor` there: it names the rule.',
    ])
  }
  const isNeighbour = near !== undefined && beacons > 0
  const isWireless = near !== undefined && facts.host.wireless.includes(near.name)
  const isDeaf = failure === 'unreachable' || !(peer.answersArp ?? !isWireless)
  if (isNeighbour && isDeaf) {
    const sentence = `${who} is heard on ${near.name}, but what is sent to it alone does not arrive (${failure}): the access point or switch keeps its clients apart.`
    return finding('ap-isolation', sentence, data, [
      'Switch off client isolation (AP isolation, guest network) of the access point, or port isolation of the switch.',
      'Use a network that is not for guests, or a cable.',
    ])
  }
  const sentence = `${who} is not reached (TCP ${port}, ${failure}), nor does it reach us: firewalls on its side, or something between.`
  return finding('peer-unreachable', sentence, data, [
    'Run `earshot doctor` on its host: it names the rule.',
    'On WiFi: switch off client isolation of the access point.',
  ])
}

// Routes

function routeFindings(peer: PeerFacts): Finding[] {
  const { routeBy, near, address } = peer
  if (near === undefined) {
    // Who is present all the same was found by another way, and that is fine.
    if (peer.isPresent) return []
    return [otherSubnet(nameOf(peer), routeBy, dataOf(peer))]
  }
  if (routeBy === undefined || routeBy === near.name || address === near.address) return []
  // Packets to addresses of this host itself go by the loopback interface.
  if (/^lo\d*$/.test(routeBy)) return []
  return [detour(nameOf(peer), routeBy, near.name, dataOf(peer))]
}

// It to us

function backFindings(facts: Facts, peer: PeerFacts): Finding[] {
  const { dialBack, isLinked, linksToUs, near, visit } = peer
  const data = { ...dataOf(peer), ...(dialBack !== undefined && { dialBack }) }
  if (dialBack?.outcome === 'connected') {
    const sentence = `${nameOf(peer)} reaches our mailbox (${dialBack.endpoint}) in ${dialBack.ms.toFixed(1)} ms.`
    return [finding('mailbox-reachable', sentence, data)]
  }
  const isDialledInVain = dialBack !== undefined && !['busy', 'other'].includes(dialBack.outcome)
  const neverCame = isLinked && !linksToUs && visit?.kind === 'mailbox'
  if (!isDialledInVain && !neverCame) return []
  const drop = near && mailboxDrop(facts, near)
  const how = isDialledInVain
    ? `${dialBack.outcome} when it dialled ${dialBack.endpoint}`
    : 'its link to us does not come'
  const cause =
    drop === undefined
      ? 'a firewall on this side drops links'
      : `${drop.isCertain ? '' : 'perhaps '}the firewall of this host drops its links: ${placeOf(drop)}`
  const sentence = `We reach ${nameOf(peer)}, and it does not reach our mailbox (${how}): ${cause}.`
  const advice = firewallAdvice(facts.host, { protocol: 'tcp', port: near?.port ?? 49_152 }, drop)
  return [
    finding('mailbox-unreachable', sentence, { ...data, ...(drop && { droppedBy: drop }) }, advice),
  ]
}

// Beacons, each way

function beaconFindings(facts: Facts, peer: PeerFacts): Finding[] {
  const { beacons, dialBack, near, isPresent } = peer
  if (near?.beaconTo === undefined || !isPresent) return []
  const { name: interfaceName, ownBeacons } = near
  const udp = { protocol: 'udp', port: facts.beaconPort } as const
  const seconds = (facts.listenedMs / 1_000).toFixed(1)
  if (beacons === 0) {
    const sentence = `${nameOf(peer)} is a peer, and its beacons are not heard on ${interfaceName} (none within ${seconds} s): ${
      ownBeacons === 0
        ? 'as our own; a firewall on this side'
        : 'it cannot send them, or the network drops broadcasts'
    }.`
    return [
      finding(
        'beacon-one-way',
        sentence,
        { ...dataOf(peer), direction: 'in' },
        firewallAdvice(facts.host, udp),
      ),
    ]
  }
  const isHeard = dialBack === undefined || dialBack.beaconAgoMs !== undefined
  if (isHeard || dialBack.outcome === 'busy') return []
  const sentence = `${nameOf(peer)} does not hear our beacons, though we hear its: a firewall on its side drops UDP ${facts.beaconPort}.`
  return [
    finding('beacon-one-way', sentence, { ...dataOf(peer), direction: 'out' }, [
      'Run `earshot doctor` on its host: it names the rule.',
    ]),
  ]
}

function answerFindings(peer: PeerFacts): Finding[] {
  const { dialBack, stopsAtLarge } = peer
  const findings: Finding[] = []
  if (stopsAtLarge) {
    const sentence = `${nameOf(peer)} answers small messages, and a large one has stopped the link: packets of full size do not get through.`
    findings.push(
      finding('mtu-blackhole', sentence, dataOf(peer), [
        'Give both interfaces the MTU of what is between (a VPN, a tunnel), or allow ICMP “fragmentation needed”.',
      ]),
    )
  }
  if (dialBack !== undefined && Math.abs(dialBack.clockAheadMs) > CLOCK_OFFSET_MS) {
    const { clockAheadMs } = dialBack
    const how = clockAheadMs > 0 ? 'ahead of' : 'behind'
    const sentence = `The clock of ${nameOf(peer)} is ${(Math.abs(clockAheadMs) / 1_000).toFixed(1)} s ${how} ours.`
    findings.push(
      finding('clock-offset', sentence, { ...dataOf(peer), clockAheadMs }, [
        'Set both clocks by NTP.',
      ]),
    )
  }
  return findings
}

function nameOf({ name, id, address, port }: PeerFacts): string {
  const who = name === '' ? id.slice(0, 8) : name
  return `${who} (${addressAndPort(address, port)})`
}

function dataOf({ id, name, address, port }: PeerFacts): Readonly<Record<string, unknown>> {
  return { peer: { id, name }, address, port }
}
