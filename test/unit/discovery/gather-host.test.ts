import { describe, expect, it } from 'vitest'
import {
  gatherHost,
  portHolder,
  readRoute,
  routeTo,
  socketsAt,
} from '../../../src/discovery/doctor/gather-host.ts'
import type { HostTools, Ran } from '../../../src/discovery/doctor/host-tools.ts'

/** A host whose commands and files are these. */
function tools(
  commands: Readonly<Record<string, Ran>>,
  files: Readonly<Record<string, string>> = {},
  os = 'linux',
): HostTools {
  return {
    os,
    run: async (command) => commands[command] ?? { kind: 'missing' },
    read: (path) => files[path],
    exists: (path) => path in files,
    list: (path) =>
      Object.keys(files)
        .filter((each) => each.startsWith(`${path}/`))
        .map((each) => each.slice(path.length + 1).split('/')[0]!),
    follow: (path) => files[path],
  }
}

const done = (output: string): Ran => ({ kind: 'done', output })

describe('the facts of a host', () => {
  it('are its MTUs, its wireless cards and its rules, with what manages them', async () => {
    const facts = await gatherHost(
      tools(
        {
          nft: done('table inet t {\n}\n'),
          'iptables-save': done('*filter\n:INPUT DROP [0:0]\nCOMMIT\n'),
          'firewall-cmd': done('running\n'),
        },
        {
          '/sys/class/net/wlan0/mtu': '1500\n',
          '/sys/class/net/wlan0/wireless': '',
          '/etc/ufw/ufw.conf': '# Set to yes\nENABLED=yes\n',
        },
      ),
      ['wlan0', 'wlan0', 'eth0'],
    )
    expect(facts).toMatchObject({
      mtus: { wlan0: 1_500 },
      wireless: ['wlan0'],
      managers: ['ufw', 'firewalld'],
      isFirewallUnreadable: false,
    })
    expect(facts.rulesets.map(({ tool }) => tool)).toEqual(['nftables', 'iptables'])
  })

  it('say that rules cannot be read, and nothing of a host without any', async () => {
    const forbidden: Ran = { kind: 'failed', output: 'Operation not permitted (you must be root)' }
    expect((await gatherHost(tools({ nft: forbidden }), [])).isFirewallUnreadable).toBe(true)
    expect((await gatherHost(tools({}), [])).isFirewallUnreadable).toBe(false)
  })

  it('ask no command of another system', async () => {
    const facts = await gatherHost(tools({ nft: done('table inet t {\n}\n') }, {}, 'win32'), [])
    expect(facts.rulesets).toEqual([])
  })
})

describe('a route', () => {
  it.each([
    ['10.77.0.7 dev eth0 src 10.77.0.2 uid 0 \\    cache', 'eth0'],
    ['10.9.0.1 via 10.77.0.1 dev wg0 table 51820 src 10.8.0.2 uid 0', 'wg0'],
    ['   route to: 192.168.1.7\n  interface: utun3\n      flags: <UP,HOST>\n', 'utun3'],
    ['RTNETLINK answers: Network is unreachable', undefined],
  ])('%j leaves by %s', (output, expected) => {
    expect(readRoute(output)).toBe(expected)
  })

  it('is not asked for where there is no command for it', async () => {
    expect(await routeTo(tools({}, {}, 'win32'), '10.0.0.1')).toBeUndefined()
    expect(await routeTo(tools({}), '10.0.0.1')).toBeUndefined()
  })
})

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  201: 00000000:1626 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 0
  202: 0100007F:1627 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 0
`

describe('who holds a port', () => {
  it('is told by the table of sockets, and the descriptors of processes', () => {
    expect(socketsAt(TABLE, 5670)).toEqual(['4711'])
    expect(socketsAt(TABLE, 5671)).toEqual(['4712'])
    expect(socketsAt(undefined, 5670)).toEqual([])
    const host = tools(
      {},
      {
        '/proc/net/udp': TABLE,
        '/proc/7/fd/3': 'pipe:[1]',
        '/proc/12/fd/3': 'socket:[4711]',
        '/proc/12/comm': 'zyre-ping\n',
      },
    )
    expect(portHolder(host, 'udp', 5670)).toBe('zyre-ping (pid 12)')
    expect(portHolder(host, 'udp', 5671)).toBeUndefined()
    expect(portHolder(host, 'tcp', 5670)).toBeUndefined()
  })
})
