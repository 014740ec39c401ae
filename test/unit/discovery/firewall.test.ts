import { describe, expect, it } from 'vitest'
import { readIptables } from '../../../src/discovery/doctor/firewall/iptables.ts'
import { readNft } from '../../../src/discovery/doctor/firewall/nft.ts'
import { judge, type Packet, type Ruleset } from '../../../src/discovery/doctor/firewall/rules.ts'

const BEACON: Packet = {
  hook: 'input',
  protocol: 'udp',
  port: 5670,
  interfaceName: 'eth0',
  cast: 'broadcast',
  to: '10.77.0.255',
}
const LINK: Packet = { ...BEACON, protocol: 'tcp', port: 50_000, cast: 'unicast', to: '10.77.0.1' }

/** What becomes of a packet, in a few words. */
function fate(ruleset: Ruleset, packet: Packet): string {
  const drop = judge(ruleset, packet)
  if (drop === undefined) return 'passes'
  const how = drop.isCertain ? 'dropped' : 'perhaps dropped'
  return `${how} by ${drop.chain}: ${drop.rule ?? 'policy'}`
}

function nft(policy: 'accept' | 'drop', ...rules: readonly string[]): Ruleset {
  return readNft(`table inet filter {
	set ports {
		type inet_service
		elements = { 5670 }
	}

	chain early {
		udp dport 5670 counter packets 7 bytes 350 drop comment "no beacons"
	}

	chain input {
		type filter hook input priority filter; policy ${policy};
${rules.map((rule) => `		${rule}`).join('\n')}
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
	}
}
`)
}

const EARLY =
  'dropped by early: udp dport 5670 counter packets 7 bytes 350 drop comment "no beacons"'

describe('the verdict on a beacon that comes in, by nftables', () => {
  it.each([
    ['no rules', nft('accept'), 'passes'],
    ['a policy', nft('drop'), 'dropped by input: policy'],
    ['a port', nft('accept', 'udp dport 5670 drop'), 'dropped by input: udp dport 5670 drop'],
    [
      'a set of ports, among them a range',
      nft('accept', 'udp dport { 53, 5600-5700 } reject'),
      'dropped by input: udp dport { 53, 5600-5700 } reject',
    ],
    ['another port', nft('accept', 'udp dport 5671 drop'), 'passes'],
    ['another protocol', nft('accept', 'tcp dport 5670 drop'), 'passes'],
    ['any port but one', nft('drop', 'udp dport != 80 accept'), 'passes'],
    [
      'an accept before the policy',
      nft('drop', 'iif "lo" accept', 'udp dport 5670 accept'),
      'passes',
    ],
    [
      'an accept of others',
      nft('drop', 'iif "lo" accept', 'ct state established,related accept'),
      'dropped by input: policy',
    ],
    ['a jump', nft('accept', 'iifname "eth*" meta pkttype broadcast jump early'), EARLY],
    ['a jump that is not taken', nft('accept', 'iifname "wlan*" jump early'), 'passes'],
    ['a goto', nft('drop', 'meta l4proto { udp, tcp } goto early'), EARLY],
    [
      'what a log writes',
      nft('accept', 'udp dport 5670 log prefix "no way" level info drop'),
      'dropped by input: udp dport 5670 log prefix "no way" level info drop',
    ],
    [
      'a kind of address',
      nft('accept', 'fib daddr type broadcast drop'),
      'dropped by input: fib daddr type broadcast drop',
    ],
    [
      'a destination',
      nft('accept', 'ip daddr 10.77.0.0/24 drop'),
      'dropped by input: ip daddr 10.77.0.0/24 drop',
    ],
    [
      'a condition that is not understood',
      nft('accept', 'ip saddr 10.0.0.0/8 drop'),
      'perhaps dropped by input: ip saddr 10.0.0.0/8 drop',
    ],
    [
      'an exception that is not understood',
      nft('drop', 'udp dport @ports accept'),
      'perhaps dropped by input: policy',
    ],
    ['a map of verdicts', nft('accept', 'ct state vmap { invalid : drop }'), 'passes'],
  ])('%s', (_what, ruleset, expected) => {
    expect(fate(ruleset, BEACON)).toBe(expected)
  })

  it('is that of all chains together: one may drop what the other accepts', () => {
    const { tool, chains } = nft('accept', 'udp dport 5670 accept')
    const other = nft('drop').chains.map((chain) => ({ ...chain, table: 'ip firewalld' }))
    const drop = judge({ tool, chains: [...chains, ...other] }, BEACON)
    expect(drop).toMatchObject({ table: 'ip firewalld', chain: 'input', isCertain: true })
  })

  it('says nothing of packets that leave', () => {
    expect(fate(nft('drop'), { ...BEACON, hook: 'output' })).toBe('passes')
  })
})

/** As ufw sets it up, shortened. */
const UFW = readIptables(`*nat
:PREROUTING DROP [0:0]
COMMIT
*filter
:INPUT DROP [12:3456]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:ufw-before-input - [0:0]
:ufw-not-local - [0:0]
:ufw-user-input - [0:0]
-A INPUT -j ufw-before-input
-A INPUT -j ufw-user-input
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -m conntrack --ctstate INVALID -j DROP
-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A ufw-before-input -j ufw-not-local
-A ufw-before-input -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT
-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
-A ufw-not-local -m addrtype --dst-type MULTICAST -j RETURN
-A ufw-not-local -m addrtype --dst-type BROADCAST -j RETURN
-A ufw-not-local -j DROP
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw-user-input -p tcp -m multiport --dports 49152:65535 -j ACCEPT
COMMIT
`)

describe('the verdict of iptables, as ufw sets it up,', () => {
  it.each([
    ['on a beacon', BEACON, 'dropped by INPUT: policy'],
    ['on a link', LINK, 'passes'],
    ['on a link to another port', { ...LINK, port: 8_080 }, 'dropped by INPUT: policy'],
    ['on mDNS', { ...BEACON, port: 5353, cast: 'multicast', to: '224.0.0.251' }, 'passes'],
    [
      'on what is for somebody else',
      { ...BEACON, cast: 'unicast', to: '10.9.9.9', port: 1 },
      'dropped by INPUT: policy',
    ],
    ['on a beacon that leaves', { ...BEACON, hook: 'output' }, 'passes'],
  ] as const)('%s', (_what, packet, expected) => {
    expect(fate(UFW, packet)).toBe(expected)
  })

  it('names the rule where there is one', () => {
    const rule =
      '-A INPUT -i eth+ -p udp -m udp ! --dport 53 -m comment --comment "a b" -j REJECT --reject-with icmp-port-unreachable'
    const ruleset = readIptables(`*filter\n:INPUT ACCEPT [0:0]\n${rule}\nCOMMIT\n`)
    expect(fate(ruleset, BEACON)).toBe(`dropped by INPUT: ${rule}`)
    expect(fate(ruleset, { ...BEACON, interfaceName: 'wlan0' })).toBe('passes')
  })
})
