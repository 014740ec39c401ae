/** Gossip with nodes of CZMQ's, played by `CLikeGossip`: what they are told, what is believed of them, and for how long. */
import { afterEach, describe, expect, it } from 'vitest'
import { CLikeGossip } from '../../../support/c-like-gossip.ts'
import { HUB_PORT, Nodes, proposed, type TestNode } from './helpers.ts'

const nodes = new Nodes()
let plain: CLikeGossip[] = []

afterEach(() => {
  for (const each of plain) {
    each.stop()
    expect(each.malformed).toBe(0)
  }
  plain = []
  nodes.end()
})

const UUID = 'C0FFEE00C0FFEE00C0FFEE00C0FFEE00'
const PLACE = '10.1.1.1:6666'
const TUPLE = [UUID, `tcp://${PLACE}`] as const

async function plainHub(...tuples: (readonly [string, string])[]) {
  const machine = nodes.world.host()
  const hub = new CLikeGossip(machine, ...tuples)
  plain.push(hub)
  await hub.bind(machine.address, HUB_PORT)
  return { hub, machine, endpoint: `tcp://${machine.address}:${HUB_PORT}` }
}

function plainClient(of: { readonly address: string }, ...tuples: (readonly [string, string])[]) {
  const machine = nodes.world.host()
  const client = new CLikeGossip(machine, ...tuples)
  plain.push(client)
  client.connect({ address: of.address, port: HUB_PORT })
  return { client, machine }
}

const told = (to: CLikeGossip, node: TestNode): boolean =>
  to.tuples.get(node.host.id) === `tcp://${node.place}`

describe('gossip with nodes of CZMQ', () => {
  it('is told by a hub of theirs, tells it, and stays in its memory by pinging', async () => {
    const { world } = nodes
    const { hub, endpoint } = await plainHub(TUPLE)
    const node = nodes.start({ connect: endpoint })
    await world.until(() => told(hub, node), 100)
    await world.run(60_000)
    hub.publish('BEEF', 'tcp://10.2.2.2:1')
    await world.run(10)
    expect(node.gossip.metrics()).toMatchObject({ entries: 3, refused: 0, hubs: 1 })
    expect(await proposed(world, node)).toEqual([PLACE])
  })

  it('serves clients of theirs, who never say a word of their own', async () => {
    const { world } = nodes
    const node = nodes.startHub()
    const { client } = plainClient(node.machine, TUPLE)
    await world.until(() => told(client, node), 1_000)
    await world.run(600_000)
    expect(node.gossip.metrics()).toMatchObject({ clients: 1, entries: 2, silent: 0 })
    const late = nodes.start({ connect: node.hub })
    await world.until(() => told(client, late), 1_000)
    expect(await proposed(world, late)).toEqual([PLACE, node.place].sort())
  })

  it('drops a client of theirs whose host is gone: its libzmq answers no more', async () => {
    const { world } = nodes
    const node = nodes.startHub()
    const { machine } = plainClient(node.machine, TUPLE)
    await world.run(60_000)
    expect(node.gossip.metrics()).toMatchObject({ clients: 1, silent: 0 })
    world.network.connect(node.machine.address, machine.address, 'drop')
    await world.run(30_000)
    expect(node.gossip.metrics()).toMatchObject({ clients: 0, silent: 1 })
  })

  it('says HELLO again no more than once a second to a hub that always answers INVALID', async () => {
    const { world } = nodes
    const { hub, endpoint } = await plainHub(TUPLE)
    hub.rejectsAll = true
    const node = nodes.start({ connect: endpoint })
    await world.run(60_000)
    expect(hub.hellos).toBeGreaterThan(40)
    expect(hub.hellos).toBeLessThanOrEqual(61)
    expect(node.gossip.metrics().entries).toBe(1)
  })

  it('bridges between two hubs of theirs, and every value is passed on as it is', async () => {
    const { world } = nodes
    const values = [
      'tcp://some.host:1',
      `tcp://10.1.1.1:2|${'k'.repeat(40)}`,
      'tcp://*:3',
      'no endpoint',
    ] as const
    const left = await plainHub(...values.map((value, i) => [`KEY${i}`, value] as const))
    const right = await plainHub(TUPLE)
    const node = nodes.start({ connect: [left.endpoint, right.endpoint] })
    await world.until(() => left.hub.tuples.size === 6 && right.hub.tuples.size === 6, 1_000)
    for (const [i, value] of values.entries()) expect(right.hub.tuples.get(`KEY${i}`)).toBe(value)
    expect(await proposed(world, node)).toEqual([PLACE])
  })

  it('tells them nothing but what one of them would say: no age, no withdrawal', async () => {
    const { world } = nodes
    const { hub, endpoint } = await plainHub()
    const node = nodes.startHub(endpoint)
    const leaver = nodes.start({ connect: node.hub })
    await world.until(() => told(hub, leaver))
    leaver.host.stop()
    await world.run(60_000)
    expect(told(hub, leaver)).toBe(true)
    expect([...hub.ttls]).toEqual([0])
  })

  it('understands an endpoint with a public key', async () => {
    const { endpoint } = await plainHub([UUID, `tcp://${PLACE}|${'k'.repeat(40)}`])
    const node = nodes.start({ connect: endpoint })
    expect(await proposed(nodes.world, node)).toEqual([PLACE])
  })

  it.each([
    'tcp://some.host:6666',
    'tcp://*:6666',
    'tcp://0.0.0.0:6666',
    'tcp://10.1.1.1:0',
    'tcp://127.0.0.1:6666',
    'tcp://[fe80::7%eth0]:6666',
    'ipc:///tmp/socket',
    'inproc://service',
    'tcp://[fe90::7]:6666',
    'tcp://0.1.2.3:6666',
    'tcp://224.0.0.251:6666',
    'tcp://255.255.255.255:6666',
    'tcp://[ff02::fb]:6666',
    '|',
  ])('does not propose %s', async (value) => {
    const { endpoint } = await plainHub([UUID, value])
    const node = nodes.start({ connect: endpoint })
    expect(await proposed(nodes.world, node)).toEqual([])
    expect(node.gossip.metrics().entries).toBe(2)
  })

  it('is told everything again after it was asleep for so long that the hub forgot it', async () => {
    const { world } = nodes
    const { hub, machine, endpoint } = await plainHub()
    const node = nodes.start({ connect: endpoint })
    await world.until(() => told(hub, node))
    // Pings do not come through for a while, and the connection lives on.
    const [stream] = machine.streams
    stream!.pause()
    await world.run(5_000)
    hub.publish(...TUPLE)
    stream!.resume()
    await world.run(31_000)
    expect(await proposed(world, node)).toEqual([PLACE])
  })

  it('keeps what a hub of theirs said while it restarts, and forgets what it does not say again', async () => {
    const { world } = nodes
    const first = await plainHub(TUPLE, ['DEAD0000DEAD0000DEAD0000DEAD0000', 'tcp://10.1.1.2:1'])
    const node = nodes.start({ connect: first.endpoint })
    expect(await proposed(world, node)).toEqual([PLACE, '10.1.1.2:1'].sort())
    first.hub.stop()
    await world.run(10_000)
    expect(await proposed(world, node)).toHaveLength(2)
    const second = new CLikeGossip(first.machine, TUPLE)
    plain.push(second)
    await second.bind(first.machine.address, HUB_PORT)
    await world.until(() => told(second, node), 35_000)
    // What only the hub itself had said is not said back to it.
    expect(second.tuples.size).toBe(2)
    await world.run(100_000)
    expect(await proposed(world, node)).toEqual([PLACE])
  })

  it('forgets a client of theirs some time after its connection ended, in all hubs', async () => {
    const { world } = nodes
    const far = nodes.startHub()
    const near = nodes.startHub(far.hub)
    const { client } = plainClient(near.machine, TUPLE)
    expect(await proposed(world, far)).toEqual([near.place, PLACE].sort())
    await world.run(200_000)
    expect(await proposed(world, far)).toEqual([near.place, PLACE].sort())
    client.stop()
    await world.run(60_000)
    expect(await proposed(world, far)).toContain(PLACE)
    await world.run(130_000)
    for (const hub of [near, far]) {
      expect(await proposed(world, hub)).not.toContain(PLACE)
      expect(hub.gossip.metrics()).toMatchObject({ entries: 2, gone: 1 })
    }
  })

  it('takes a client of theirs back that was away for longer', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const { client, machine } = plainClient(hub.machine, TUPLE)
    await world.run(1_000)
    client.stop()
    await world.run(200_000)
    expect(await proposed(world, hub)).toEqual([])
    const again = new CLikeGossip(machine, TUPLE)
    plain.push(again)
    again.connect({ address: hub.machine.address, port: HUB_PORT })
    expect(await proposed(world, hub)).toEqual([PLACE])
  })

  it('does not take a dead earshot node back from those who never forget', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const { client, machine } = plainClient(hub.machine)
    const victim = nodes.start({ connect: hub.hub })
    await world.until(() => told(client, victim), 1_000)
    world.network.connect(victim.machine.address, hub.machine.address, 'drop')
    await world.run(110_000)
    for (let round = 0; round < 5; round++) {
      for (const stream of [...machine.streams]) stream.destroy()
      client.connect({ address: hub.machine.address, port: HUB_PORT })
      await world.run(1_000)
      expect(await proposed(world, hub)).toEqual([])
    }
    expect(hub.gossip.metrics().refused).toBeGreaterThan(0)
    // The victim itself is believed at once.
    world.network.connect(victim.machine.address, hub.machine.address, 'up')
    await world.run(40_000)
    expect(await proposed(world, hub)).toEqual([victim.place])
  })

  it('passes on who vouches: one earshot node stands in for another that told the same', async () => {
    const { world } = nodes
    const { endpoint } = await plainHub(TUPLE)
    const far = nodes.startHub()
    const one = nodes.start({ connect: [endpoint, far.hub] })
    const two = nodes.start({ connect: [endpoint, far.hub] })
    expect(await proposed(world, far)).toEqual([one.place, two.place, PLACE].sort())
    one.host.stop()
    await world.run(300_000)
    expect(await proposed(world, far)).toEqual([two.place, PLACE].sort())
  })

  it('does not stir up hubs of theirs that disagree', async () => {
    const { world } = nodes
    const left = await plainHub([UUID, 'tcp://10.1.1.1:1'])
    const right = await plainHub([UUID, 'tcp://10.1.1.1:2'])
    const both = [left.endpoint, right.endpoint]
    const bridges = [nodes.start({ connect: both }), nodes.start({ connect: both })]
    await world.run(60_000)
    const before = [left.hub.heard, right.hub.heard]
    await world.run(300_000)
    // Each bridge publishes itself every 30 s, and that is all.
    for (const [i, { hub }] of [left, right].entries()) {
      expect(hub.heard - before[i]!).toBeLessThanOrEqual(2 * 11)
    }
    for (const { gossip } of bridges) expect(gossip.metrics().entries).toBe(3)
  })

  it('puts right who says that it is elsewhere', async () => {
    const { world } = nodes
    const { hub, endpoint } = await plainHub()
    const node = nodes.start({ connect: endpoint })
    const other = nodes.start({ connect: endpoint })
    await world.run(10_000)
    hub.publish(node.host.id, 'tcp://10.9.9.9:9')
    await world.run(100)
    expect(told(hub, node)).toBe(true)
    await world.run(10_000)
    expect(await proposed(world, node)).toEqual([other.place])
  })
})
