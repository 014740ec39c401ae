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

/** Its resolver answers when the test says so. */
function slowHost() {
  const machine = world.host()
  const asked: ((addresses: readonly string[]) => void)[] = []
  const resolve = () => new Promise<readonly string[]>((answer) => void asked.push(answer))
  const platform = Object.create(machine, { resolve: { value: resolve } })
  return { host: new FakeHost(platform, 1, [mailboxAt(machine.address)]), asked }
}

function start(host: FakeHost, ...peers: string[]): Seeds {
  const seeds = startSeeds(host, peers)
  open.push(seeds)
  return seeds
}

describe('seeds', () => {
  it('are proposed at once, and again about every second', async () => {
    const host = newHost()
    start(host, 'tcp://10.0.0.9:49152', 'tcp://[fd00::7]:49153')
    await world.run(20_500)
    const times = host.proposals.filter(({ endpoints }) => endpoints[0]!.port === 49_152)
    expect(host.proposedSince(0)).toEqual(['10.0.0.9:49152', 'fd00::7:49153'])
    expect(host.proposals.every(({ way, id }) => way === 'seed' && id === undefined)).toBe(true)
    expect(times[0]!.at).toBe(0)
    expect(times.length).toBeGreaterThanOrEqual(21)
    expect(times.length).toBeLessThanOrEqual(23)
  })

  it('propose the IPv4 and the IPv6 address of a name as two ways to somebody, the best first', async () => {
    world.names.set('peer.example', ['fd00::7', '10.0.0.7'])
    const host = newHost()
    const seeds = start(host, 'tcp://peer.example:49152')
    await world.run(10)
    expect(host.proposals.map(({ endpoints }) => endpoints)).toEqual([
      [
        { address: 'fd00::7', port: 49_152 },
        { address: '10.0.0.7', port: 49_152 },
      ],
    ])
    expect(seeds.metrics()).toEqual({
      seeds: 1,
      unresolved: 0,
      addresses: 2,
      leftOut: 0,
      lookups: 1,
      failures: 0,
    })
  })

  it('propose each address of a name that leads to several hosts, one by one', async () => {
    world.names.set('peers.example', ['10.0.0.7', '10.0.0.8', 'fd00::7'])
    const host = newHost()
    start(host, 'tcp://peers.example:49152')
    await world.run(10)
    expect(host.proposals.map(({ endpoints }) => endpoints.map(({ address }) => address))).toEqual([
      ['10.0.0.7'],
      ['10.0.0.8'],
      ['fd00::7'],
    ])
  })

  it('are no more than 256 addresses together: each name has its share, and what is left out is told once', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `peers${i}.example`)
    for (const [i, name] of names.entries()) {
      world.names.set(
        name,
        Array.from({ length: 80 }, (_, n) => `10.1.${i}.${n}`),
      )
    }
    const host = newHost()
    const seeds = start(host, 'tcp://10.0.0.9:1', ...names.map((name) => `tcp://${name}:1`))
    await world.run(100_000)
    expect(seeds.metrics()).toMatchObject({ addresses: 1 + 8 * 31, leftOut: 8 * 49 })
    const later = world.now
    await world.run(5_000)
    expect(host.proposedSince(later)).toHaveLength(1 + 8 * 31)
    expect(host.warnings).toMatchObject([
      { code: 'seed-unresolved', reason: expect.stringContaining('too many') },
    ])
  })

  it('take turns to be the first of a round', async () => {
    const host = newHost()
    start(host, 'tcp://10.0.0.7:1', 'tcp://10.0.0.8:1', 'tcp://10.0.0.9:1')
    await world.run(2_500)
    const all = host.proposals.map(({ endpoints }) => endpoints[0]!.address.at(-1))
    expect(all.join('')).toBe('789897978')
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

  it('ask once at a time for a name, however often the network comes and goes', async () => {
    const { host, asked } = slowHost()
    const seeds = start(host, 'tcp://peers.example:49152')
    await world.run(10)
    for (let i = 0; i < 50; i++) {
      host.move()
      await world.run(100)
      host.move(mailboxAt('10.0.0.1', 50_000 + i))
      await world.run(100)
    }
    expect(asked).toHaveLength(1)
    asked[0]!(['10.0.0.7'])
    await world.run(1)
    expect(host.proposedSince(0)).toEqual(['10.0.0.7:49152'])
    expect(seeds.metrics().lookups).toBe(1)
  })

  it('lose no patience when the network comes and goes', async () => {
    const host = newHost()
    const seeds = start(host, 'tcp://nowhere.example:49152')
    await world.run(200_000)
    const { lookups } = seeds.metrics()
    for (let i = 0; i < 5; i++) {
      host.move(mailboxAt('10.0.0.1', 50_001 + i))
      await world.run(200)
    }
    await world.run(30_000)
    expect(seeds.metrics().lookups - lookups).toBeLessThanOrEqual(5 + 5)
  })

  it.each([1, 2, 3, 4, 5, 6, 7])('do nothing more once call %i ended them', async (calls) => {
    world.names.set('peers.example', ['10.0.0.7', '10.0.0.8', '10.0.0.9'])
    const host = newHost()
    host.stopsAfter = calls
    start(host, 'tcp://nowhere.example:1', 'tcp://peers.example:1', 'tcp://10.0.0.6:1')
    await world.run(60_000)
    expect(host.proposals.length + host.warnings.length).toBe(calls)
    expect(world.network.nextAt).toBe(Number.POSITIVE_INFINITY)
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
