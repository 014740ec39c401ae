/** Broken and hostile gossip: the hub still serves its good clients, within its bounds, and counts what happened. */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { concatBytes, fromHex } from '../../../../src/base/bytes.ts'
import { LIFETIME_MS } from '../../../../src/discovery/gossip/age.ts'
import { encodeGossip } from '../../../../src/discovery/gossip/encode.ts'
import type { GossipLimits } from '../../../../src/discovery/gossip/limits.ts'
import type { GossipMessage } from '../../../../src/discovery/gossip/message.ts'
import type { MemoryHost } from '../../../support/memory-platform.ts'
import { HUB_PORT, Nodes, proposed, type TestNode } from './helpers.ts'
import { RawClient } from './raw-client.ts'

const nodes = new Nodes()
afterEach(() => nodes.end())

const keyOf = (i: number): string => i.toString(16).toUpperCase().padStart(32, '0')
const publish = (
  i: number,
  value = `tcp://10.3.${i >> 8}.${i & 255}:9`,
  ttl = 0,
): GossipMessage => ({
  kind: 'publish',
  key: keyOf(i),
  value,
  ttl,
})

function startHub(limits: Partial<GossipLimits> = {}): TestNode {
  return nodes.start({ bind: `tcp://*:${HUB_PORT}` }, { limits })
}

async function rawClient(
  hub: TestNode,
  { machine = nodes.world.host(), isAged = false } = {} as {
    machine?: MemoryHost
    isAged?: boolean
  },
): Promise<RawClient> {
  const client = new RawClient(machine, { address: hub.machine.address, port: HUB_PORT }, isAged)
  await nodes.world.until(() => client.isReady, 1_000)
  return client
}

/** A good client finds the hub, and the hub it. */
async function expectService(hub: TestNode): Promise<void> {
  const good = nodes.start({ connect: hub.hub })
  expect(await proposed(nodes.world, good)).toContain(hub.place)
  expect(await proposed(nodes.world, hub)).toContain(good.place)
}

describe('a hub', () => {
  it.each([
    ['no gossip', 'aaa10101'],
    ['an empty message', ''],
    ['another version', 'aaa00102'],
    ['an unknown command', 'aaa00901'],
    ['half a PUBLISH', 'aaa00201044b'],
    ['a length that lies', 'aaa00201014bffffffff5600000000'],
  ])('drops a client that sends %s', async (_what, hex) => {
    const { world } = nodes
    const hub = startHub()
    const client = await rawClient(hub)
    client.send({ kind: 'hello' })
    client.sendFrame(fromHex(hex)!)
    await world.until(() => client.isOver)
    expect(hub.gossip.metrics()).toMatchObject({ invalid: 1, clients: 0 })
    expect(hub.host.warnings).toMatchObject([{ code: 'gossip-invalid' }])
    await expectService(hub)
  })

  it('skips what is no text or too long, and reads on', async () => {
    const hub = startHub()
    const client = await rawClient(hub)
    client.send({ kind: 'hello' })
    client.sendFrame(fromHex('aaa00201014b000000010a00000000')!)
    client.send(publish(1, 'x'.repeat(1_025)))
    client.send(publish(2))
    await nodes.world.run(100)
    expect(hub.gossip.metrics()).toMatchObject({ skipped: 2, invalid: 0, clients: 1, entries: 2 })
  })

  it('answers INVALID to PUBLISH before HELLO, and to what only hubs say', async () => {
    const hub = startHub()
    const client = await rawClient(hub)
    client.send(publish(1))
    await nodes.world.run(10)
    client.send({ kind: 'hello' })
    client.send({ kind: 'pong' })
    await nodes.world.run(10)
    client.send(publish(1))
    await nodes.world.run(10)
    expect(client.received.filter(({ kind }) => kind === 'rejected')).toHaveLength(3)
    expect(hub.gossip.metrics()).toMatchObject({ unexpected: 3, entries: 1, clients: 1 })
  })

  it('drops who sends messages of several frames, or of more than 64 KiB', async () => {
    const hub = startHub()
    const [one, two] = [await rawClient(hub), await rawClient(hub)]
    one.sendFrames([fromHex('aaa00101')!, fromHex('aaa00101')!])
    two.sendFrame(new Uint8Array(65_537))
    await nodes.world.until(() => one.isOver && two.isOver)
    expect(hub.gossip.metrics()).toMatchObject({ invalid: 2, clients: 0 })
  })

  it('drops who says nothing at all, in time', async () => {
    const { world } = nodes
    const hub = startHub()
    const machine = world.host()
    const streams = Array.from({ length: 100 }, () =>
      machine.dial(
        { to: { address: hub.machine.address, port: HUB_PORT } },
        { bytes: () => {}, drained: () => {}, ended: () => {} },
      ),
    )
    expect(streams).toHaveLength(100)
    await world.run(4_000)
    expect(hub.gossip.metrics().clients).toBe(100)
    await world.run(2_000)
    expect(hub.gossip.metrics()).toMatchObject({ clients: 0, late: 100 })
    await expectService(hub)
  })

  it('takes so many clients, and so many of one address', async () => {
    const { world } = nodes
    const hub = startHub({ clients: 6, clientsPerAddress: 4 })
    const machine = world.host()
    const to = { address: hub.machine.address, port: HUB_PORT }
    const crowd = Array.from({ length: 10 }, () => new RawClient(machine, to, false))
    await world.run(100)
    expect(crowd.filter(({ isReady }) => isReady)).toHaveLength(4)
    for (let i = 0; i < 5; i++) new RawClient(world.host(), to, false)
    await world.run(100)
    expect(hub.gossip.metrics()).toMatchObject({ clients: 6, turnedAway: 6 + 3 })
  })

  it('counts the sockets of those who broke the rules and do not let go, and frees them after 1 s', async () => {
    const { world } = nodes
    const hub = startHub({ clients: 6, clientsPerAddress: 4 })
    const to = { address: hub.machine.address, port: HUB_PORT }
    const machine = world.host()
    await world.run(10)
    for (let i = 0; i < 20; i++) {
      const rude = new RawClient(machine, to, false)
      await world.run(10)
      if (rude.isReady) rude.sendFrame(fromHex('00')!)
      rude.pause()
      await world.run(10)
      expect(hub.machine.streams.size).toBeLessThanOrEqual(4)
    }
    expect(hub.gossip.metrics()).toMatchObject({ invalid: 4, turnedAway: 16, clients: 4 })
    await world.run(1_000)
    expect(hub.machine.streams.size).toBe(0)
    await expectService(hub)
  })

  it('takes all addresses of one /64 of IPv6 for one stranger', async () => {
    const { world } = nodes
    const machine = world.host()
    const bind = `tcp://[${machine.address6.replace('%mem0', '')}]:${HUB_PORT}`
    const hub = nodes.start({ bind }, { machine, limits: { clientsPerAddress: 2 } })
    await world.run(10)
    const to = { address: machine.address6, port: HUB_PORT }
    const crowd = Array.from({ length: 5 }, () => new RawClient(world.host(), to, false))
    await world.run(100)
    expect(crowd.filter(({ isReady }) => isReady)).toHaveLength(2)
    expect(hub.gossip.metrics()).toMatchObject({ clients: 2, turnedAway: 3 })
  })

  it('reads no faster of a stranger who has many connections, or makes new ones', async () => {
    const { world } = nodes
    const hub = startHub({ messagesPerSecond: 100, messagesAtOnce: 50 })
    const machine = world.host()
    for (let round = 0; round < 4; round++) {
      const crowd = []
      for (let i = 0; i < 5; i++) crowd.push(await rawClient(hub, { machine }))
      for (const client of crowd) {
        client.send({ kind: 'hello' })
        for (let i = 0; i < 100; i++) client.send(publish(i))
      }
      await world.run(500)
      for (const stream of [...machine.streams]) stream.destroy()
      await world.run(10)
    }
    expect(hub.gossip.metrics().heard).toBeLessThan(350)
    const other = await rawClient(hub)
    other.send({ kind: 'hello' })
    const { heard } = hub.gossip.metrics()
    for (let i = 0; i < 40; i++) other.send(publish(i))
    await world.run(10)
    expect(hub.gossip.metrics().heard).toBe(heard + 40)
  })

  it('proposes what comes all at once in slices', async () => {
    const { world } = nodes
    const hub = startHub({ entriesPerAddress: 4_000 })
    const client = await rawClient(hub)
    client.send({ kind: 'hello' })
    for (let i = 0; i < 3_000; i++) client.send(publish(i))
    await world.run(15_000)
    const slices = new Map<number, number>()
    for (const { at } of hub.host.proposals) slices.set(at, (slices.get(at) ?? 0) + 1)
    expect(Math.max(...slices.values())).toBe(256)
    expect(await proposed(world, hub)).toHaveLength(3_000)
  })

  it('keeps so many entries, and so many of one address, and goes on', async () => {
    const hub = startHub({ entries: 50, entriesPerAddress: 20 })
    for (let c = 0; c < 4; c++) {
      const client = await rawClient(hub)
      client.send({ kind: 'hello' })
      for (let i = 0; i < 30; i++) client.send(publish(100 * c + i))
      await nodes.world.run(100)
    }
    const { entries, refused } = hub.gossip.metrics()
    expect(entries).toBe(50)
    expect(refused).toBe(4 * 30 - 49)
  })

  it('forgets the oldest that is gone when there is no more room', async () => {
    const hub = startHub({ entries: 10 })
    const client = await rawClient(hub, { isAged: true })
    client.send({ kind: 'hello' })
    for (let i = 0; i < 9; i++) client.send(publish(i, '', 600_000))
    for (let i = 20; i < 25; i++) client.send(publish(i, 'tcp://10.1.1.1:1', LIFETIME_MS))
    await nodes.world.run(100)
    expect(hub.gossip.metrics()).toMatchObject({ entries: 6, gone: 4, refused: 0 })
  })

  it('does not read faster than the limits allow, and loses nothing', async () => {
    const { world } = nodes
    const hub = startHub({ messagesPerSecond: 100, messagesAtOnce: 50 })
    const client = await rawClient(hub)
    client.send({ kind: 'hello' })
    for (let i = 0; i < 1_000; i++) client.send(publish(i))
    await world.run(2_000)
    expect(hub.gossip.metrics().heard).toBeLessThan(300)
    await world.run(10_000)
    expect(hub.gossip.metrics()).toMatchObject({ heard: 1_000, clients: 1 })
    await expectService(hub)
  })

  it('does not answer a flood of HELLOs with a flood', async () => {
    const hub = startHub()
    const client = await rawClient(hub)
    for (let i = 0; i < 2_000; i++) client.send({ kind: 'hello' })
    await nodes.world.run(500)
    expect(client.received.length).toBeLessThanOrEqual(2)
  })

  it('tells everything less and less often to one who says HELLO again and again', async () => {
    const hub = startHub()
    const client = await rawClient(hub)
    for (let i = 0; i < 120; i++) {
      client.send({ kind: 'hello' })
      await nodes.world.run(1_000)
    }
    const tales = client.received.filter((m) => m.kind === 'publish' && m.key === hub.host.id)
    // After 1, 3, 7, 15, 31 and 63 s; and three repetitions of the hub's own word for all.
    expect(tales.length).toBeLessThanOrEqual(7 + 1 + 120 / 30 + 2)
  })

  it('holds no more for a client that reads nothing than its keys, and drops it after a while', async () => {
    const { world } = nodes
    const hub = startHub({ stalledMs: 20_000 })
    const lazy = await rawClient(hub)
    const busy = await rawClient(hub)
    lazy.send({ kind: 'hello' })
    await world.run(10)
    lazy.pause()
    busy.send({ kind: 'hello' })
    let pending = 0
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 900; i++) busy.send(publish(i, `tcp://10.1.1.1:${1_000 + round}`))
      await world.run(5_100)
      for (const { pendingBytes } of hub.machine.streams) pending = Math.max(pending, pendingBytes)
    }
    expect(pending).toBeGreaterThan(0)
    expect(pending).toBeLessThan(80_000)
    await world.until(() => hub.gossip.metrics().stalled === 1)
    expect(hub.gossip.metrics().clients).toBe(1)
    // It starts over, and is told the newest only.
    const again = await rawClient(hub)
    again.send({ kind: 'hello' })
    await world.run(1_000)
    const values = new Map(
      again.received.flatMap((m) => (m.kind === 'publish' ? [[m.key, m.value]] : [])),
    )
    expect(values.size).toBe(901)
    expect(values.get(keyOf(7))).toBe('tcp://10.1.1.1:1005')
  })

  it('believes nobody that an entry holds for longer than entries do', async () => {
    const { world } = nodes
    const hub = startHub()
    const client = await rawClient(hub, { isAged: true })
    client.send({ kind: 'hello' })
    client.send(publish(1, 'tcp://10.1.1.1:1', 0x7fff_ffff))
    await world.run(LIFETIME_MS + 6_000)
    expect(await proposed(world, hub)).toEqual([])
  })

  it('hears within 10 s from a node that somebody else withdrew, or put elsewhere', async () => {
    const { world } = nodes
    const hub = startHub()
    const victim = nodes.start({ connect: hub.hub })
    const liar = await rawClient(hub, { isAged: true })
    liar.send({ kind: 'hello' })
    await world.run(61_000)
    for (const value of ['', 'tcp://10.6.6.6:666']) {
      liar.send({ kind: 'publish', key: victim.host.id, value, ttl: 0x7fff_ffff })
      await world.run(10_500)
      expect(await proposed(world, hub)).toEqual([victim.place])
    }
  })

  it('lets nobody withdraw what a node of CZMQ said, or put a node elsewhere time and again', async () => {
    const { world } = nodes
    const hub = startHub()
    const plain = await rawClient(hub)
    plain.send({ kind: 'hello' })
    plain.send(publish(1, 'tcp://10.1.1.1:1'))
    await world.run(100)
    const liar = await rawClient(hub, { isAged: true })
    liar.send({ kind: 'hello' })
    for (const ttl of [600_000, 0x8000_0000 + 600_000]) liar.send(publish(1, '', ttl))
    await world.run(100)
    expect(await proposed(world, hub)).toEqual(['10.1.1.1:1'])
    liar.send(publish(2, 'tcp://10.6.6.6:1', 50_000))
    await world.run(10)
    plain.received.length = 0
    for (let i = 2; i < 100; i++) liar.send(publish(2, `tcp://10.6.6.6:${i}`, 50_000 + i))
    await world.run(100)
    expect(plain.received.length).toBeLessThanOrEqual(1)
  })

  it('survives anything: any messages, any tampering, in any order', async () => {
    const message = fc.oneof(
      fc.constantFrom<GossipMessage>(
        { kind: 'hello' },
        { kind: 'ping' },
        { kind: 'pong' },
        { kind: 'rejected' },
      ),
      fc.record({
        kind: fc.constant('publish' as const),
        key: fc.oneof(fc.nat(9).map(keyOf), fc.string({ minLength: 1, maxLength: 40 })),
        value: fc.oneof(
          fc.constant(''),
          fc.nat(5).map((i) => `tcp://10.3.0.${i}:9`),
          fc.string(),
        ),
        ttl: fc.oneof(fc.nat(700_000), fc.nat(0xffff_ffff)),
      }),
    )
    const frame = fc.oneof(
      { weight: 9, arbitrary: message.map(encodeGossip) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
    )
    const session = fc.record({ isAged: fc.boolean(), frames: fc.array(frame, { maxLength: 40 }) })
    const sessions = fc.array(session, { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(sessions, fc.nat(120_000), async (all, pauseMs) => {
        const { world } = nodes
        const hub = startHub({ entries: 30 })
        for (const { isAged, frames } of all) {
          const client = await rawClient(hub, { isAged })
          for (const each of frames) client.sendFrame(each)
          await world.run(pauseMs)
          expect(hub.gossip.metrics().entries + hub.gossip.metrics().gone).toBeLessThanOrEqual(30)
        }
        await world.run(700_000 + 100_000)
        const { metrics } = { metrics: hub.gossip.metrics() }
        expect(metrics.gone).toBe(0)
        nodes.end()
      }),
      { numRuns: 60 },
    )
  })

  it('survives raw bytes instead of ZMTP', async () => {
    const hub = startHub()
    const to = { address: hub.machine.address, port: HUB_PORT }
    const handlers = { bytes: () => {}, drained: () => {}, ended: () => {} }
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 100 })), async (chunks) => {
        const stream = nodes.world.host().dial({ to }, handlers)
        stream.write([concatBytes(chunks)])
        await nodes.world.run(100)
        stream.destroy()
      }),
      { numRuns: 100 },
    )
    await nodes.world.run(6_000)
    expect(hub.gossip.metrics().clients).toBe(0)
    await expectService(hub)
  })
})
