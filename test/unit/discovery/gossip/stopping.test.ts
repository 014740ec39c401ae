/** The application stops the node from within a call of gossip's: nothing is done after that. */
import { afterEach, describe, expect, it } from 'vitest'
import { encodeGossip } from '../../../../src/discovery/gossip/encode.ts'
import { HUB_PORT, Nodes } from './helpers.ts'
import { RawClient } from './raw-client.ts'

const nodes = new Nodes()
afterEach(() => nodes.end())

const CALLS = Array.from({ length: 12 }, (_, i) => i + 1)

describe('a node that is stopped from within a callback', () => {
  it.each(CALLS)('does nothing more after call %i', async (calls) => {
    const { world } = nodes
    const far = nodes.startHub()
    const others = [1, 2].map(() => nodes.start({ connect: far.hub }))
    await world.run(1_000)
    const node = nodes.startHub(far.hub, 'tcp://10.9.9.9:5671', 'tcp://nowhere.example:5671')
    node.host.stopsAfter = calls
    await world.run(500)
    const rude = new RawClient(
      world.host(),
      { address: node.machine.address, port: HUB_PORT },
      false,
    )
    await world.run(100)
    if (rude.isReady) {
      rude.send({ kind: 'hello' })
      rude.send({ kind: 'publish', key: 'K', value: 'x'.repeat(2_000), ttl: 0 })
      rude.sendFrame(encodeGossip({ kind: 'ping' }).slice(0, 2))
    }
    await world.run(60_000)
    expect(node.host.proposals.length + node.host.warnings.length).toBe(calls)
    for (const { host } of [far, ...others]) host.stop()
    await world.run(60_000)
    expect(world.network.nextAt).toBe(Number.POSITIVE_INFINITY)
    expect(node.machine.streams.size).toBe(0)
  })

  it('does not try again for a port that was taken', async () => {
    const { world } = nodes
    const machine = world.host()
    const first = nodes.start({ bind: `tcp://*:${HUB_PORT}` }, { machine })
    await world.run(10)
    const second = nodes.start({ bind: `tcp://*:${HUB_PORT}` }, { machine })
    second.host.stopsAfter = 1
    await world.run(10)
    first.host.stop()
    await world.run(60_000)
    expect(second.host.warnings).toHaveLength(1)
    expect(machine.listening.size).toBe(0)
    expect(world.network.nextAt).toBe(Number.POSITIVE_INFINITY)
  })
})
