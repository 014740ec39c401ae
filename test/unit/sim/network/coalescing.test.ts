import { describe, expect, it } from 'vitest'
import { TICKS_PER_MS } from '../../../../sim/kernel/time.ts'
import { Lab, PLAIN } from './lab.ts'

const COALESCE_MS = 4
const LATENCY_MS = 1

function lab(chunking: 'natural' | 'torture' = 'natural'): Lab {
  return new Lab({ chunking, weather: PLAIN, subnet: { weather: PLAIN, coalesceMs: COALESCE_MS } })
}

describe('interfaces that gather what arrives', () => {
  it('hand a broadcast to each host once, within the time, each at a moment of its own', async () => {
    const network = lab()
    const hosts = Array.from({ length: 100 }, (_, i) => network.host(`h${i}`))
    const ports = await Promise.all(hosts.map((host) => host.port(5)))
    const times: number[] = []
    for (const port of ports) port.onDatagram = () => times.push(network.world.now)
    ports[0]!.send('255.255.255.255', 5)
    await network.run(20)
    for (const { received } of ports) expect(received).toHaveLength(1)
    for (const at of times) {
      expect(at).toBeGreaterThanOrEqual(LATENCY_MS)
      expect(at).toBeLessThan(LATENCY_MS + COALESCE_MS)
    }
    expect(new Set(times).size).toBe(COALESCE_MS * TICKS_PER_MS)
  })

  it('hand over together, and in order, what arrived in between', async () => {
    const network = lab()
    const [a, b] = [network.host('a'), network.host('b')]
    const [from, to] = [await a.port(5), await b.port(5)]
    for (let i = 0; i < 40; i++) {
      from.send(b.address, 5, i)
      await network.run(0.25)
    }
    await network.run(20)
    expect(to.firsts).toEqual(Array.from({ length: 40 }, (_, i) => i))
    const moments = [...new Set(to.received.map(({ atMs }) => atMs))]
    expect(moments.length).toBeLessThanOrEqual(4)
    moments.slice(1).forEach((at, i) => {
      expect(at - moments[i]!).toBe(COALESCE_MS)
    })
  })

  it.each(['natural', 'torture'] as const)(
    'carry byte streams whole, with %s chunks',
    async (chunking) => {
      const network = lab(chunking)
      const { near, far } = await network.connect()
      const bytes = Uint8Array.from({ length: 5_000 }, (_, i) => i)
      for (let at = 0; at < bytes.length; at += 100) {
        near.stream.write([bytes.slice(at, at + 100)])
        await network.run(0.1)
      }
      near.stream.close()
      await network.run(100)
      expect(far.received).toEqual(bytes)
      expect(far.end).toEqual({ kind: 'ended' })
    },
  )

  it('tell of a refused dial, too', async () => {
    const network = lab()
    const end = network.host('a').dial(network.host('b'), 7)
    await network.run(2 * (LATENCY_MS + COALESCE_MS))
    expect(end.end).toMatchObject({ kind: 'failed', failure: { kind: 'refused' } })
  })

  it('do not come into what a host says to itself', async () => {
    const network = lab()
    const a = network.host('a')
    const port = await a.port(5)
    port.send(a.address, 5)
    await network.run(0.125)
    expect(port.received).toHaveLength(1)
  })

  it.each([-1, 101, Number.NaN])('gather for a possible time only, not for %s ms', (coalesceMs) => {
    expect(() => new Lab({ subnet: { coalesceMs } })).toThrow(
      expect.objectContaining({
        code: 'ERR_EARSHOT_BAD_OPTION',
        message: 'option network lan: coalesceMs: expected 0 to 100',
      }),
    )
  })
})
