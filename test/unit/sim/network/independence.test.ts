/** Random draws are hashed per purpose and link: what happens between two hosts moves nothing between two others. */
import { describe, expect, it } from 'vitest'
import { Lab, type LabHost, type LabOptions } from './lab.ts'

const BAD: LabOptions = {
  seed: 42,
  chunking: 'torture',
  weather: {
    latencyMs: { distribution: 'exponential', min: 1, mean: 5 },
    jitterMs: 3,
    loss: 0.1,
    duplicate: 0.05,
    reorder: 0.1,
    reset: 0.000_1,
  },
}

/** Everything that b gets of a, with its times: datagrams, and the chunks of a connection. */
async function story(
  disturb: (lab: Lab, c: LabHost, d: LabHost) => Promise<void>,
  options = BAD,
): Promise<string> {
  const lab = new Lab(options)
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => lab.host(name)) as [
    LabHost,
    LabHost,
    LabHost,
    LabHost,
  ]
  const [from, to] = [await a.port(5), await b.port(5)]
  const listening = await b.listen(7)
  await disturb(lab, c, d)
  const near = a.dial(b, 7)
  const lines: string[] = []
  listening.onAccepted = (end) => {
    end.onBytes = () => lines.push(`${lab.world.now} ${end.chunks.at(-1)!.length}`)
  }
  for (let i = 0; i < 100; i++) {
    from.send(b.address, 5, i)
    if (i % 10 === 0) near.stream.write([new Uint8Array(500)])
    await lab.run(10)
  }
  await lab.run(10_000)
  lines.push(...to.received.map(({ bytes, atMs }) => `${atMs} ${bytes[0]}`))
  expect(lines.length).toBeGreaterThan(200)
  return lines.join('\n')
}

describe('what happens between two hosts', () => {
  it('is the same again, and other with another seed', async () => {
    const quiet = await story(async () => {})
    expect(await story(async () => {})).toBe(quiet)
    expect(await story(async () => {}, { ...BAD, seed: 43 })).not.toBe(quiet)
  })

  it.each<[string, (lab: Lab, c: LabHost, d: LabHost) => Promise<void>]>([
    [
      'datagrams',
      async (_, c, d) => {
        const from = await c.port(6)
        for (let i = 0; i < 50; i++) from.send(d.address, 6, i)
      },
    ],
    [
      'broadcasts to nobody there',
      async (_, c) => {
        const from = await c.port(6)
        for (let i = 0; i < 50; i++) from.send('10.0.255.255', 6, i)
      },
    ],
    [
      'a connection',
      async (_, c, d) => {
        await d.listen(8)
        c.dial(d, 8).stream.write([new Uint8Array(100_000)])
      },
    ],
    [
      'one more host, and draws of its process',
      async (lab) => {
        lab.host('e').process.entropy.fill(new Uint8Array(1_000))
        lab.world.random('anything').unit()
      },
    ],
    [
      'weather of the two others',
      async (lab, c, d) => {
        lab.network.addPairWeather(c.hosts, d.hosts, { loss: 0.5, latencyMs: 100 })
      },
    ],
  ])('is not moved by what happens between two others: %s', async (_, disturb) => {
    expect(await story(disturb)).toBe(await story(async () => {}))
  })
})
