/** Hosts whose network changes while their nodes run. */
import { expect, it } from 'vitest'
import { allMeet, allTalk, moment, poll, type RemoteNode } from './agent.ts'
import { describeHosts, newNetwork } from './network.ts'

const FAST = { beaconIntervalMs: 200, evasiveMs: 600, silentMs: 1_200, expiredMs: 2_500 }

/** Waits until a node has opened another link to a peer than its first. */
function linkedAnew(node: RemoteNode, to: RemoteNode): Promise<unknown> {
  return poll(
    () => node.metrics(),
    ({ peers }) =>
      peers.some(({ id, link, links }) => id === to.id && link === 'open' && links > 1),
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
