import { describe, expect, it } from 'vitest'
import { findingsOf } from '../../../src/discovery/doctor/diagnose.ts'
import type {
  Facts,
  HostFacts,
  MailboxFacts,
  PeerFacts,
} from '../../../src/discovery/doctor/facts.ts'
import { FINDINGS, type Finding } from '../../../src/discovery/doctor/findings.ts'
import { readNft } from '../../../src/discovery/doctor/firewall/nft.ts'
import type { Visit } from '../../../src/discovery/visit.ts'
import type { InterfaceUse } from '../../../src/runtime/interface-selection.ts'

const ETH: InterfaceUse = {
  name: 'eth0',
  family: 'IPv4',
  address: '10.77.0.1',
  prefixLength: 24,
  loopback: false,
}
const HOST: HostFacts = {
  os: 'linux',
  mtus: { eth0: 1_500 },
  wireless: [],
  rulesets: [],
  managers: [],
  isFirewallUnreadable: false,
}
const MAILBOX: MailboxFacts = {
  ...ETH,
  port: 50_000,
  beaconTo: { address: '10.77.0.255', port: 5670 },
  ownBeacons: 3,
  multicastLoops: true,
}
const ANSWERS: Visit = {
  kind: 'mailbox',
  implementation: 'earshot',
  id: 'A'.repeat(32),
  extensions: '1',
  from: ETH.address,
  ms: 1,
}
const PEER: PeerFacts = {
  id: 'A'.repeat(32),
  name: 'hall',
  address: '10.77.0.7',
  port: 50_007,
  beacons: 3,
  isPresent: true,
  isLinked: true,
  linksToUs: true,
  visit: ANSWERS,
  near: MAILBOX,
  routeBy: 'eth0',
  dialBack: {
    outcome: 'connected',
    ms: 2,
    endpoint: 'tcp://10.77.0.1:50000',
    beaconAgoMs: 500,
    clockAheadMs: 3,
    roundTripMs: 1,
  },
  stopsAtLarge: false,
}

function facts(more: Partial<Facts> = {}): Facts {
  return {
    host: HOST,
    beaconPort: 5670,
    interfaces: [ETH],
    mailboxes: [MAILBOX],
    peers: [PEER],
    nodesFound: 1,
    elsewhere: [],
    foreign: [],
    listenedMs: 3_000,
    ...more,
  }
}

const peer = (more: Partial<PeerFacts>): Facts => facts({ peers: [{ ...PEER, ...more }] })
const failed = (failure: 'refused' | 'timeout' | 'unreachable'): Partial<PeerFacts> => ({
  visit: { kind: 'failed', failure, reason: failure, ms: 4_500 },
  isLinked: false,
})
const stranger: Partial<PeerFacts> = { isPresent: false, linksToUs: false }

/** Without one of its fields. */
function without<T extends object, K extends keyof T>(from: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = from
  return rest
}

const UNASKED = without(PEER, 'dialBack')

/** Codes of all that is not `ok`. */
const troubles = (found: readonly Finding[]): string[] =>
  found.filter(({ level }) => level !== 'ok').map(({ code }) => code)

/** A ruleset with one rule for what comes in. */
const rules = (rule: string) => [
  readNft(
    `table inet t {\n\tchain c {\n\t\ttype filter hook input priority 0; policy accept;\n\t\t${rule}\n\t}\n}\n`,
  ),
]
const guarded = (rule: string, more: Partial<Facts> = {}): Facts =>
  facts({ host: { ...HOST, rulesets: rules(rule) }, ...more })

const SILENT = { ...MAILBOX, ownBeacons: 0 }
const DROPS_BEACONS = 'udp dport 5670 drop'

describe('from facts follow findings:', () => {
  it('of a healthy host and peer none but ok', () => {
    const found = findingsOf(facts())
    expect(troubles(found)).toEqual([])
    expect(found.map(({ code }) => code)).toEqual([
      'interface-used',
      'beacon-heard',
      'multicast-heard',
      'peer-found',
      'mailbox-reachable',
    ])
  })

  it.each<[string, Facts, readonly string[]]>([
    // Interfaces
    ['no interface', facts({ interfaces: [], mailboxes: [] }), ['interface-none']],
    [
      'the loopback interface alone',
      facts({ interfaces: [{ ...ETH, name: 'lo', address: '127.0.0.1', loopback: true }] }),
      ['interface-loopback-only'],
    ],
    [
      'a bridge to containers alone',
      facts({ interfaces: [{ ...ETH, name: 'docker0' }] }),
      ['interface-virtual-only'],
    ],
    [
      'a self-assigned address alone',
      facts({ interfaces: [{ ...ETH, address: '169.254.7.7', prefixLength: 16 }] }),
      ['interface-link-local-only'],
    ],
    [
      'a tunnel alone',
      facts({ interfaces: [{ ...ETH, prefixLength: 32 }] }),
      ['interface-no-broadcast'],
    ],
    [
      'two cards in one subnet',
      facts({ interfaces: [ETH, { ...ETH, name: 'wlan0', address: '10.77.0.2' }] }),
      ['interface-same-subnet'],
    ],
    ['a small MTU', facts({ host: { ...HOST, mtus: { eth0: 1_000 } } }), ['mtu-small']],
    // What comes back, and the firewall
    ['silence', facts({ mailboxes: [SILENT] }), ['beacon-not-heard']],
    ['a rule against beacons, and echoes', guarded(DROPS_BEACONS), ['firewall-beacons']],
    [
      'a rule against beacons, and silence',
      guarded(DROPS_BEACONS, { mailboxes: [SILENT] }),
      ['beacon-not-heard'],
    ],
    ['a rule against links', guarded('tcp dport 49152-65535 drop'), ['firewall-links']],
    ['a rule that may be against links', guarded('ip saddr 10.77.0.0/24 drop'), []],
    ['a rule against mDNS', guarded('udp dport 5353 drop'), ['firewall-mdns']],
    [
      'multicasts that do not come back',
      facts({ mailboxes: [{ ...MAILBOX, multicastLoops: false }] }),
      ['multicast-not-heard'],
    ],
    [
      'rules that cannot be read',
      facts({ host: { ...HOST, isFirewallUnreadable: true } }),
      ['firewall-unreadable'],
    ],
    // Others
    ['nobody', facts({ peers: [], nodesFound: 0 }), ['nobody-found']],
    [
      'nobody here, and beacons elsewhere',
      facts({
        peers: [],
        nodesFound: 0,
        elsewhere: [{ interfaceName: 'eth1', addresses: ['10.78.0.1'] }],
      }),
      ['beacons-elsewhere', 'nobody-found'],
    ],
    [
      'what is no beacon',
      facts({ foreign: [{ address: '10.77.0.8', reason: 'version 9' }] }),
      ['beacons-foreign'],
    ],
    // One peer
    ['CURVE', peer({ beaconVersion: 3, dialBack: PEER.dialBack! }), ['protocol-mismatch']],
    [
      'no mailbox',
      peer({ visit: { kind: 'mismatch', code: 'zmtp-signature', reason: 'x', ms: 1 } }),
      ['protocol-mismatch'],
    ],
    [
      'somebody else',
      peer({ visit: { ...ANSWERS, id: 'B'.repeat(32) } as Visit }),
      ['peer-other-answers'],
    ],
    ['refusal', peer({ ...failed('refused'), ...stranger }), ['peer-refused']],
    ['silence of one that reaches us', peer(failed('timeout')), ['peer-unreachable']],
    [
      'silence of one that answers ARP',
      peer({ ...failed('timeout'), ...stranger, answersArp: true }),
      ['peer-unreachable'],
    ],
    [
      'silence of one that does not',
      peer({ ...failed('timeout'), ...stranger, answersArp: false }),
      ['ap-isolation'],
    ],
    [
      'a neighbour that is heard and unreachable',
      peer({ ...failed('unreachable'), ...stranger }),
      ['ap-isolation'],
    ],
    ['a detour', peer({ routeBy: 'wg0' }), ['vpn-route']],
    ['an address of our own', peer({ routeBy: 'lo' }), []],
    [
      'a link that does not come',
      facts({ peers: [{ ...UNASKED, isPresent: false, linksToUs: false }] }),
      ['mailbox-unreachable'],
    ],
    [
      'a dial back in vain',
      peer({ dialBack: { ...PEER.dialBack!, outcome: 'timeout' } }),
      ['mailbox-unreachable'],
    ],
    ['a peer that is busy', peer({ dialBack: { ...PEER.dialBack!, outcome: 'busy' } }), []],
    ['a peer whose beacons are not heard', peer({ beacons: 0 }), ['beacon-one-way']],
    [
      'a peer that does not hear ours',
      peer({ dialBack: without(PEER.dialBack!, 'beaconAgoMs') }),
      ['beacon-one-way'],
    ],
    [
      'a link that a large message stops',
      facts({ peers: [{ ...UNASKED, stopsAtLarge: true }] }),
      ['mtu-blackhole'],
    ],
    [
      'a clock that is off',
      peer({ dialBack: { ...PEER.dialBack!, clockAheadMs: -90_000 } }),
      ['clock-offset'],
    ],
  ])('of %s', (_what, given, expected) => {
    const found = findingsOf(given)
    expect(troubles(found)).toEqual(expected)
    for (const { code, level, sentence } of found) {
      expect(level).toBe(FINDINGS[code])
      expect(sentence).toMatch(/^[\p{L}“].*[.]$/u)
    }
  })

  it('that name the rule, where there is one', () => {
    const given = guarded(DROPS_BEACONS, { mailboxes: [SILENT] })
    const found = findingsOf(given).find(({ code }) => code === 'beacon-not-heard')
    expect(found?.sentence).toContain('nftables, table inet t, chain c: udp dport 5670 drop')
    expect(found?.advice).toEqual(['`sudo nft insert rule inet t c udp dport 5670 accept`'])
  })

  it('that say of a host with IPv6 alone why it has no interface', () => {
    const v6: InterfaceUse = {
      name: 'eth0',
      family: 'IPv6',
      address: 'fe80::1',
      prefixLength: 64,
      loopback: false,
      skipped: 'ipv6',
    }
    const [, none] = findingsOf(facts({ interfaces: [v6], mailboxes: [] }))
    expect(none).toMatchObject({ code: 'interface-none', facts: { ipv6Only: true } })
  })

  it.each([
    ['linux', ['ufw'] as const, 'sudo ufw allow 5670/udp'],
    ['linux', ['firewalld'] as const, '--add-port=5670/udp'],
    ['linux', [] as const, 'sudo ufw allow 5670/udp'],
    ['win32', [] as const, 'netsh advfirewall'],
    ['darwin', [] as const, 'System Settings, Network, Firewall'],
    ['freebsd', [] as const, 'Allow UDP 5670'],
  ])('with advice for %s and %j', (os, managers, expected) => {
    const given = facts({ host: { ...HOST, os, managers }, mailboxes: [SILENT] })
    const found = findingsOf(given).find(({ code }) => code === 'beacon-not-heard')
    expect(found?.advice?.join('\n')).toContain(expected)
  })

  it('of nobody with the likely causes in order: what was seen comes first', () => {
    const given = facts({
      host: { ...HOST, wireless: ['eth0'] },
      peers: [],
      nodesFound: 0,
      mailboxes: [SILENT],
    })
    const advice = findingsOf(given).at(-1)?.advice ?? []
    expect(advice[0]).toContain('Our own beacons do not come back')
    expect(advice[1]).toContain('No other node runs')
    expect(advice[2]).toContain('client isolation')
  })
})
