/** Findings about the others as a whole: nobody is there, or they are somewhere else. */
import type { Platform } from '../../runtime/platform.ts'
import { BEACON_PORT } from '../../zre/beacon.ts'
import { subnetOf } from '../ear.ts'
import { visit } from '../visit.ts'
import type { Facts } from './facts.ts'
import { type Finding, finding } from './findings.ts'
import { routeTo } from './gather-host.ts'
import type { HostTools } from './host-tools.ts'
import { detour, otherSubnet } from './routes.ts'

const NAMED_MAX = 5
const PROBE_MS = 4_500

export function otherFindings(facts: Facts, found: readonly Finding[]): Finding[] {
  const { elsewhere, foreign, nodesFound, listenedMs, beaconPort } = facts
  const findings = elsewhere.map(({ interfaceName, addresses }) => {
    const where =
      interfaceName === undefined ? 'from no subnet of this host' : `on ${interfaceName}`
    const shown = addresses.slice(0, NAMED_MAX).join(', ')
    const sentence = `Beacons come ${where} (from ${shown}), where this node is not.`
    const advice =
      interfaceName === undefined
        ? ['Correct the address or the prefix length (netmask) of either side.']
        : [`Use that interface too: \`--interface ${interfaceName}\`.`]
    return finding(
      'beacons-elsewhere',
      sentence,
      { interface: interfaceName ?? null, addresses },
      advice,
    )
  })
  if (foreign.length > 0) {
    const shown = foreign.slice(0, NAMED_MAX).map(({ address, reason }) => `${address} (${reason})`)
    const sentence = `Somebody else sends to UDP port ${beaconPort}: ${shown.join(', ')}.`
    findings.push(finding('beacons-foreign', sentence, { from: foreign }))
  }
  if (nodesFound > 0) return findings
  const seconds = (listenedMs / 1_000).toFixed(1)
  const sentence = `Nobody was found within ${seconds} s.`
  const causes = likelyCauses(facts, [...found, ...findings])
  return [...findings, finding('nobody-found', sentence, { likelyCauses: causes }, causes)]
}

/** The most likely first: what was seen, then what nobody can see from here. */
function likelyCauses({ mailboxes, host, beaconPort }: Facts, found: readonly Finding[]): string[] {
  const seen = found
    .filter(({ level, code }) => level === 'problem' || code === 'beacons-elsewhere')
    .map(({ sentence }) => sentence)
  const isWireless = mailboxes.some(({ name }) => host.wireless.includes(name))
  const isWired = mailboxes.some(({ loopback }) => !loopback)
  return [
    ...seen,
    `No other node runs, or it uses another port than ${beaconPort} (--port).`,
    ...(isWireless
      ? ['The access point keeps its clients apart (client isolation, as in guest networks).']
      : []),
    ...(isWired
      ? [
          'The others are in another network: behind a router, in another VLAN, on another WiFi.',
          'A firewall on their side drops beacons: run `earshot doctor` there.',
          'A VPN takes the packets: end it, or let it spare the local network.',
        ]
      : []),
  ]
}

/** A peer that was asked for is not there: what can be said of the place where it should be. */
export async function missingFindings(
  platform: Platform,
  tools: HostTools,
  facts: Facts,
  { reference, address }: { readonly reference: string; readonly address?: string },
): Promise<Finding[]> {
  const data = { reference, address: address ?? null }
  if (address === undefined) {
    const sentence = `No peer “${reference}” was heard.`
    return [
      finding('peer-not-found', sentence, data, [
        'Is it running? Its id and its name change with it; an address can be given as well.',
      ]),
    ]
  }
  const near = subnetOf(address, facts.mailboxes)
  const routeBy = await routeTo(tools, address)
  const missing = finding(
    'peer-not-found',
    `No node was heard at ${address}${await presenceOf(platform, address)}.`,
    { ...data, ...(routeBy !== undefined && { routeBy }) },
    ['Is it running there, on this UDP port? Run `earshot doctor` on that host.'],
  )
  if (near === undefined) return [missing, otherSubnet(address, routeBy, data)]
  const isDetour = routeBy !== undefined && routeBy !== near.name && !near.loopback
  return isDetour ? [missing, detour(address, routeBy, near.name, data)] : [missing]
}

/** No port is known: whoever refuses one is there. */
async function presenceOf(platform: Platform, address: string): Promise<string> {
  const seen = await visit(platform, { address, port: BEACON_PORT }, { limitMs: PROBE_MS })
  if (seen.kind !== 'failed' || seen.failure === 'refused') return ', though a host answers there'
  if (seen.failure === 'unreachable') return ', and no host answers there'
  return `, and that host does not answer at all (${seen.failure})`
}
