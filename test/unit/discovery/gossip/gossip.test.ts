/** Gossip between earshot nodes: several of them on the network in memory, in virtual time. */
import { afterEach, describe, expect, it } from 'vitest'
import { mailboxAt } from '../../../support/discovery-host.ts'
import { HUB_PORT, Nodes, proposed, type TestNode } from './helpers.ts'

const nodes = new Nodes()
afterEach(() => nodes.end())

const knows = ({ host }: TestNode, ...others: TestNode[]): boolean =>
  others.every((other) => host.proposals.some(({ id }) => id === other.host.id))

const allKnow = (all: readonly TestNode[]): boolean =>
  all.every((each) => knows(each, ...all.filter((other) => other !== each)))

describe('gossip between earshot nodes', () => {
  it('lets the clients of one hub find each other and the hub', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const clients = [1, 2, 3, 4].map(() => nodes.start({ connect: hub.hub }))
    await world.until(() => allKnow([hub, ...clients]), 1_000)
    const candidate = clients[0]!.host.proposals.find(({ id }) => id === hub.host.id)
    expect(candidate).toMatchObject({
      way: 'gossip',
      id: hub.host.id,
      endpoints: [{ address: hub.machine.address, port: 50_000 }],
    })
    expect(hub.gossip.metrics()).toMatchObject({ clients: 4, entries: 5, gone: 0, refused: 0 })
    expect(clients[0]!.gossip.metrics()).toMatchObject({ hubs: 1, entries: 5, dials: 1 })
  })

  it('proposes again about every 5 s what holds', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const client = nodes.start({ connect: hub.hub })
    await world.run(60_000)
    const { length } = client.host.proposals
    expect(length).toBeGreaterThanOrEqual(12)
    expect(length).toBeLessThanOrEqual(15)
  })

  it('goes along a chain of hubs, whatever the order of starting', async () => {
    const { world } = nodes
    const machines = [1, 2, 3, 4].map(() => world.host())
    const chain: TestNode[] = []
    for (const index of [3, 1, 0, 2]) {
      const next = machines[index + 1]
      const connect = next === undefined ? [] : [`tcp://${next.address}:${HUB_PORT}`]
      const options = { bind: `tcp://*:${HUB_PORT}`, connect }
      chain.push(nodes.start(options, { machine: machines[index]! }))
      await world.run(700)
    }
    await world.until(() => allKnow(chain), 60_000)
  })

  it('lives with circles of hubs: nothing goes round for ever', async () => {
    const { world } = nodes
    const machines = [1, 2, 3].map(() => world.host())
    const hubs = machines.map(({ address }) => `tcp://${address}:${HUB_PORT}`)
    const ring = machines.map((machine) =>
      // Every node has the same options, and so connects to itself as well.
      nodes.start({ bind: `tcp://*:${HUB_PORT}`, connect: hubs }, { machine }),
    )
    await world.until(() => allKnow(ring), 5_000)
    await world.run(10_000)
    const before = ring.map(({ gossip }) => gossip.metrics().heard)
    await world.run(300_000)
    for (const [index, { gossip, host }] of ring.entries()) {
      // Of each of 3 entries every 30 s: by at most 4 connections.
      expect(gossip.metrics().heard - before[index]!).toBeLessThanOrEqual(11 * 3 * 4)
      expect(gossip.metrics()).toMatchObject({ entries: 3, gone: 0, hubs: 2 })
      expect(host.warnings).toEqual([])
    }
  })

  it('goes on by the other of two hubs when one stops', async () => {
    const { world } = nodes
    const first = nodes.startHub()
    const second = nodes.startHub()
    const connect = [first.hub, second.hub]
    const old = nodes.start({ connect })
    await world.until(() => knows(old, first, second))
    first.gossip.close()
    const young = nodes.start({ connect })
    await world.until(() => knows(young, old, second) && knows(old, young), 5_000)
    await world.run(200_000)
    expect(await proposed(world, young)).toEqual([second.place, old.place].sort())
  })

  it('finds a hub that restarts, and tells it everything anew', async () => {
    const { world } = nodes
    const machine = world.host()
    const hub = nodes.start({ bind: `tcp://*:${HUB_PORT}` }, { machine })
    const client = nodes.start({ connect: hub.hub })
    await world.until(() => knows(hub, client))
    hub.gossip.close()
    await world.run(20_000)
    expect(client.host.warnings[0]).toMatchObject({ code: 'gossip-unreachable' })
    expect(client.host.warnings).toHaveLength(1)
    const again = nodes.start({ bind: `tcp://*:${HUB_PORT}` }, { machine })
    await world.until(() => knows(again, client) && knows(client, again), 35_000)
  })

  it('tells where a node has moved to, and no more where it was', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const [mover, other] = [nodes.start({ connect: hub.hub }), nodes.start({ connect: hub.hub })]
    await world.until(() => knows(other, mover))
    await world.run(7_000)
    mover.host.move(mailboxAt('10.7.7.7', 51_111))
    await world.run(100)
    expect(await proposed(world, other)).toEqual([hub.place, '10.7.7.7:51111'].sort())
    await world.run(200_000)
    expect(await proposed(world, other)).toEqual([hub.place, '10.7.7.7:51111'].sort())
  })

  it('tells the mailbox at the address that it talks to the hub from', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const client = nodes.start({ connect: hub.hub })
    const { address } = client.machine
    client.host.move(mailboxAt('192.168.7.7', 50_001), mailboxAt(address, 50_002))
    await world.run(100)
    expect(await proposed(world, hub)).toEqual([`${address}:50002`])
  })

  it('names of hubs are resolved at each attempt, and all their addresses are tried', async () => {
    const { world } = nodes
    const [dead, alive] = [world.host(), world.host()]
    const client = nodes.start({ connect: `tcp://hub.example:${HUB_PORT}` })
    await world.run(3_000)
    expect(client.host.warnings[0]).toMatchObject({
      code: 'gossip-unreachable',
      reason: expect.stringContaining('hub.example cannot be resolved'),
    })
    world.names.set('hub.example', [dead.address, alive.address])
    const hub = nodes.start({ bind: `tcp://*:${HUB_PORT}` }, { machine: alive })
    await world.until(() => knows(hub, client), 60_000)
  })

  it('dials at once when the network changes', async () => {
    const { world } = nodes
    const machine = world.host()
    const client = nodes.start({ connect: `tcp://${machine.address}:${HUB_PORT}` })
    await world.run(300_000)
    const hub = nodes.start({ bind: `tcp://*:${HUB_PORT}` }, { machine })
    client.host.move(mailboxAt(client.machine.address, 50_001))
    await world.until(() => knows(hub, client), 100)
  })

  it('has nothing to do while its node sleeps, and nothing when it is closed', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const client = nodes.start({ connect: [hub.hub, 'tcp://10.9.9.9:5671'] })
    await world.run(10_000)
    client.host.move()
    hub.host.stop()
    await world.run(3_600_000)
    expect(world.network.nextAt).toBe(Number.POSITIVE_INFINITY)
    expect(client.machine.streams.size + hub.machine.streams.size).toBe(0)
  })

  it('gives up the port of the hub and all clients while its node sleeps, and takes them again', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const [one, two] = [nodes.start({ connect: hub.hub }), nodes.start({ connect: hub.hub })]
    await world.until(() => knows(one, two) && knows(two, one), 1_000)
    hub.host.move()
    await world.run(1_100)
    expect([hub.machine.listening.size, hub.machine.streams.size]).toEqual([0, 0])
    one.host.move()
    two.host.move()
    await world.run(40_000)
    expect(world.network.nextAt).toBe(Number.POSITIVE_INFINITY)
    for (const { host, machine } of [hub, one, two]) host.move(mailboxAt(machine.address))
    const woken = world.now
    await world.run(3_000)
    expect(one.host.proposedSince(woken)).toEqual([hub.place, two.place].sort())
  })

  it('wakes and sleeps faster than a port can be opened', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const { machine, host } = hub
    await world.run(10)
    for (let i = 0; i < 10; i++) {
      host.move()
      host.move(mailboxAt(machine.address))
    }
    host.move()
    await world.run(1_000)
    expect(machine.listening.size).toBe(0)
    host.move(mailboxAt(machine.address))
    host.move()
    host.move(mailboxAt(machine.address))
    await world.run(10)
    expect(hub.gossip.listening).toBeDefined()
    expect(host.warnings).toEqual([])
  })

  it('opens its port once more, and tells once, when the listener says twice that it failed', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    await world.run(10)
    const [handlers] = [...hub.machine.listening.values()]
    for (let i = 0; i < 2; i++) handlers!.failed({ kind: 'other', message: 'no more' })
    await world.run(10_000)
    expect(hub.host.warnings).toHaveLength(1)
    expect(hub.gossip.listening).toBeDefined()
  })

  it('meets others by a name that leads to all nodes, whomever it names first', async () => {
    const { world } = nodes
    const machines = [world.host(), world.host()]
    const addresses = machines.map(({ address }) => address)
    const both = machines.map((machine, i) => {
      const [one, other] = [addresses[i]!, addresses[1 - i]!]
      machine.resolve = async () => [one, other]
      const connect = `tcp://all.example:${HUB_PORT}`
      return nodes.start({ bind: `tcp://*:${HUB_PORT}`, connect }, { machine })
    })
    await world.until(() => allKnow(both), 1_000)
    await world.run(200_000)
    for (const { gossip } of both) expect(gossip.metrics().dials).toBeLessThan(5)
  })

  it('looks again for others from time to time when a name leads to this node alone', async () => {
    const { world } = nodes
    const machine = world.host()
    world.names.set('all.example', [machine.address])
    const options = { bind: `tcp://*:${HUB_PORT}`, connect: `tcp://all.example:${HUB_PORT}` }
    const alone = nodes.start(options, { machine })
    await world.run(600_000)
    expect(alone.gossip.metrics().dials).toBeLessThan(25)
    expect(alone.gossip.metrics().dials).toBeGreaterThan(8)
    const other = nodes.startHub()
    world.names.set('all.example', [machine.address, other.machine.address])
    await world.until(() => knows(alone, other), 61_000)
  })

  it('dials anew at once when the address that it dialled from was exchanged', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const client = nodes.start({ connect: hub.hub })
    await world.until(() => knows(hub, client))
    world.network.connect(hub.machine.address, client.machine.address, 'drop')
    Object.defineProperty(client.machine, 'address', { value: '10.0.0.99' })
    client.host.move(mailboxAt('10.0.0.99'))
    await world.until(() => hub.host.proposedSince(0).includes('10.0.0.99:50000'), 100)
  })

  it('keeps its connection when an address that it did not dial from goes', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const client = nodes.start({ connect: hub.hub })
    const { address } = client.machine
    client.host.move(mailboxAt(address), mailboxAt('10.7.7.7'))
    await world.run(1_000)
    client.host.move(mailboxAt(address))
    await world.run(1_000)
    expect(client.gossip.metrics()).toMatchObject({ dials: 1, hubs: 1 })
  })

  it('tries again when the port of the hub is taken', async () => {
    const { world } = nodes
    const machine = world.host()
    const first = nodes.start({ bind: `tcp://*:${HUB_PORT}` }, { machine })
    await world.run(10)
    const second = nodes.start({ bind: `tcp://*:${HUB_PORT}` }, { machine })
    await world.run(10)
    expect(second.host.warnings).toMatchObject([{ code: 'gossip-failed' }])
    first.gossip.close()
    await world.until(() => second.gossip.listening !== undefined, 35_000)
  })
})

describe('what is gone', () => {
  it('is forgotten at once when a node stops', async () => {
    const { world } = nodes
    const [far, hub] = [nodes.startHub(), nodes.startHub()]
    const bridge = nodes.startHub(far.hub, hub.hub)
    const [leaver, other] = [nodes.start({ connect: hub.hub }), nodes.start({ connect: far.hub })]
    await world.until(() => knows(other, leaver))
    leaver.host.stop()
    await world.run(100)
    expect(await proposed(world, other)).toEqual([far.place, hub.place, bridge.place].sort())
    expect(far.gossip.metrics().gone).toBe(1)
  })

  it('is forgotten after 90 s when a node dies without a word, by all hubs, and for good', async () => {
    const { world } = nodes
    const [near, far] = [nodes.startHub(), nodes.startHub()]
    const bridge = nodes.startHub(near.hub, far.hub)
    const victim = nodes.start({ connect: [near.hub, far.hub] })
    const witness = nodes.start({ connect: far.hub })
    await world.until(() => knows(witness, victim))
    await world.run(20_000)
    const everybody = [near, far, bridge, witness]
    for (const { machine } of everybody) {
      world.network.connect(victim.machine.address, machine.address, 'drop')
    }
    await world.run(50_000)
    expect(await proposed(world, witness)).toContain(victim.place)
    await world.run(50_000)
    // Connections that are made anew tell everything anew, but not that.
    for (let round = 0; round < 10; round++) {
      for (const stream of [...bridge.machine.streams]) stream.destroy()
      for (const node of everybody) {
        expect(await proposed(world, node)).not.toContain(victim.place)
      }
    }
    // Nobody was forgotten who is alive.
    expect(await proposed(world, witness)).toHaveLength(3)
    for (const { gossip } of everybody) expect(gossip.metrics()).toMatchObject({ entries: 4 })
  })

  it('comes back when the node does, also with the same address', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const [sleeper, other] = [nodes.start({ connect: hub.hub }), nodes.start({ connect: hub.hub })]
    await world.until(() => knows(other, sleeper))
    await world.run(10_000)
    sleeper.host.move()
    await world.run(100)
    expect(await proposed(world, other)).toEqual([hub.place])
    expect(sleeper.gossip.metrics().hubs).toBe(0)
    const dialsAsleep = sleeper.gossip.metrics().dials
    await world.run(60_000)
    expect(sleeper.gossip.metrics().dials).toBe(dialsAsleep)
    const woken = world.now
    sleeper.host.move(mailboxAt(sleeper.machine.address))
    await world.run(200)
    expect(other.host.proposedSince(woken)).toContain(sleeper.place)
    expect(sleeper.host.proposedSince(woken)).toContain(other.place)
  })

  it('comes back after an outage that was longer than entries live', async () => {
    const { world } = nodes
    const hub = nodes.startHub()
    const lost = nodes.start({ connect: hub.hub })
    await world.until(() => knows(hub, lost))
    world.network.connect(hub.machine.address, lost.machine.address, 'drop')
    await world.run(200_000)
    expect(await proposed(world, hub)).toEqual([])
    world.network.connect(hub.machine.address, lost.machine.address, 'up')
    await world.run(40_000)
    expect(await proposed(world, hub)).toEqual([lost.place])
    expect(await proposed(world, lost)).toEqual([hub.place])
  })
})
