/** Hosts that speak IPv6: alone, beside IPv4, and with links that have the same addresses. */
import { expect, it } from 'vitest'
import { allMeet, allTalk, beaconsHeard, linkedAnew, poll } from './agent.ts'
import { describeHosts, newNetwork } from './network.ts'

const QUICK = { beaconIntervalMs: 100 }

describeHosts('hosts without any IPv4', () => {
  it('meet and talk over IPv6, although their addresses are tentative when they start', async () => {
    const network = newNetwork()
    const hosts = [1, 2, 3].map((n) => network.addHost({ eth0: `fe80::${n}/64` }))
    const [a, b, c] = await Promise.all([
      hosts[0]!.start('a'),
      hosts[1]!.start('b', { interfaces: 'eth0' }),
      hosts[2]!.start('c', { interfaces: 'fe80::3' }),
    ])
    await allMeet([a, b, c])
    await allTalk([a, b, c])
    expect((await a.peers()).map(({ endpoint }) => endpoint.replace(/\d+$/, '')).sort()).toEqual([
      'tcp://[fe80::2]:',
      'tcp://[fe80::3]:',
    ])
    for (const node of [a, b, c]) {
      const codes = node.all('warning').map(({ event }) => event.code)
      expect(codes).toEqual([])
    }
  })

  it('that share a process and a host meet each other and those elsewhere', async () => {
    const network = newNetwork()
    const agent = await network.addHost({ eth0: 'fe80::1/64' }).agent()
    const nodes = await Promise.all([
      agent.start('a'),
      agent.start('b'),
      network.addHost({ eth0: 'fe80::2/64' }).start('elsewhere'),
    ])
    await allMeet(nodes)
    await allTalk(nodes)
  })
})

describeHosts('a host with both IPv4 and IPv6', () => {
  it('is met by one that has only the one and by one that has only the other', async () => {
    const network = newNetwork()
    const [both, v4, v6] = await Promise.all([
      network.addHost({ eth0: '10.77.0.1/24 fe80::1/64' }).start('both', { timers: QUICK }),
      network.addHost({ eth0: '10.77.0.2/24' }).start('v4', { timers: QUICK }),
      network.addHost({ eth0: 'fe80::3/64' }).start('v6', { timers: QUICK }),
    ])
    await Promise.all([allMeet([both, v4]), allMeet([both, v6])])
    await Promise.all([allTalk([both, v4]), allTalk([both, v6])])
    await beaconsHeard(both, 30)
    expect(v4.all('enter')).toHaveLength(1)
    expect(v6.all('enter')).toHaveLength(1)
    for (const node of [both, v4, v6]) expect(node.complaints()).toEqual([])
  })

  it('meets another such once, and is left in peace: no doubt, no warning, one exit', async () => {
    const network = newNetwork()
    const [a, b] = await Promise.all([
      network.addHost({ eth0: '10.77.0.1/24 fe80::1/64' }).start('a', { timers: QUICK }),
      network.addHost({ eth0: '10.77.0.2/24 fe80::2/64' }).start('b', { timers: QUICK }),
    ])
    await allMeet([a, b])
    await poll(
      () => a.interfaces(),
      (all) => all.filter(({ skipped }) => skipped === undefined).length === 2,
    )
    await beaconsHeard(a, 80)
    await allTalk([a, b])
    expect((await a.metrics()).peers.map(({ links }) => links)).toEqual([1])
    await b.stop()
    const { event } = await a.loses(b)
    expect(event.reason).toBe('goodbye')
    for (const node of [a, b]) {
      expect(node.all('enter')).toHaveLength(1)
      expect(node.complaints()).toEqual([])
    }
  })

  it('goes on over IPv6 when its IPv4 address is taken away', async () => {
    const network = newNetwork()
    const host = network.addHost({ eth0: '10.77.0.1/24 fe80::1/64' })
    const [a, b] = await Promise.all([
      host.start('a', { timers: QUICK }),
      network.addHost({ eth0: '10.77.0.2/24 fe80::2/64' }).start('b', { timers: QUICK }),
    ])
    await allMeet([a, b])
    host.removeAddress('10.77.0.1/24')
    await Promise.all([linkedAnew(a, b), linkedAnew(b, a)])
    expect((await b.peers())[0]!.endpoint).toMatch(/^tcp:\/\/\[fe80::1\]:/)
    await allTalk([a, b])
    expect([...a.all('exit'), ...b.all('exit')].map(({ event }) => event.reason)).not.toContain(
      'expired',
    )
  })
})

describeHosts('a host with two links', () => {
  it('tells apart two hosts that have the same address and port, one on each', async () => {
    const network = newNetwork()
    const mailboxPort = 50_000
    const host = network.addHost({ eth0: 'fe80::1/64', eth1: 'fe80::1/64' })
    const [both, on0, on1] = await Promise.all([
      host.start('both', { timers: QUICK }),
      network.addHost({ eth0: 'fe80::9/64' }).start('on0', { mailboxPort, timers: QUICK }),
      network.addHost({ eth1: 'fe80::9/64' }).start('on1', { mailboxPort, timers: QUICK }),
    ])
    await Promise.all([allMeet([both, on0]), allMeet([both, on1])])
    await Promise.all([allTalk([both, on0]), allTalk([both, on1])])
    await beaconsHeard(both, 30)
    expect(both.all('enter')).toHaveLength(2)
    for (const node of [both, on0, on1]) {
      expect(node.all('exit')).toEqual([])
      expect(node.complaints()).toEqual([])
    }
  })

  it('speaks and hears on the chosen one only', async () => {
    const network = newNetwork()
    const ports = (n: number) => ({ eth0: `fe80::${n}/64`, eth1: `fe80::${n}/64` })
    const [a, b, on0] = await Promise.all([
      network.addHost(ports(1)).start('a', { interfaces: 'fe80::1%eth1', timers: QUICK }),
      network.addHost(ports(2)).start('b', { interfaces: 'eth1', timers: QUICK }),
      network.addHost({ eth0: 'fe80::3/64' }).start('on0', { timers: QUICK }),
    ])
    await allMeet([a, b])
    await allTalk([a, b])
    await beaconsHeard(a, 30)
    await poll(
      () => on0.metrics(),
      ({ mesh }) => mesh.beaconsSent >= 30,
    )
    const { mesh } = await on0.metrics()
    expect(mesh.beaconsReceived).toBe(mesh.ownBeaconsHeard)
    expect([...a.all('enter'), ...b.all('enter'), ...on0.all('enter')]).toHaveLength(2)
  })
})
