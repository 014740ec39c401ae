/** The virtual network: what passes where, how wide ways are, addresses, and options that make no sense. */
import { describe, expect, it } from 'vitest'
import type { SubnetOptions } from '../../../../sim/network/topology.ts'
import type { Weather } from '../../../../sim/network/weather.ts'
import { Lab, type LabHost, PLAIN, type Port } from './lab.ts'

/** Whether a datagram gets from one host to another, both of which have port 5 open. */
async function passes(lab: Lab, [from, fromHost]: [Port, LabHost], [to, toHost]: [Port, LabHost]) {
  void fromHost
  const before = to.received.length
  from.send(toHost.address, 5)
  await lab.run(100)
  return to.received.length > before
}

async function member(lab: Lab, name: string, ...subnets: Lab['lan'][]): Promise<[Port, LabHost]> {
  const host = lab.host(name, ...subnets)
  return [await host.port(5), host]
}

describe('routers', () => {
  it('pass unicast on, over several, with the weather of all; without one nothing passes', async () => {
    const lab = new Lab()
    const [middle, end, island] = [1, 2, 3].map(() => lab.network.addSubnet({ weather: PLAIN }))
    lab.network.addRouter([lab.lan, middle!], { latencyMs: 10, jitterMs: 0 })
    lab.network.addRouter([middle!, end!], { latencyMs: 10, jitterMs: 0 })
    const [a, b, c] = [
      await member(lab, 'a'),
      await member(lab, 'b', end!),
      await member(lab, 'c', island!),
    ]
    const start = b[1].process.clock.now()
    expect(await passes(lab, a, b)).toBe(true)
    expect(b[0].received[0]!.atMs - start).toBe(23)
    expect(await passes(lab, a, c)).toBe(false)
  })

  it('of hosts with two interfaces are not needed: the nearer one is used', async () => {
    const lab = new Lab()
    const other = lab.network.addSubnet({ weather: PLAIN })
    const both = await member(lab, 'both', lab.lan, other)
    const there = await member(lab, 'there', other)
    expect(await passes(lab, both, there)).toBe(true)
    expect(there[0].received[0]!.from.address).toBe(both[1].host.attachments[1]!.address)
  })

  it('reach the hosts of an isolated network, which do not reach each other', async () => {
    const lab = new Lab({ subnet: { isolated: true } })
    const wired = lab.network.addSubnet()
    lab.network.addRouter([lab.lan, wired])
    const [a, b, c] = [
      await member(lab, 'a'),
      await member(lab, 'b'),
      await member(lab, 'c', wired),
    ]
    expect(await passes(lab, a, b)).toBe(false)
    expect(await passes(lab, a, c)).toBe(true)
    expect(await passes(lab, c, b)).toBe(true)
    expect(await passes(lab, a, a)).toBe(true)
  })
})

describe('rules', () => {
  it('block one direction, until undone, twice being harmless', async () => {
    const lab = new Lab()
    const [a, b] = [await member(lab, 'a'), await member(lab, 'b')]
    const undo = lab.network.addBlock(a[1].hosts, b[1].hosts)
    const other = lab.network.addBlock(a[1].hosts, b[1].hosts)
    expect([await passes(lab, a, b), await passes(lab, b, a)]).toEqual([false, true])
    undo()
    undo()
    expect(await passes(lab, a, b)).toBe(false)
    other()
    expect(await passes(lab, a, b)).toBe(true)
  })

  it('clog: what is sent meanwhile arrives when it is over, broadcasts, too', async () => {
    const lab = new Lab()
    const [a, b, c] = [await member(lab, 'a'), await member(lab, 'b'), await member(lab, 'c')]
    lab.network.addClog(a[1].hosts, b[1].hosts, lab.world.now + 500)
    a[0].send(b[1].address, 5, 1)
    a[0].send('255.255.255.255', 5, 2)
    await lab.run(499)
    expect([b[0].firsts, c[0].firsts]).toEqual([[], [2]])
    await lab.run(3)
    expect(b[0].firsts).toEqual([1, 2])
    expect(lab.network.hearsAsOne(a[1].attachment)).toBe(true)
  })

  it('give a pair weather of its own, one way, broadcasts included, until undone', async () => {
    const lab = new Lab()
    const [a, b, c] = [await member(lab, 'a'), await member(lab, 'b'), await member(lab, 'c')]
    const undo = lab.network.addPairWeather(a[1].hosts, b[1].hosts, { loss: 1 })
    expect([await passes(lab, a, b), await passes(lab, b, a)]).toEqual([false, true])
    a[0].send('255.255.255.255', 5, 7)
    await lab.run(10)
    expect([b[0].firsts, c[0].firsts]).toEqual([[], [7]])
    undo()
    expect(await passes(lab, a, b)).toBe(true)
  })
})

describe('access', () => {
  it('adds to all that an interface sends or receives', async () => {
    const lab = new Lab()
    const [a, b, c] = [await member(lab, 'a'), await member(lab, 'b'), await member(lab, 'c')]
    lab.network.setAccess(a[1].attachment, {
      uplink: { latencyMs: 10 },
      downlink: { latencyMs: 5 },
    })
    const took = async (from: [Port, LabHost], to: [Port, LabHost], address = to[1].address) => {
      to[0].received.length = 0
      const start = to[1].process.clock.now()
      from[0].send(address, 5)
      await lab.run(100)
      return to[0].received[0]!.atMs - start
    }
    expect(await took(a, b)).toBe(11)
    expect(await took(b, a)).toBe(6)
    expect(await took(b, c)).toBe(1)
    expect(await took(a, c, '255.255.255.255')).toBe(11)
    expect(await took(b, a, '255.255.255.255')).toBe(6)
    expect(lab.network.path(b[1].attachment, c[1].attachment)).toBe(lab.lan.path)
    lab.network.setAccess(a[1].attachment, {})
    expect(lab.network.hearsAsOne(a[1].attachment)).toBe(true)
  })
})

/** Milliseconds until 1 MB on a connection has arrived. */
async function transferMs(lab: Lab, from: LabHost, to: LabHost, port = 7): Promise<() => number> {
  const listening = await to.listen(port)
  const start = lab.world.now
  let doneMs = Number.POSITIVE_INFINITY
  listening.onAccepted = (end) => {
    end.onBytes = () => {
      const bytes = end.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
      if (bytes === 1_000_000) doneMs = lab.world.now - start
    }
  }
  from.dial(to, port).stream.write([new Uint8Array(1_000_000)])
  return () => doneMs
}

describe('bandwidth', () => {
  it.each<[string, Partial<SubnetOptions>, number]>([
    ['of a direction', { weather: { ...PLAIN, bandwidthKbps: 8_000 } }, 1_000],
    ['of a medium', { weather: PLAIN, sharedKbps: 8_000 }, 1_000],
  ])('%s bounds a transfer', async (_, subnet, expectedMs) => {
    const lab = new Lab({ subnet })
    const done = await transferMs(lab, lab.host('a'), lab.host('b'))
    await lab.run(10_000)
    expect(done()).toBeGreaterThan(expectedMs)
    expect(done()).toBeLessThan(expectedMs * 1.1)
  })

  it('of a medium is shared by two senders; of directions it is not, nor with the way back', async () => {
    for (const [subnet, expectedMs] of [
      [{ sharedKbps: 8_000 }, 2_000],
      [{ weather: { ...PLAIN, bandwidthKbps: 8_000 } }, 1_000],
    ] as const) {
      const lab = new Lab({ subnet })
      const [a, b] = [lab.host('a'), lab.host('b')]
      const done = [await transferMs(lab, a, b), await transferMs(lab, b, a)]
      await lab.run(10_000)
      for (const each of done) {
        expect(each()).toBeGreaterThan(expectedMs * 0.8)
        expect(each()).toBeLessThan(expectedMs * 1.1)
      }
    }
  })

  it('of a downlink is shared by all that send there', async () => {
    const lab = new Lab()
    const [a, b, c] = [lab.host('a'), lab.host('b'), lab.host('c')]
    lab.network.setAccess(c.attachment, { downlink: { bandwidthKbps: 8_000 } })
    const done = [await transferMs(lab, a, c, 7), await transferMs(lab, b, c, 8)]
    await lab.run(10_000)
    for (const each of done) expect(each()).toBeGreaterThan(1_800)
  })

  it('of one pair does not narrow what else the sender sends', async () => {
    const lab = new Lab()
    const [a, b, c] = [lab.host('a'), lab.host('b'), lab.host('c')]
    lab.network.addPairWeather(a.hosts, b.hosts, { bandwidthKbps: 80 })
    const done = [await transferMs(lab, a, b), await transferMs(lab, a, c)]
    await lab.run(1_000)
    expect(done[0]!()).toBe(Number.POSITIVE_INFINITY)
    expect(done[1]!()).toBeLessThan(100)
  })

  it('is not used by what a host says to itself', async () => {
    const lab = new Lab({ subnet: { sharedKbps: 1, weather: { ...PLAIN, bandwidthKbps: 1 } } })
    const a = lab.host('a')
    const done = await transferMs(lab, a, a)
    await lab.run(100)
    expect(done()).toBeLessThan(100)
  })

  it('that is used up drops datagrams instead of queueing them for ever', async () => {
    const lab = new Lab({ weather: { ...PLAIN, bandwidthKbps: 80 } })
    const [a, b] = [await member(lab, 'a'), await member(lab, 'b')]
    for (let i = 0; i < 200; i++) a[0].send(b[1].address, 5, i, 952)
    await lab.run(10_000)
    expect(b[0].firsts).toEqual([0, 1, 2, 3, 4]) // 100 ms each
    expect(lab.internet.udp.counters.lost).toBe(195)
  })
})

describe('addresses', () => {
  it('are given out once, and again when nothing else is left', () => {
    const lab = new Lab({ subnet: { cidr: '192.168.1.64/29' } })
    const hosts = Array.from({ length: 5 }, (_, i) => lab.host(`h${i}`))
    expect(hosts.map(({ address }) => address)).toEqual(
      [65, 66, 67, 68, 69].map((last) => `192.168.1.${last}`),
    )
    const [first] = hosts
    first!.host.readdress(first!.attachment)
    expect(first!.address).toBe('192.168.1.70')
    for (let i = 0; i < 20; i++) first!.host.readdress(first!.attachment)
    lab.host('last')
    expect(() => lab.host('one more')).toThrow(/subnet lan has no address left/)
  })

  it('of networks are found by themselves, around those that are given', () => {
    const lab = new Lab({ subnet: { cidr: '10.1.2.3/16' } })
    const [a, b] = [lab.network.addSubnet(), lab.network.addSubnet()]
    expect([a.name, b.name]).toEqual(['lan-2', 'lan-3'])
    expect(
      [lab.host('a', a), lab.host('b', b), lab.host('c')].map(({ address }) => address),
    ).toEqual(['10.0.0.1', '10.2.0.1', '10.1.0.1'])
  })

  it('of an interface are listed only while it has a link', () => {
    const a = new Lab().host('a')
    expect(a.process.interfaces().map(({ name }) => name)).toEqual(['lo', 'eth0'])
    a.attachment.up = false
    expect(a.process.interfaces().map(({ name }) => name)).toEqual(['lo'])
  })
})

describe('options that make no sense', () => {
  it.each<[string, SubnetOptions]>([
    ['cidr', { cidr: '10.0.0.0/8' }],
    ['cidr', { cidr: '10.0.77.0/24' }],
    ['cidr', { cidr: '127.0.0.0/16' }],
    ['cidr', { cidr: '224.0.0.0/16' }],
    ['cidr', { cidr: '0.0.0.0/8' }],
    ['cidr', { cidr: '10.9.0.0/31' }],
    ['cidr', { cidr: '10.9.0.0' }],
    ['cidr', { cidr: '10.9.0.0/16/2' }],
    ['cidr', { cidr: 'lan' }],
    ['name', { name: 'lan' }],
    ['sharedKbps', { sharedKbps: 0 }],
    ['weather', { weather: 'fog' }],
  ])('of a network name the option: %s of %j', (option, options) => {
    const lab = new Lab()
    const expected = { code: 'ERR_EARSHOT_BAD_OPTION', message: expect.stringContaining(option) }
    expect(() => lab.network.addSubnet(options)).toThrow(expect.objectContaining(expected))
  })

  it.each<[keyof Weather | 'fog', unknown]>([
    ['loss', -0.1],
    ['loss', 1.1],
    ['loss', Number.NaN],
    ['loss', undefined],
    ['duplicate', 2],
    ['reorder', -1],
    ['reset', '1'],
    ['jitterMs', -1],
    ['reorderMs', Number.POSITIVE_INFINITY],
    ['latencyMs', -1],
    ['latencyMs', null],
    ['latencyMs', '5'],
    ['latencyMs', { distribution: 'even', min: 1, max: 2 }],
    ['latencyMs', { distribution: 'uniform', min: 2, max: 1 }],
    ['latencyMs', { distribution: 'normal', mean: 2, deviation: -1 }],
    ['latencyMs', { distribution: 'normal', mean: 2, deviation: 1, min: -5 }],
    ['latencyMs', { distribution: 'exponential', min: 5, mean: 1 }],
    ['latencyMs', { distribution: 'pareto', min: 5, shape: 0 }],
    ['bandwidthKbps', 0],
    ['bandwidthKbps', '10'],
    ['mtuBytes', 20],
    ['mtuBytes', '1500'],
    ['fog', 1],
  ])('of weather name the option: %s as %j', (option, value) => {
    const { network, lan } = new Lab()
    const weather = { [option]: value } as Partial<Weather>
    const expected = {
      code: 'ERR_EARSHOT_BAD_OPTION',
      message: expect.stringContaining(`.${option}:`),
    }
    expect(() => network.setWeather(lan, weather)).toThrow(expect.objectContaining(expected))
    expect(() => network.addRouter([lan], weather)).toThrow(expect.objectContaining(expected))
    expect(() => network.addPairWeather(new Set(), new Set(), weather)).toThrow(
      expect.objectContaining(expected),
    )
  })
})
