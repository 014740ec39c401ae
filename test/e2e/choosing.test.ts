/** Hosts with several interfaces: nothing leaves where it should not. Packets are counted by the kernel. */
import { expect, it } from 'vitest'
import { allMeet, allTalk, poll, type RemoteNode } from './agent.ts'
import { describeHosts, newNetwork } from './network.ts'

const QUICK = { beaconIntervalMs: 100 }

/** Lets a node send this many beacons. */
async function beacons(node: RemoteNode, count: number): Promise<void> {
  await poll(
    () => node.metrics(),
    ({ mesh }) => mesh.beaconsSent >= count,
  )
}

describeHosts('a node with chosen interfaces', () => {
  it('sends not one packet on another', async () => {
    const network = newNetwork()
    const host = network.addHost({ eth0: '10.77.0.1/24', eth1: '10.78.0.1/24' })
    const other = network.addHost({ eth0: '10.77.0.2/24', eth1: '10.78.0.2/24' })
    const options = { interfaces: ['eth1'], groups: ['chat'], timers: QUICK }
    const [a, b] = await Promise.all([host.start('a', options), other.start('b', options)])
    await allMeet([a, b])
    await allTalk([a, b])
    await beacons(a, 10)
    await Promise.all([a.stop(), b.stop()])
    expect(host.packetsSent('eth1')).toBeGreaterThan(20)
    expect(host.packetsSent('eth0')).toBe(0)
    expect(other.packetsSent('eth0')).toBe(0)
  })

  it('does not meet one that is only on another, though it sees its beacons', async () => {
    const network = newNetwork()
    const host = network.addHost({ eth0: '10.77.0.1/24', eth1: '10.78.0.1/24' })
    const on0 = await network.addHost({ eth0: '10.77.0.2/24' }).start('on0', { timers: QUICK })
    const on1 = await network.addHost({ eth1: '10.78.0.3/24' }).start('on1', { timers: QUICK })
    const a = await host.start('a', { interfaces: ['eth1'], timers: QUICK })
    await allMeet([a, on1])
    await beacons(on0, 20)
    await beacons(a, 20)
    expect(a.all('enter')).toHaveLength(1)
    expect(on0.all('enter')).toHaveLength(0)
    expect(host.packetsSent('eth0')).toBe(0)
  })

  it('on the loopback interface sends nothing on any other', async () => {
    const network = newNetwork()
    const host = network.addHost({ eth0: '10.77.0.1/24', eth1: '10.78.0.1/24' })
    network.addHost({ eth0: '10.77.0.2/24', eth1: '10.78.0.2/24' })
    const options = { interfaces: '127.0.0.1', timers: QUICK }
    const [a, b] = await Promise.all([host.start('a', options), host.start('b', options)])
    await allMeet([a, b])
    await allTalk([a, b])
    await beacons(a, 10)
    await Promise.all([a.stop(), b.stop()])
    expect(host.packetsSent('lo')).toBeGreaterThan(20)
    expect(host.packetsSent('eth0')).toBe(0)
    expect(host.packetsSent('eth1')).toBe(0)
  })
})

describeHosts('a node with two interfaces by default', () => {
  it('meets hosts on both, and a host that is on both only once', async () => {
    const network = newNetwork()
    const ports = (number: number) => ({
      eth0: `10.77.0.${number}/24`,
      eth1: `10.78.0.${number}/24`,
    })
    const [both, twin, on0, on1] = await Promise.all([
      network.addHost(ports(1)).start('both', { timers: QUICK }),
      network.addHost(ports(2)).start('twin', { timers: QUICK }),
      network.addHost({ eth0: '10.77.0.3/24' }).start('on0', { timers: QUICK }),
      network.addHost({ eth1: '10.78.0.4/24' }).start('on1', { timers: QUICK }),
    ])
    await allMeet([both, twin, on0])
    await allMeet([both, twin, on1])
    await allTalk([both, twin, on0])
    await allTalk([both, twin, on1])
    await beacons(both, 60)
    expect(both.all('enter')).toHaveLength(3)
    expect(both.all('exit')).toHaveLength(0)
    expect(on0.all('enter')).toHaveLength(2)
  })
})
