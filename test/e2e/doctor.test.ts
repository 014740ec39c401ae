/** `earshot doctor` and `earshot scan` on hosts whose networks are broken in known ways: the actual cause is named. */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { allMeet } from './agent.ts'
import { describeHosts, type Host, newNetwork } from './network.ts'

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

interface Finding {
  readonly code: string
  readonly level: string
  readonly sentence: string
  readonly advice: readonly string[]
}

interface Ended<Line> {
  readonly code: number
  readonly lines: readonly Line[]
  readonly complaints: string
}

/** Runs the command on a host to its end. */
async function run<Line>(host: Host, ...args: readonly string[]): Promise<Ended<Line>> {
  const child = host.spawn(process.execPath, [COMMAND, ...args, '--json'])
  let [output, complaints] = ['', '']
  child.stdout!.on('data', (chunk) => {
    output += chunk
  })
  child.stderr!.on('data', (chunk) => {
    complaints += chunk
  })
  const [code] = (await once(child, 'close')) as [number]
  const lines = output.split('\n').filter((line) => line !== '')
  return { code, lines: lines.map((line) => JSON.parse(line) as Line), complaints }
}

/** What doctor finds: the codes of its problems, and a finding by its code. */
async function diagnose(host: Host, ...args: readonly string[]) {
  const { code, lines } = await run<Finding>(host, 'doctor', ...args)
  return {
    code,
    problems: lines.filter(({ level }) => level === 'problem').map((each) => each.code),
    find: (wanted: string) => lines.find((each) => each.code === wanted),
  }
}

/** Rules of nftables in a chain of their own. */
function table(family: 'inet' | 'bridge', hook: string, ...rules: readonly string[]): string {
  const chain = [`type filter hook ${hook} priority 0`, ...rules].join('\n')
  return `table ${family} guard {\nchain guarding {\n${chain}\n}\n}\n`
}

describeHosts('earshot doctor', () => {
  it('finds nothing wrong between two healthy hosts, each of whose mailboxes is reached', async () => {
    const network = newNetwork()
    await network.addHost().start('a')
    const { code, problems, find } = await diagnose(network.addHost())
    expect([code, problems]).toEqual([0, []])
    for (const each of ['beacon-heard', 'peer-found', 'mailbox-reachable']) {
      expect(find(each), each).toBeDefined()
    }
  })

  it('names nobody’s likely causes when nobody is there', async () => {
    const { code, problems, find } = await diagnose(newNetwork().addHost())
    expect([code, problems]).toEqual([1, ['nobody-found']])
    expect(find('nobody-found')?.advice[0]).toContain('No other node runs')
  })

  it('names the chain of nftables that drops beacons, and then that of mDNS', async ({ skip }) => {
    const network = newNetwork()
    await network.addHost().start('a')
    const host = network.addHost()
    if (!host.canFilter) skip('this machine has no nft')
    host.filter(table('inet', 'input', 'udp dport { 5353, 5670 } drop'))
    const { code, problems, find } = await diagnose(host)
    expect(code).toBe(1)
    expect(problems).toContain('beacon-not-heard')
    for (const each of ['beacon-not-heard', 'multicast-not-heard']) {
      expect(find(each)?.sentence).toContain(
        'nftables, table inet guard, chain guarding: udp dport { 5353, 5670 } drop',
      )
    }
    expect(find('beacon-not-heard')?.advice[0]).toContain('udp dport 5670 accept')
  })

  it('finds its own mailbox blocked by its own firewall: mailbox-unreachable, and by which rule', async ({
    skip,
  }) => {
    const network = newNetwork()
    await network.addHost().start('a')
    const host = network.addHost()
    if (!host.canFilter) skip('this machine has no nft')
    host.filter(table('inet', 'input', 'ct state new tcp dport 49152-65535 drop'))
    const { code, problems, find } = await diagnose(host)
    expect(code).toBe(1)
    expect(problems).toEqual(['firewall-links', 'mailbox-unreachable'])
    expect(find('mailbox-unreachable')?.sentence).toContain(
      'chain guarding: ct state new tcp dport',
    )
  })

  it('names both rules where beacons and links are dropped, and mDNS finds the peer', async ({
    skip,
  }) => {
    const network = newNetwork()
    await network.addHost().start('a')
    const host = network.addHost()
    if (!host.canFilter) skip('this machine has no nft')
    const links = 'ct state new tcp dport 49152-65535 drop'
    host.filter(table('inet', 'input', 'udp dport 5670 drop', links))
    const { problems } = await diagnose(host)
    expect(problems).toEqual(['beacon-not-heard', 'firewall-links', 'mailbox-unreachable'])
  })

  it('finds nothing wrong between two hosts of IPv6 alone, but that others will not be met', async () => {
    const network = newNetwork()
    await network.addHost({ eth0: 'fe80::1/64' }).start('a')
    const { code, problems, find } = await diagnose(network.addHost({ eth0: 'fe80::2/64' }))
    expect([code, problems]).toEqual([0, []])
    for (const each of ['interface-ipv6-only', 'beacon-heard', 'peer-found', 'mailbox-reachable']) {
      expect(find(each), each).toBeDefined()
    }
  })

  it('finds a peer’s mailbox blocked on the peer’s side: peer-unreachable', async ({ skip }) => {
    const network = newNetwork()
    const other = network.addHost()
    if (!other.canFilter) skip('this machine has no nft')
    other.filter(table('inet', 'input', 'ct state new tcp dport 49152-65535 drop'))
    const a = await other.start('a')
    const { code, problems, find } = await diagnose(network.addHost())
    expect([code, problems]).toEqual([1, ['peer-unreachable']])
    expect(find('peer-unreachable')?.sentence).toContain('a firewall on its side')
    expect(find('peer-unreachable')?.sentence).toContain(`${other.address()}:`)
    expect(a.all('enter')).toHaveLength(0)
  })

  it('finds that what is sent to a neighbour alone does not arrive: AP isolation', async ({
    skip,
  }) => {
    const network = newNetwork()
    const [host, other] = [network.addHost(), network.addHost()]
    if (!host.canFilter) skip('this machine has no nft')
    await other.start('a')
    network.filter(table('bridge', 'forward', 'meta pkttype other drop'))
    const { code, problems, find } = await diagnose(host)
    expect([code, problems]).toEqual([1, ['ap-isolation']])
    expect(find('ap-isolation')?.sentence).toContain('keeps its clients apart')
  })

  it('finds beacons where the chosen network card is not', async () => {
    const network = newNetwork()
    await network.addHost({ eth0: '10.77.0.1/24' }).start('a')
    const host = network.addHost({ eth0: '10.77.0.2/24', eth1: '10.78.0.2/24' })
    const { code, problems, find } = await diagnose(host, '--interface', 'eth1')
    expect([code, problems]).toEqual([1, ['nobody-found']])
    expect(find('beacons-elsewhere')?.advice).toEqual([
      'Use that interface too: `--interface eth0`.',
    ])
    expect(find('nobody-found')?.advice[0]).toContain('Beacons come on eth0')
  })

  it('says of an address on another bridge that beacons do not get there', async () => {
    const network = newNetwork()
    const other = network.addHost({ eth1: '10.78.0.1/24' })
    await other.start('a')
    const host = network.addHost({ eth0: '10.77.0.2/24' })
    const { code, problems } = await diagnose(host, other.address('eth1'))
    expect(code).toBe(1)
    expect(problems).toContain('peer-other-subnet')
  })

  it('says which program holds the port of the beacons for itself', async () => {
    const host = newNetwork().addHost()
    const script = `require('node:dgram').createSocket('udp4').bind(5670, () => console.log('bound'))`
    const holder = host.spawn(process.execPath, ['-e', script])
    await once(holder.stdout!, 'data')
    const { code, problems, find } = await diagnose(host)
    expect([code, problems]).toEqual([1, ['beacon-port-in-use']])
    expect(find('beacon-port-in-use')?.sentence).toContain(`(pid ${holder.pid})`)
  })

  it('finds a route that takes packets to a neighbour elsewhere, as a VPN does', async () => {
    const network = newNetwork()
    const other = network.addHost()
    await other.start('a')
    const host = network.addHost({ eth0: '10.77.0.2/24', eth1: '10.78.0.2/24' })
    host.route(`${other.address()}/32`, 'eth1')
    const { code, problems, find } = await diagnose(host, '--interface', 'eth0')
    expect(code).toBe(1)
    expect(problems).toContain('vpn-route')
    expect(find('vpn-route')?.sentence).toContain('leave by eth1, though eth0 is in its subnet')
  })
})

describeHosts('earshot scan', () => {
  it('sees nodes and is seen by none: no peer, no warning', async () => {
    const network = newNetwork()
    const [a, b] = await Promise.all([network.addHost().start('a'), network.addHost().start('b')])
    await allMeet([a, b])
    const host = network.addHost()
    const { code, lines } = await run<Record<string, unknown>>(host, 'scan')
    expect(code).toBe(0)
    const seen = lines.map(({ id, implementation, interface: name }) => [id, implementation, name])
    expect(seen.sort()).toEqual([a, b].map(({ id }) => [id, 'earshot', 'eth0']).sort())
    for (const node of [a, b]) {
      const { mesh, warnings, peers } = await node.metrics()
      expect([mesh.visitors, warnings, peers.length]).toEqual([1, {}, 1])
      expect(node.all('enter')).toHaveLength(1)
    }
  })

  it('sees by mDNS, with its name, whose beacons are not heard', async ({ skip }) => {
    const network = newNetwork()
    const node = await network.addHost().start('kitchen')
    const host = network.addHost()
    if (!host.canFilter) skip('this machine has no nft')
    host.filter(table('inet', 'input', 'udp dport 5670 drop'))
    const { code, lines } = await run<Record<string, unknown>>(host, 'scan')
    expect(code).toBe(0)
    const known = { id: node.id, name: 'kitchen', implementation: 'earshot' }
    expect(lines).toMatchObject([{ ...known, heard: { mdns: expect.any(Number) } }])
    expect(node.all('enter')).toHaveLength(0)
  })

  it('of an empty network ends with exit code 3', async () => {
    const host = newNetwork().addHost()
    const { code, lines, complaints } = await run(host, 'scan', '--for', '1')
    expect([code, lines]).toEqual([3, []])
    expect(complaints).toContain('nobody is heard within 1 s')
  })
})
