/** Networks that drop broadcasts, or multicasts as well: the ways of discovery that remain, in whole nodes. */
import { expect, it } from 'vitest'
import { allMeet, allTalk, moment, outlast, poll, type RemoteNode } from './agent.ts'
import { describeFilters, type Host, newNetwork } from './network.ts'

const FAST = { beaconIntervalMs: 200, evasiveMs: 1_000, silentMs: 2_000, expiredMs: 4_000 }
const MAILBOX = 50_000
const HUB = 5_671

const BEACONS = 'udp dport 5670'
const BEACONS_AND_MDNS = 'udp dport { 5670, 5353 }'

/** Rules of nftables that drop such packets. */
function drop(packets: string, family: 'bridge' | 'inet', hook: 'forward' | 'input'): string {
  const chain = `type filter hook ${hook} priority 0\n${packets} drop`
  return `table ${family} guard {\nchain guarding {\n${chain}\n}\n}\n`
}

/** A network whose switch drops such packets. */
function networkWithout(packets: string): ReturnType<typeof newNetwork> {
  const network = newNetwork()
  network.filter(drop(packets, 'bridge', 'forward'))
  return network
}

/** How a node has found another, so far. */
async function foundBy(node: RemoteNode, other: RemoteNode): Promise<readonly string[]> {
  return (await node.knows(other))?.foundBy ?? []
}

/** Longer than a peer of whom nothing is heard would stay. */
function outlastExpiry(node: RemoteNode): Promise<void> {
  return outlast(node, FAST.expiredMs, FAST.beaconIntervalMs)
}

/** All met once, over one link, never parted, and had nothing to complain of. */
async function expectCalm(nodes: readonly RemoteNode[]): Promise<void> {
  for (const node of nodes) {
    expect(node.all('enter')).toHaveLength(nodes.length - 1)
    expect(node.all('exit')).toEqual([])
    expect(node.complaints()).toEqual([])
    const { peers } = await node.metrics()
    expect(peers.map(({ links }) => links)).toEqual(peers.map(() => 1))
  }
}

/** Lets a node announce itself for a while. */
async function announces(node: RemoteNode): Promise<void> {
  await outlast(node, 1_000, FAST.beaconIntervalMs)
  await poll(
    () => node.discovery(),
    ({ mdns }) => (mdns?.packetsSent ?? 0) >= 5,
  )
}

describeFilters('where beacons are dropped and mDNS passes', () => {
  it.each([
    ['IPv4', (n: number) => `10.77.0.${n}/24`],
    ['IPv6', (n: number) => `fe80::${n}/64`],
  ])('nodes meet by mDNS, and stay (%s)', async (_family, address) => {
    const network = networkWithout(BEACONS)
    const [a, b] = await Promise.all([
      network.addHost({ eth0: address(1) }).start('a', { timers: FAST }),
      network.addHost({ eth0: address(2) }).start('b', { timers: FAST }),
    ])
    await allMeet([a, b])
    await allTalk([a, b])
    await outlastExpiry(a)
    for (const ways of [await foundBy(a, b), await foundBy(b, a)]) {
      expect(ways).toContain('mdns')
      expect(ways).not.toContain('beacon')
    }
    await expectCalm([a, b])
  })
})

describeFilters('where beacons and mDNS are dropped', () => {
  it('nobody is found without help, and whoever is a seed is: by its address and by its name', async () => {
    const network = networkWithout(BEACONS_AND_MDNS)
    const [seed, alone] = await Promise.all([
      network.addHost().start('seed', { mailboxPort: MAILBOX, timers: FAST }),
      network.addHost().start('alone', { timers: FAST }),
    ])
    await Promise.all([announces(seed), announces(alone)])
    expect([...seed.all('enter'), ...alone.all('enter')]).toEqual([])
    const host = network.addHost()
    host.setHosts({ 'seed.example': '10.77.0.1' })
    const [byAddress, byName] = await Promise.all([
      network.addHost().start('byAddress', { peers: `tcp://10.77.0.1:${MAILBOX}`, timers: FAST }),
      host.start('byName', { peers: `tcp://seed.example:${MAILBOX}`, timers: FAST }),
    ])
    for (const each of [byAddress, byName]) {
      await allMeet([seed, each])
      await allTalk([seed, each])
    }
    await outlastExpiry(seed)
    for (const each of [byAddress, byName]) {
      expect(await foundBy(each, seed)).toEqual(['seed'])
      expect(await foundBy(seed, each)).toEqual(['link'])
      expect(each.all('enter')).toHaveLength(1)
    }
    for (const each of [seed, alone, byAddress, byName]) {
      expect(each.all('exit')).toEqual([])
      expect(each.complaints()).toEqual([])
    }
    expect(alone.all('enter')).toEqual([])
  })

  it('nodes that start at the same moment share a list of seeds that names each of them', async () => {
    const network = networkWithout(BEACONS_AND_MDNS)
    const hosts = [network.addHost(), network.addHost(), network.addHost()]
    for (const host of hosts) host.setHosts({ 'third.example': '10.77.0.3' })
    const places = ['10.77.0.1', '10.77.0.2', 'third.example']
    const options = {
      peers: places.map((place) => `tcp://${place}:${MAILBOX}`),
      mailboxPort: MAILBOX,
      timers: FAST,
    }
    const agents = await Promise.all(hosts.map((host) => host.agent()))
    const nodes = await Promise.all(agents.map((agent, i) => agent.start(`${i}`, options)))
    await allMeet(nodes)
    await allTalk(nodes)
    await outlastExpiry(nodes[0]!)
    await expectCalm(nodes)
  })

  it('a seed that starts late is found all the same', async ({ annotate }) => {
    const network = networkWithout(BEACONS_AND_MDNS)
    const agent = await network.addHost().agent()
    const peers = `tcp://10.77.0.1:${MAILBOX}`
    const early = await network.addHost().start('early', { peers, timers: FAST })
    await poll(
      () => early.metrics(),
      ({ mesh }) => mesh.dialsFailed > 0,
    )
    const startedAt = moment()
    const late = await agent.start('late', { mailboxPort: MAILBOX, timers: FAST })
    const metAt = await allMeet([early, late])
    await annotate(`met ${(metAt - startedAt).toFixed(0)} ms after its start`)
    await allTalk([early, late])
  })

  it('a hub of gossip brings nodes together, and they stay when it dies', async () => {
    const network = networkWithout(BEACONS_AND_MDNS)
    const hub = await network
      .addHost()
      .start('hub', { gossip: { bind: `tcp://*:${HUB}` }, timers: FAST })
    const options = { gossip: { connect: `tcp://10.77.0.1:${HUB}` }, timers: FAST }
    const [a, b] = await Promise.all([
      network.addHost().start('a', options),
      network.addHost().start('b', options),
    ])
    await allMeet([hub, a, b])
    await allTalk([hub, a, b])
    expect([...(await foundBy(a, b)), ...(await foundBy(b, a))]).toContain('gossip')
    await outlastExpiry(a)
    await expectCalm([hub, a, b])
    const killedAt = hub.agent.kill()
    await Promise.all([a.loses(hub), b.loses(hub)])
    await outlastExpiry(a)
    await allTalk([a, b])
    for (const node of [a, b]) expect(node.all('exit', killedAt)).toHaveLength(1)
  })
})

describeFilters('a peer that is found by beacon, mDNS, gossip and seed', () => {
  it('is one peer, over one link', async () => {
    const network = newNetwork()
    const [a, b] = await Promise.all([
      network.addHost().start('a', {
        mailboxPort: MAILBOX,
        gossip: { bind: `tcp://*:${HUB}` },
        timers: FAST,
      }),
      network.addHost().start('b', {
        peers: `tcp://10.77.0.1:${MAILBOX}`,
        gossip: { connect: `tcp://10.77.0.1:${HUB}` },
        timers: FAST,
      }),
    ])
    await allMeet([a, b])
    await poll(
      () => foundBy(b, a),
      (ways) => ['beacon', 'mdns', 'gossip', 'seed'].every((way) => ways.includes(way)),
    )
    await allTalk([a, b])
    await outlastExpiry(a)
    await expectCalm([a, b])
  })
})

describeFilters('nodes that have met', () => {
  it('stay together when beacons and mDNS are dropped from then on', async () => {
    const network = newNetwork()
    const nodes = await Promise.all(
      ['a', 'b', 'c'].map((name) => network.addHost().start(name, { timers: FAST })),
    )
    await allMeet(nodes)
    network.filter(drop(BEACONS_AND_MDNS, 'bridge', 'forward'))
    await outlastExpiry(nodes[0]!)
    await allTalk(nodes)
    await expectCalm(nodes)
    for (const node of nodes) {
      expect(node.all('evasive').length).toBeLessThanOrEqual(2) // of each peer when its beacons stopped
      expect(node.all('silent')).toEqual([])
    }
  })
})

describeFilters('a host whose own firewall lets no beacon and no mDNS in', () => {
  it('is met by those who hear it, and stays', async () => {
    const network = newNetwork()
    const host: Host = network.addHost()
    host.filter(drop(BEACONS_AND_MDNS, 'inet', 'input'))
    const [deaf, other] = await Promise.all([
      host.start('deaf', { timers: FAST }),
      network.addHost().start('other', { timers: FAST }),
    ])
    await allMeet([deaf, other])
    await allTalk([deaf, other])
    await outlastExpiry(other)
    expect(await foundBy(deaf, other)).toEqual(['link'])
    await expectCalm([deaf, other])
  })
})
