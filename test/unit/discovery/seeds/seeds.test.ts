/** Static seeds, on the network in memory: virtual time, and names from a table. */
import { afterEach, describe, expect, it } from 'vitest'
import { type Seeds, startSeeds } from '../../../../src/discovery/seeds/seeds.ts'
import { FakeHost, mailboxAt } from '../../../support/discovery-host.ts'
import { World } from '../../../support/memory-platform.ts'

let world = new World()
let open: Seeds[] = []

afterEach(() => {
  for (const seeds of open) seeds.close()
  for (const each of world.hosts) expect(each.uncaught).toEqual([])
  world = new World()
  open = []
})

function newHost(): FakeHost {
  const host = world.host()
  return new FakeHost(host, world.hosts.length, [mailboxAt(host.address)])
}

function start(host: FakeHost, ...peers: string[]): Seeds {
  const seeds = startSeeds(host, peers)
  open.push(seeds)
  return seeds
}

describe('seeds', () => {
  it('are proposed at once, and again about every 5 s', async () => {
    const host = newHost()
    start(host, 'tcp://10.0.0.9:49152', 'tcp://[fd00::7]:49153')
    await world.run(20_500)
    const times = host.proposals.filter(({ endpoints }) => endpoints[0]!.port === 49_152)
    expect(host.proposedSince(0)).toEqual(['10.0.0.9:49152', 'fd00::7:49153'])
    expect(host.proposals.every(({ way, id }) => way === 'seed' && id === undefined)).toBe(true)
    expect(times[0]!.at).toBe(0)
    expect(times.length).toBeGreaterThanOrEqual(5)
    expect(times.length).toBeLessThanOrEqual(6)
  })

  it('propose each address that a name has, IPv4 and IPv6, one by one', async () => {
    world.names.set('peers.example', ['10.0.0.7', 'fd00::7'])
    const host = newHost()
    const seeds = start(host, 'tcp://peers.example:49152')
    await world.run(10)
    expect(host.proposals.map(({ endpoints }) => endpoints)).toEqual([
      [{ address: '10.0.0.7', port: 49_152 }],
      [{ address: 'fd00::7', port: 49_152 }],
    ])
    expect(seeds.metrics()).toEqual({
      seeds: 1,
      unresolved: 0,
      addresses: 2,
      lookups: 1,
      failures: 0,
    })
  })

  it('resolve names again after 30 s, and forget addresses that are no longer named', async () => {
    world.names.set('peers.example', ['10.0.0.7'])
    const host = newHost()
    start(host, 'tcp://peers.example:49152')
    await world.run(10_000)
    world.names.set('peers.example', ['10.0.0.8'])
    await world.run(21_000)
    const moved = world.now
    await world.run(10_000)
    expect(host.proposedSince(moved)).toEqual(['10.0.0.8:49152'])
  })

  it('ask less and less often for a name that has no address, and say so', async () => {
    const host = newHost()
    const seeds = start(host, 'tcp://nowhere.example:49152')
    await world.run(600_000)
    const { lookups, failures, unresolved } = seeds.metrics()
    expect(host.proposals).toEqual([])
    expect(lookups).toBe(failures)
    expect(lookups).toBeGreaterThan(10)
    expect(lookups).toBeLessThan(30)
    expect(unresolved).toBe(1)
    expect(host.warnings[0]).toEqual({
      code: 'seed-unresolved',
      reason: 'tcp://nowhere.example:49152: no address for nowhere.example',
    })
  })

  it('keep what a name led to while it cannot be resolved', async () => {
    world.names.set('peers.example', ['10.0.0.7'])
    const host = newHost()
    start(host, 'tcp://peers.example:49152')
    await world.run(1_000)
    world.names.delete('peers.example')
    await world.run(120_000)
    const later = world.now
    await world.run(6_000)
    expect(host.proposedSince(later)).toEqual(['10.0.0.7:49152'])
  })

  it('are resolved anew as soon as the network changes', async () => {
    const host = newHost()
    const seeds = start(host, 'tcp://peers.example:49152')
    await world.run(300_000)
    world.names.set('peers.example', ['10.0.0.7'])
    const { lookups } = seeds.metrics()
    host.move(mailboxAt('10.0.0.1', 50_001))
    await world.run(1)
    expect(seeds.metrics()).toMatchObject({ lookups: lookups + 1, unresolved: 0 })
    expect(host.proposedSince(300_000)).toEqual(['10.0.0.7:49152'])
  })

  it('are left alone while the node sleeps', async () => {
    world.names.set('peers.example', ['10.0.0.7'])
    const host = newHost()
    const seeds = start(host, 'tcp://peers.example:49152')
    await world.run(1_000)
    host.move()
    const { lookups } = seeds.metrics()
    const asleep = host.proposals.length
    await world.run(120_000)
    expect(seeds.metrics().lookups).toBe(lookups)
    expect(host.proposals).toHaveLength(asleep)
    host.move(mailboxAt('10.0.0.1'))
    await world.run(10)
    expect(host.proposals.length).toBeGreaterThan(asleep)
  })

  it('that lead to ourselves are passed over quietly', async () => {
    world.names.set('all.example', ['10.0.0.1', '10.0.0.2'])
    const host = newHost()
    start(host, 'tcp://all.example:50000')
    await world.run(12_000)
    expect(host.proposedSince(0)).toEqual(['10.0.0.2:50000'])
    expect(host.warnings).toEqual([])
  })

  it('are over when the node stops', async () => {
    const host = newHost()
    start(host, 'tcp://10.0.0.9:49152')
    await world.run(100)
    host.stop()
    const before = host.proposals.length
    await world.run(60_000)
    host.move(mailboxAt('10.0.0.1'))
    await world.run(60_000)
    expect(host.proposals).toHaveLength(before)
  })

  it.each([
    'peers.example:49152',
    'tcp://peers.example',
    'tcp://peers.example:0',
    'tcp://peers.example:65536',
    'tcp://peers.example:*',
    'tcp://*:49152',
    'tcp://0.0.0.0:49152',
    'tcp://10.0.0:49152',
    'tcp://10.0.0.256:49152',
    'tcp://fd00::7:49152',
    'tcp://-peers.example:49152',
    'tcp://peers..example:49152',
    `tcp://${'a'.repeat(64)}.example:49152`,
    `tcp://${'a.'.repeat(130)}example:49152`,
    'udp://peers.example:49152',
    '',
  ])('cannot be "%s"', (text) => {
    const wanted = { code: 'ERR_EARSHOT_BAD_OPTION', message: expect.stringContaining('peers') }
    expect(() => startSeeds(newHost(), [text])).toThrow(expect.objectContaining(wanted))
  })

  it('that are names are refused on a host that cannot resolve any', () => {
    const host = world.host()
    const platform = Object.create(host, { resolve: { value: undefined } })
    const fake = new FakeHost(platform, 1, [])
    const wanted = { code: 'ERR_EARSHOT_BAD_OPTION' }
    expect(() => startSeeds(fake, 'tcp://peers.example:1')).toThrow(expect.objectContaining(wanted))
    expect(() => startSeeds(fake, 'tcp://10.0.0.9:1').close()).not.toThrow()
  })

  it('keep the zone of a link-local address', async () => {
    const host = newHost()
    start(host, 'tcp://[fe80::7%eth0]:49152')
    await world.run(10)
    expect(host.proposals[0]!.endpoints).toEqual([{ address: 'fe80::7%eth0', port: 49_152 }])
  })
})
