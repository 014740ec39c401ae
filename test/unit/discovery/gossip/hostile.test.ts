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
