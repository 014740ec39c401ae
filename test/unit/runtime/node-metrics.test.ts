import { afterEach, describe, expect, it } from 'vitest'
import { msgpack } from '../../../src/runtime/codecs/msgpack.ts'
import { createNodeOn } from '../../../src/runtime/node.ts'
import type { NodeMetrics } from '../../../src/runtime/node-metrics.ts'
import type { EventLoopDelay } from '../../../src/runtime/platform.ts'
import { World } from '../../support/memory-platform.ts'

let w = new World()

afterEach(async () => {
  await w.stop()
  w = new World()
})

describe('node.metrics()', () => {
  it('says who this is, since when, and when that was', async () => {
    const node = await w.node({ name: 'kitchen', groups: ['a', 'b'] })
    await w.run(5_000)
    const { node: about, ...rest } = node.metrics()
    expect(about).toEqual({
      id: node.id,
      name: 'kitchen',
      time: Math.round(w.hosts[0]!.clock.wallNow()),
      uptimeMs: 5_000,
      groups: 2,
      serviceMessagesUnclaimed: 0,
    })
    expect(Object.keys(rest)).toEqual(['mesh', 'warnings', 'peerCounts', 'peers'])
  })

  it('has the warnings of the engine and those of the layers above', async () => {
    const [a, b] = await w.nodes('a', 'b')
    expect(a!.metrics().warnings).toEqual({})
    const events = a!.events({ overflow: 'drop-oldest', buffer: 1 })
    for (let i = 0; i < 5; i++) await b!.whisper(a!.id, 'x')
    await w.run(100)
    expect(a!.metrics().warnings['events-dropped']).toBeGreaterThan(0)
    await events.return?.()
  })

  it('counts ages to the moment at which it is asked, not to the last thing that happened', async () => {
    const [a, b] = await w.nodes('a', 'b')
    const seen = () => a!.metrics().peers.find(({ id }) => id === b!.id)!.lastSeen!
    const before = seen().agoMs
    await w.run(40)
    expect(seen().agoMs).toBeGreaterThanOrEqual(Math.min(before, 40))
    expect(seen().agoMs).toBeLessThanOrEqual(before + 40)
  })

  it('can still be asked when the node has stopped', async () => {
    const [a] = await w.nodes('a', 'b')
    await w.wait(a!.stop())
    expect(a!.metrics().mesh.enters).toBe(1)
  })

  it('has the delay of the event loop where the platform can say it', async () => {
    const answers: (EventLoopDelay | undefined)[] = [
      undefined,
      { overMs: 1_000, meanMs: 0.5, p99Ms: 2, maxMs: 30 },
    ]
    const platform = Object.assign(w.host(), { eventLoopDelay: () => answers.shift() })
    const node = await createNodeOn(platform)
    expect('eventLoopDelay' in node.metrics()).toBe(false)
    expect(node.metrics().eventLoopDelay).toEqual({
      overMs: 1_000,
      meanMs: 0.5,
      p99Ms: 2,
      maxMs: 30,
    })
    await w.wait(node.stop())
  })

  it('is plain data, that travels as JSON and as MessagePack', async () => {
    const [a, b] = await w.nodes('a', 'b')
    await a!.whisper(b!.id, 'hello')
    await w.run(6_000)
    const metrics = a!.metrics()
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics)
    const codec = msgpack<NodeMetrics>()
    const read = codec.decode(codec.encode(metrics))
    expect(read).toEqual({ kind: 'value', value: metrics })
  })
})
