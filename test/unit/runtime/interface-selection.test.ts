import { describe, expect, test } from 'vitest'
import { formatIpv4, parseIpv4 } from '../../../src/base/ipv4.ts'
import {
  broadcastAddress,
  type InterfaceWish,
  inSubnet,
  SKIP_REASONS,
  type SkipReason,
  selectInterfaces,
} from '../../../src/runtime/interface-selection.ts'
import type { NetworkInterface } from '../../../src/runtime/platform.ts'

/** `eth0 10.0.0.5/24` as a host lists it. */
function given(text: string): NetworkInterface {
  const [name, cidr] = text.split(' ')
  const [address, prefixLength] = cidr!.split('/')
  const loopback = name!.startsWith('lo')
  const family = address!.includes(':') ? 'IPv6' : 'IPv4'
  return { name: name!, family, address: address!, prefixLength: Number(prefixLength), loopback }
}

const LO = 'lo 127.0.0.1/8'
const LO6 = 'lo ::1/128'
const ETH = 'eth0 10.0.0.5/24'
const ETH_ALIAS = 'eth0 10.0.1.5/24'
const ETH6 = 'eth0 fd00::5/64'
const ETH_LINK = 'eth0 fe80::5%eth0/64'
const WLAN_LINK = 'wlan0 fe80::5%wlan0/64'
const LO_LINK = 'lo fe80::1%lo/64'
const TUNNEL_LINK = 'utun0 fe80::9%utun0/64'
const DOCKER_LINK = 'docker0 fe80::8%docker0/64'
const CABLE_LINK = 'veth12ab34c fe80::7%veth12ab34c/64'
const WLAN = 'wlan0 192.168.7.20/24'
const AUTO = 'eth1 169.254.10.1/16'
const TUNNEL = 'tun0 10.8.0.2/32'
const PAIR = 'ppp0 10.9.0.0/31'
const DOCKER = 'docker0 172.17.0.1/16'
const VIRTUAL_BRIDGE = 'virbr0 192.168.122.1/24'

function select(list: readonly string[], wanted?: InterfaceWish) {
  const { all, used, unmatched } = selectInterfaces(list.map(given), wanted)
  const show = ({ name, address, prefixLength }: NetworkInterface) =>
    `${name} ${address}/${prefixLength}`
  return {
    used: used.map(show),
    skipped: Object.fromEntries(
      all.flatMap((each) => (each.skipped === undefined ? [] : [[show(each), each.skipped]])),
    ),
    unmatched,
  }
}

describe('without a wish', () => {
  test.each<[string, string[], string[], Record<string, SkipReason>]>([
    [
      'the link-local address of IPv6 is used beside IPv4, once for each interface',
      [LO, WLAN, WLAN_LINK, ETH, ETH6, ETH_LINK, 'eth0 fe80::6%eth0/64', LO6, LO_LINK],
      [WLAN, WLAN_LINK, ETH, ETH_LINK],
      {
        [LO]: 'loopback',
        [ETH6]: 'ipv6',
        'eth0 fe80::6%eth0/64': 'ipv6',
        [LO6]: 'ipv6',
        [LO_LINK]: 'ipv6',
      },
    ],
    [
      'IPv6 alone is used without anything else',
      [LO, LO6, ETH_LINK, ETH6],
      [ETH_LINK],
      { [LO]: 'loopback', [LO6]: 'ipv6', [ETH6]: 'ipv6' },
    ],
    [
      'self-assigned addresses of IPv4 are used beside those of IPv6',
      [LO, AUTO, 'eth1 fe80::6%eth1/64', DOCKER],
      [AUTO, 'eth1 fe80::6%eth1/64'],
      { [LO]: 'loopback', [DOCKER]: 'virtual' },
    ],
    [
      'self-assigned addresses of IPv4 are skipped beside one that was given, IPv6 is not',
      [AUTO, 'eth1 fe80::6%eth1/64', WLAN],
      ['eth1 fe80::6%eth1/64', WLAN],
      { [AUTO]: 'link-local' },
    ],
    [
      'IPv6 of tunnels is skipped, even where only loopback is left',
      [LO, TUNNEL_LINK],
      [LO],
      { [TUNNEL_LINK]: 'tunnel' },
    ],
    [
      'IPv6 of containers is skipped beside a better one',
      [ETH, DOCKER_LINK, CABLE_LINK],
      [ETH],
      { [DOCKER_LINK]: 'virtual', [CABLE_LINK]: 'virtual' },
    ],
    [
      'IPv6 of containers is used where there is nothing else but loopback',
      [LO, DOCKER, DOCKER_LINK],
      [DOCKER, DOCKER_LINK],
      { [LO]: 'loopback' },
    ],
    [
      'IPv6 of a container is used in it',
      ['veth1 10.0.0.5/24', 'veth1 fe80::5%veth1/64'],
      ['veth1 10.0.0.5/24', 'veth1 fe80::5%veth1/64'],
      {},
    ],
    [
      'all ordinary IPv4 addresses are used, in the host\u2019s order',
      [LO, LO6, WLAN, ETH, ETH_ALIAS, ETH6],
      [WLAN, ETH, ETH_ALIAS],
      { [LO]: 'loopback', [LO6]: 'ipv6', [ETH6]: 'ipv6' },
    ],
    [
      'whatever is worse than ordinary is skipped',
      [LO, AUTO, TUNNEL, PAIR, ETH],
      [ETH],
      {
        [LO]: 'loopback',
        [AUTO]: 'link-local',
        [TUNNEL]: 'no-broadcast',
        [PAIR]: 'no-broadcast',
      },
    ],
    [
      'bridges to containers and virtual machines are skipped',
      [LO, DOCKER, VIRTUAL_BRIDGE, ETH],
      [ETH],
      { [LO]: 'loopback', [DOCKER]: 'virtual', [VIRTUAL_BRIDGE]: 'virtual' },
    ],
    [
      'bridges to containers come before self-assigned addresses',
      [LO, AUTO, DOCKER],
      [DOCKER],
      { [LO]: 'loopback', [AUTO]: 'link-local' },
    ],
    [
      'link-local addresses come before those without a broadcast address',
      [LO, AUTO, TUNNEL],
      [AUTO],
      { [LO]: 'loopback', [TUNNEL]: 'no-broadcast' },
    ],
    [
      'those without a broadcast address come before loopback',
      [LO, TUNNEL, PAIR],
      [TUNNEL, PAIR],
      { [LO]: 'loopback' },
    ],
    ['loopback is used when there is nothing else', [LO, LO6], [LO], { [LO6]: 'ipv6' }],
    ['loopback is used beside IPv6 that is not link-local', [LO, ETH6], [LO], { [ETH6]: 'ipv6' }],
    ['nothing is used of such IPv6 alone', [LO6, ETH6], [], { [LO6]: 'ipv6', [ETH6]: 'ipv6' }],
    ['nothing is used of nothing', [], [], {}],
  ])('%s', (_title, all, used, skipped) => {
    expect(select(all)).toEqual({ used, skipped, unmatched: [] })
  })
})

describe('with a wish', () => {
  const all = [LO, LO6, ETH, ETH_ALIAS, ETH6, ETH_LINK, WLAN, WLAN_LINK, AUTO, TUNNEL]

  test.each<[string, string[], string[], string[]]>([
    [
      'a name chooses the IPv4 addresses of that interface and its link-local one of IPv6',
      ['eth0'],
      [ETH, ETH_ALIAS, ETH_LINK],
      [],
    ],
    ['an address of IPv6 chooses just it', ['fd00::5'], [ETH6], []],
    ['however it is spelled', ['FD00:0::0005', 'FE80::0005%eth0'], [ETH6, ETH_LINK], []],
    ['without its zone it is chosen on every link', ['fe80::5'], [ETH_LINK, WLAN_LINK], []],
    ['with its zone on one', ['fe80::5%wlan0'], [WLAN_LINK], []],
    ['a subnet chooses on every link', ['fe80::/10'], [ETH_LINK, WLAN_LINK], []],
    ['a subnet with a zone on one', ['fe80::%eth0/64'], [ETH_LINK], []],
    [
      'a subnet of IPv6 chooses what is not used by default',
      ['fd00::/8', '::1/128'],
      [LO6, ETH6],
      [],
    ],
    ['loopback of IPv6 is used when asked for by address', ['::1'], [LO6], []],
    ['an address chooses just it', ['10.0.1.5'], [ETH_ALIAS], []],
    ['a subnet chooses the addresses in it', ['10.0.0.0/8'], [ETH, ETH_ALIAS, TUNNEL], []],
    ['a subnet may be named by any address in it', ['192.168.7.99/24'], [WLAN], []],
    ['a subnet of all chooses all', ['0.0.0.0/0'], [LO, ETH, ETH_ALIAS, WLAN, AUTO, TUNNEL], []],
    ['loopback is used when asked for by name', ['lo'], [LO], []],
    ['loopback is used when asked for by address', ['127.0.0.1'], [LO], []],
    ['link-local is used when asked for', ['eth1'], [AUTO], []],
    [
      'several wishes add up, in the host\u2019s order',
      ['tun0', 'eth0'],
      [ETH, ETH_ALIAS, ETH_LINK, TUNNEL],
      [],
    ],
    ['two wishes for one address are one', ['10.0.0.5', '10.0.0.0/24'], [ETH], []],
    [
      'what chooses nothing is named',
      ['eth9', 'wlan0', '10.99.0.1'],
      [WLAN, WLAN_LINK],
      ['eth9', '10.99.0.1'],
    ],
    [
      'nonsense is named',
      ['10.0.0.0/33', '10.0.0/8', '', 'fe80::/129', 'fe80::5%'],
      [],
      ['10.0.0.0/33', '10.0.0/8', '', 'fe80::/129', 'fe80::5%'],
    ],
    ['no wishes choose nothing', [], [], []],
  ])('%s', (_title, wanted, used, unmatched) => {
    const selection = select(all, wanted)
    expect(selection.used).toEqual(used)
    expect(selection.unmatched).toEqual(unmatched)
  })

  test('a tunnel is used when asked for by name, and so is what leads to containers', () => {
    const { used } = select([ETH, TUNNEL_LINK, DOCKER_LINK], ['utun0', 'docker0'])
    expect(used).toEqual([TUNNEL_LINK, DOCKER_LINK])
  })

  test('the reason for skipping is that it was not asked for, or that there is a link-local one', () => {
    expect(select([LO, ETH, ETH6, WLAN], ['eth0']).skipped).toEqual({
      [LO]: 'unwanted',
      [ETH6]: 'ipv6',
      [WLAN]: 'unwanted',
    })
  })
})

test('without IPv6 it is as if there were none', () => {
  for (const wanted of [undefined, ['eth0', 'fe80::5']]) {
    const { used, all } = selectInterfaces([ETH, ETH_LINK].map(given), wanted, false)
    expect(used).toEqual([given(ETH)])
    expect(all.map(({ skipped }) => skipped)).toEqual([undefined, 'switched-off'])
  }
})

test('every reason has a sentence', () => {
  for (const sentence of Object.values(SKIP_REASONS)) expect(sentence).toMatch(/^[A-Z].*\.$/)
})

describe('an IPv4 address', () => {
  test.each([
    ['0.0.0.0', 0],
    ['10.0.0.5', 0x0a000005],
    ['127.0.0.1', 0x7f000001],
    ['255.255.255.255', 0xffffffff],
  ])('%s is the number %i, both ways', (text, value) => {
    expect(parseIpv4(text)).toBe(value)
    expect(formatIpv4(value)).toBe(text)
  })

  test.each([
    '',
    '10',
    '10.0.0',
    '10.0.0.0.1',
    '256.0.0.1',
    '10.0.0.05',
    '1e1.0.0.1',
    ' 10.0.0.1',
    '10.0.0.1 ',
    '10.0.0.-1',
    '::1',
    'localhost',
    '10.0.0.1\n',
  ])('%j is none', (text) => {
    expect(parseIpv4(text)).toBeUndefined()
  })
})

describe('a broadcast address', () => {
  test.each([
    ['10.77.0.5', 24, '10.77.0.255'],
    ['10.77.0.5', 16, '10.77.255.255'],
    ['192.168.7.20', 20, '192.168.15.255'],
    ['127.0.0.1', 8, '127.255.255.255'],
    ['10.0.0.5', 30, '10.0.0.7'],
    ['10.0.0.5', 0, '255.255.255.255'],
    ['10.0.0.5', 31, undefined],
    ['10.0.0.5', 32, undefined],
    ['10.0.0.5', 33, undefined],
    ['10.0.0.5', -1, undefined],
    ['10.0.0.5', 8.5, undefined],
    ['fd00::5', 16, undefined],
  ])('of %s/%d is %s', (address, prefixLength, expected) => {
    expect(broadcastAddress(address, prefixLength)).toBe(expected)
  })
})

describe('an address in a subnet', () => {
  test.each([
    ['10.0.0.9', '10.0.0.5/24', true],
    ['10.0.1.9', '10.0.0.5/24', false],
    ['10.0.1.9', '10.0.0.5/16', true],
    ['192.168.0.1', '10.0.0.5/0', true],
    ['10.0.0.5', '10.0.0.5/32', true],
    ['10.0.0.4', '10.0.0.5/32', false],
    ['10.0.0.4', '10.0.0.5/31', true],
    ['200.1.2.3', '200.1.2.200/25', false],
    ['fd00::6', '10.0.0.5/0', false],
    ['10.0.0.5', 'fd00::6/0', false],
    ['fd00::6', 'fd00::5/64', true],
    ['fd00:0:0:1::6', 'fd00::5/64', false],
    ['fd00:0:0:1::6', 'fd00::5/63', true],
    ['fd00::6', 'fd00::5/128', false],
    ['fd00::6', 'fd00::5/129', false],
    ['fe80::6%eth0', 'fe80::5%eth0/64', true],
    ['fe80::6%eth1', 'fe80::5%eth0/64', false],
    ['fe80::6', 'fe80::5%eth0/64', false],
    ['localhost', 'fe80::5/0', false],
    ['10.0.0.5', '10.0.0.5/33', false],
  ])('%s in %s: %s', (address, subnet, expected) => {
    const [own, prefixLength] = subnet.split('/')
    expect(inSubnet(address, { address: own!, prefixLength: Number(prefixLength) })).toBe(expected)
  })
})

describe('a name', () => {
  test.each([
    ...['docker0', 'br-0123456789ab', 'podman1', 'cni0', 'lxdbr0', 'virbr0', 'vboxnet0', 'vmnet8'],
    ...['VMware Network Adapter VMnet8', 'VirtualBox Host-Only Network', 'bridge100'],
    ...['vEthernet (WSL)', 'vEthernet (Default Switch)', 'flannel.1'],
  ])('%s leads to containers or virtual machines of this host', (name) => {
    const entry = { ...given(ETH), name }
    expect(selectInterfaces([entry, given(WLAN)], undefined).used).toEqual([given(WLAN)])
    expect(selectInterfaces([entry], undefined).used).toEqual([entry])
    expect(selectInterfaces([entry, given(WLAN)], [name]).used).toEqual([entry])
  })

  test.each([
    'eth0',
    'enp3s0',
    'wlan0',
    'br0',
    'bridge0',
    'bond0',
    'veth1',
    'en0',
    'Ethernet 2',
    'vEthernet (External)',
  ])('%s may be the real one', (name) => {
    const entry = { ...given(ETH), name }
    expect(selectInterfaces([entry, given(WLAN)], undefined).used).toHaveLength(2)
  })
})

describe('a function', () => {
  test('is asked of each interface', () => {
    const wish = ({ name }: NetworkInterface): boolean => name.startsWith('w') || name === 'lo'
    expect(select([LO, LO6, ETH, WLAN], wish)).toEqual({
      used: [LO, LO6, WLAN],
      skipped: { [ETH]: 'unwanted' },
      unmatched: [],
    })
  })
})
