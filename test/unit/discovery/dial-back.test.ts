import { describe, expect, it } from 'vitest'
import { type DialBackAnswer, dialBack } from '../../../src/discovery/dial-back.ts'
import type { MeshNode } from '../../../src/runtime/node.ts'
import { createNodeOn } from '../../../src/runtime/node.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()

/** Two nodes that have met, each with the service. */
async function pair() {
  const w = world()
  const [a, b] = (await w.nodes('a', 'b')) as [MeshNode, MeshNode]
  for (const node of [a, b]) dialBack(node)
  const ask = (options = {}): Promise<DialBackAnswer | undefined> =>
    w.wait(dialBack(a).ask(b.id, options))
  return { w, a, b, ask }
}

describe('a peer that is asked to dial back', () => {
  it('visits our mailbox, and says where, whether it hears our beacons, and what its clock shows', async () => {
    const { w, a, b, ask } = await pair()
    await w.run(1_000) // a beacon
    const answer = await ask()
    expect(answer).toMatchObject({ outcome: 'connected', endpoint: a.endpoints()[0] })
    expect(answer?.beaconAgoMs).toBeLessThan(1_100)
    expect(Math.abs(answer!.clockAheadMs)).toBeLessThanOrEqual(answer!.roundTripMs)
    expect(a.metrics().mesh.visitors).toBe(1)
    expect([a.metrics().warnings, b.metrics().warnings]).toEqual([{}, {}])
  })

  it('shows how far ahead its clock is', async () => {
    const w = world()
    const host = w.host()
    host.wallAheadMs = 90_000
    const a = await w.node({ name: 'a' })
    const b = await createNodeOn(host, { name: 'b' })
    for (const node of [a, b]) dialBack(node)
    await w.until(() => a.peers().length === 1 && b.peers().length === 1)
    const answer = await w.wait(dialBack(a).ask(b.id))
    expect(Math.abs(answer!.clockAheadMs - 90_000)).toBeLessThan(100)
    await w.wait(b.stop())
  })

  it('does so once in five seconds for a peer, and says when it does not', async () => {
    const { w, a, ask } = await pair()
    const outcomes = [(await ask())?.outcome, (await ask())?.outcome]
    await w.run(5_000)
    outcomes.push((await ask())?.outcome)
    expect(outcomes).toEqual(['connected', 'busy', 'connected'])
    expect(a.metrics().mesh.visitors).toBe(2)
  })

  it('does so ten times a minute for all together', async () => {
    const w = world()
    const names = Array.from({ length: 13 }, (_, i) => `n${i}`)
    const [b, ...askers] = await w.nodes(...names)
    for (const node of [b!, ...askers]) dialBack(node)
    const answers = await w.wait(Promise.all(askers.map((each) => dialBack(each).ask(b!.id))))
    const outcomes = answers.map((each) => each?.outcome)
    expect(outcomes.filter((each) => each === 'connected')).toHaveLength(10)
    expect(outcomes.filter((each) => each === 'busy')).toHaveLength(2)
  })

  it('sends as many bytes back as came beside the question, and no more than 16 KiB', async () => {
    const { w, a, b, ask } = await pair()
    await ask({ paddingBytes: 9_000 })
    const { serviceBytesOut, serviceBytesIn } = a.metrics().mesh
    expect(serviceBytesOut).toBeGreaterThan(9_000)
    expect(serviceBytesIn).toBeGreaterThan(9_000)
    await w.run(5_000)
    await ask({ paddingBytes: 1_000_000 })
    expect(b.metrics().mesh.serviceBytesOut).toBeLessThan(30_000)
  })
})

describe('no answer comes', () => {
  it('from a peer without the service', async () => {
    const w = world()
    const [a, b] = (await w.nodes('a', 'b')) as [MeshNode, MeshNode]
    const begunAt = w.now
    expect(await w.wait(dialBack(a).ask(b.id, { limitMs: 500 }))).toBeUndefined()
    expect(w.now - begunAt).toBe(500)
  })

  it('from a peer that is not there', async () => {
    const { ask, a } = await pair()
    expect(await dialBack(a).ask('F'.repeat(32))).toBeUndefined()
    expect((await ask())?.outcome).toBe('connected')
  })

  it('to nonsense, which breaks nothing', async () => {
    const w = world()
    const [a, b] = (await w.nodes('a', 'b')) as [MeshNode, MeshNode]
    dialBack(b)
    const heard: unknown[] = []
    const channel = a.channel('doctor', (_peer, frames) => heard.push(frames))
    for (const bytes of [[], [0xc1], [0x90], [0x80], [0x81, 0xa2, 0x69, 0x64, 0xa1, 0x78]]) {
      channel.send(b.id, [Uint8Array.from(bytes)])
    }
    await w.run(100)
    expect([heard, a.metrics().mesh.visitors]).toEqual([[], 0])
  })
})
