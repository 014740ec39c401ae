/** Hosts whose network changes while their nodes run. */
import { expect, it } from 'vitest'
import { allMeet, allTalk, linkedAnew, moment, poll, type RemoteNode } from './agent.ts'
import { describeHosts, newNetwork } from './network.ts'

const FAST = { beaconIntervalMs: 200, evasiveMs: 600, silentMs: 1_200, expiredMs: 2_500 }

/** Lets a node send more beacons on each of its interfaces. */
async function beaconsSent(node: RemoteNode, more: number): Promise<void> {
  const before = (await node.metrics()).mesh.beaconsSent
  const interfaces = 2
  await poll(
    () => node.metrics(),
    ({ mesh }) => mesh.beaconsSent >= before + more * interfaces,
  )
}

describeHosts('an interface that goes down and comes up on a running host', () => {
  it.each([{}, { interfaces: 'eth0' }, { interfaces: '10.77.0.0/24' }])(
    'does no harm beyond a warning, and the node is met again (%o)',
    async (options) => {
      const network = newNetwork()
      const host = network.addHost()
      const [a, b] = await Promise.all([
        host.start('a', { timers: FAST, ...options }),
        network.addHost().start('b', { timers: FAST }),
      ])
      await allMeet([a, b])
      const downAt = moment()
      host.linkDown()
      await Promise.all([a.loses(b), b.loses(a)])
      await a.tells('warning', ({ code }) => code === 'interface-changed', downAt)
      const upAt = moment()
      const sentBefore = (await a.metrics()).mesh.beaconsSent
      host.linkUp()
      await a.tells('warning', ({ code }) => code === 'interface-changed', upAt)
      await allMeet([a, b], upAt)
      await allTalk([a, b])
      expect((await a.metrics()).mesh.beaconsSent).toBeGreaterThan(sentBefore)
    },
  )
})

describeHosts('an address that changes on a running host', () => {
  it.each([{}, { interfaces: 'eth0' }])(
    'is found by the peers, and messages flow there (%o)',
    async (options) => {
      const network = newNetwork()
      const host = network.addHost()
      const [a, b, c] = await Promise.all([
        host.start('a', options),
        network.addHost().start('b'),
        network.addHost().start('c'),
      ])
      await allMeet([a, b, c])
      await allTalk([a, b, c])
      host.changeAddress('10.77.0.99/24')
      for (const other of [b, c]) {
        await Promise.all([linkedAnew(a, other), linkedAnew(other, a)])
        const known = (await other.peers()).find(({ id }) => id === a.id)
        expect(known?.endpoint).toMatch(/^tcp:\/\/10\.77\.0\.99:/)
      }
      await allTalk([a, b, c])
    },
  )
})

describeHosts('a cable that is pulled between hosts that have two', () => {
  it('sends them to the other one, and put back it disturbs nobody', async ({ annotate }) => {
    const network = newNetwork()
    const host = network.addHost({ eth0: '10.77.0.1/24', eth1: '10.78.0.1/24' })
    const other = network.addHost({ eth0: '10.77.0.2/24', eth1: '10.78.0.2/24' })
    const [a, b] = await Promise.all([host.start('a'), other.start('b')])
    await allMeet([a, b])
    const inUse = (await a.peers())[0]?.endpoint.startsWith('tcp://10.77.') ? 'eth0' : 'eth1'
    const pulledAt = moment()
    host.unplug(inUse)
    await Promise.all([linkedAnew(a, b), linkedAnew(b, a)])
    await allTalk([a, b])
    await annotate(`they talked over the other one after ${(moment() - pulledAt).toFixed(0)} ms`)
    const putBackAt = moment()
    host.plug(inUse)
    await a.tells('warning', ({ code }) => code === 'interface-changed', putBackAt)
    await beaconsSent(b, 2)
    await allTalk([a, b])
    expect([...a.all('exit', putBackAt), ...b.all('exit', putBackAt)]).toEqual([])
    expect([...a.all('exit'), ...b.all('exit')].map(({ event }) => event.reason)).not.toContain(
      'expired',
    )
  })
})
