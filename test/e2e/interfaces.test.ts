/** Hosts with two interfaces, each on a bridge of its own, and what happens when one of the bridges is lost. */
import { expect, it } from 'vitest'
import {
  allMeet,
  allTalk,
  beaconsHeard,
  linkedAnew,
  moment,
  poll,
  type RemoteNode,
} from './agent.ts'
import { describeHosts, newNetwork } from './network.ts'

const QUICK = { beaconIntervalMs: 100 }

/** A host on both bridges. */
function twoPorts(number: number): { eth0: string; eth1: string } {
  return { eth0: `10.77.0.${number}/24`, eth1: `10.78.0.${number}/24` }
}

/** The interface of a host on both bridges that carries the link to a peer. */
async function wayTo(node: RemoteNode, peer: RemoteNode): Promise<'eth0' | 'eth1'> {
  const endpoint = (await node.knows(peer))?.endpoint
  return endpoint?.startsWith('tcp://10.77.') ? 'eth0' : 'eth1'
}

describeHosts('a host with interfaces on two bridges', () => {
  it('meets the peers of both at once, and each dials it at the address of its own side', async ({
    annotate,
  }) => {
    const network = newNetwork()
    const [on0, on1, agent] = await Promise.all([
      network.addHost({ eth0: '10.77.0.2/24' }).start('on0'),
      network.addHost({ eth1: '10.78.0.3/24' }).start('on1'),
      network.addHost(twoPorts(1)).agent(),
    ])
    const startedAt = moment()
    const both = await agent.start('both')
    const metAt = Math.max(await allMeet([both, on0]), await allMeet([both, on1]))
    await annotate(`met both after ${(metAt - startedAt).toFixed(0)} ms`)
    expect(metAt - startedAt).toBeLessThan(1_500)
    expect((await on0.knows(both))?.endpoint).toMatch(/^tcp:\/\/10\.77\.0\.1:/)
    expect((await on1.knows(both))?.endpoint).toMatch(/^tcp:\/\/10\.78\.0\.1:/)
    await Promise.all([allTalk([both, on0]), allTalk([both, on1])])
    expect(on0.all('enter')).toHaveLength(1)
    for (const node of [both, on0, on1]) expect(node.complaints()).toEqual([])
  })

  it.each([
    ['IPv4', twoPorts],
    [
      'IPv4 and IPv6',
      (n: number) => ({
        eth0: `10.77.0.${n}/24 fe80::${n}/64`,
        eth1: `10.78.0.${n}/24 fe80::${n}/64`,
      }),
    ],
    ['IPv6 alone', (n: number) => ({ eth0: `fe80::${n}/64`, eth1: `fe80::${n}/64` })],
  ])('is one peer to another such host, over one link that stays (%s)', async (_with, ports) => {
    const network = newNetwork()
    const [a, b] = await Promise.all([
      network.addHost(ports(1)).start('a', { timers: QUICK }),
      network.addHost(ports(2)).start('b', { timers: QUICK }),
    ])
    await allMeet([a, b])
    await beaconsHeard(a, 150)
    await allTalk([a, b])
    for (const node of [a, b]) {
      expect(node.all('enter')).toHaveLength(1)
      expect(node.all('exit')).toEqual([])
      expect((await node.metrics()).peers.map(({ links }) => links)).toEqual([1])
      expect(node.complaints()).toEqual([])
    }
  })

  it('is one peer without a conflict when it is a seed by both of its addresses', async () => {
    const network = newNetwork()
    const places = [1, 2].flatMap((n) => [`10.77.0.${n}`, `10.78.0.${n}`])
    const options = {
      peers: places.map((place) => `tcp://${place}:50000`),
      mailboxPort: 50_000,
      timers: QUICK,
    }
    const [a, b] = await Promise.all([
      network.addHost(twoPorts(1)).start('a', options),
      network.addHost(twoPorts(2)).start('b', options),
    ])
    await allMeet([a, b])
    const asked = (await a.metrics()).mesh.candidatesHeard
    await poll(
      () => a.metrics(),
      ({ mesh }) => mesh.candidatesHeard > asked + 1,
    )
    await allTalk([a, b])
    for (const node of [a, b]) {
      expect(node.all('enter')).toHaveLength(1)
      expect(node.all('exit')).toEqual([])
      expect(node.complaints()).toEqual([])
    }
  })

  it.each(['cutOff', 'unplug', 'linkDown'] as const)(
    'keeps a peer that is on both when one is lost (%s): it is linked over the other, without an exit',
    async (loss) => {
      const network = newNetwork()
      const host = network.addHost(twoPorts(1))
      const [a, b] = await Promise.all([host.start('a'), network.addHost(twoPorts(2)).start('b')])
      await allMeet([a, b])
      await Promise.all([allTalk([a, b]), beaconsHeard(a, 4)])
      const lost = await wayTo(a, b)
      host[loss](lost)
      await Promise.all([
        poll(
          () => wayTo(a, b),
          (way) => way !== lost,
        ),
        poll(
          () => wayTo(b, a),
          (way) => way !== lost,
        ),
        linkedAnew(a, b),
        linkedAnew(b, a),
      ])
      await allTalk([a, b])
      expect([...a.all('exit'), ...b.all('exit')]).toEqual([])
      expect(b.complaints()).toEqual([])
    },
  )
})

describeHosts('a host with a bridge for containers', () => {
  it('sends nothing there, says why, and uses it when it is asked to', async () => {
    const network = newNetwork()
    const host = network.addHost()
    host.addBridge('docker0', '172.17.0.1/16')
    const [a, b] = await Promise.all([
      host.start('a', { timers: QUICK }),
      network.addHost().start('b', { timers: QUICK }),
    ])
    await allMeet([a, b])
    const uses = await poll(
      () => a.interfaces(),
      (all) => all.some(({ name }) => name === 'docker0'), // it takes a moment until it is up
    )
    const ofIpv4 = uses.filter(({ family }) => family === 'IPv4')
    expect(Object.fromEntries(ofIpv4.map(({ name, skipped }) => [name, skipped]))).toEqual({
      lo: 'loopback',
      eth0: undefined,
      docker0: 'virtual',
    })
    await beaconsHeard(b, 20)
    expect(host.packetsSent('docker0')).toBe(0)
    const wanted = await host.start('wanted', { interfaces: 'docker0', timers: QUICK })
    expect((await wanted.interfaces()).find(({ skipped }) => !skipped)?.name).toBe('docker0')
  })
})
