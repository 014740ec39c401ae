/** What the library records of its node, and how much of it one peer can cause. */
import { describe, expect, it } from 'vitest'
import { meshLog } from '../../../src/log/mesh-log.ts'
import type { MeshNode } from '../../../src/runtime/node.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()

/** All that the node records from now on. */
function recordsOf(node: MeshNode): Record<string, unknown>[] {
  const records: Record<string, unknown>[] = []
  meshLog(node).onRecord(({ text }) => records.push(JSON.parse(text) as Record<string, unknown>))
  return records
}

describe('a peer that enters', () => {
  it('with a thousand groups makes one record, with their number and the first of them', async () => {
    const w = world()
    const node = await w.node()
    const records = recordsOf(node)
    const groups = Array.from({ length: 1_000 }, (_, i) => `group ${i}`)
    const peer = await w.node({ groups })
    await w.until(() => node.members('group 999').length === 1)
    expect(records).toMatchObject([
      { msg: 'peer entered', groups: groups.slice(0, 8), groupCount: 1_000 },
    ])
    peer.join('later')
    await w.until(() => node.members('later').length === 1)
    expect(records[1]).toMatchObject({ msg: 'peer joined', group: 'later' })
  })
})

describe('a peer that does too much', () => {
  it('makes so many records a second, and one that says how many more there were', async () => {
    const w = world()
    const [node, noisy, other] = (await w.nodes('node', 'noisy', 'other')) as [
      MeshNode,
      MeshNode,
      MeshNode,
    ]
    const records = recordsOf(node)
    for (let i = 0; i < 50; i++) {
      noisy.join('on and off')
      noisy.leave('on and off')
    }
    other.join('once')
    await w.until(() => node.members('once').length === 1)
    const of = (id: string) => records.filter(({ peer }) => peer === id)
    expect(of(noisy.id)).toHaveLength(20)
    expect(of(other.id)).toHaveLength(1)
    // What matters more is not lost in it.
    await w.wait(noisy.stop())
    await w.until(() => node.peers().length === 1)
    expect(of(noisy.id).at(-1)).toMatchObject({ event: 'exit' })
    await w.run(1_000)
    expect(records).toHaveLength(22)
    other.leave('once')
    await w.until(() => records.length === 24)
    expect(records.slice(-2)).toMatchObject([
      { event: 'limit', peer: noisy.id, what: 'records', count: 80 },
      { event: 'leave', peer: other.id },
    ])
  })

  it('has as many of its traces recorded, and our own are all there', async () => {
    const w = world()
    const [node, noisy] = (await w.nodes('node', 'noisy')) as [MeshNode, MeshNode]
    const records = recordsOf(node)
    const sent = recordsOf(noisy)
    for (let i = 0; i < 50; i++) await noisy.whisper(node.id, 'x', { trace: true })
    noisy.join('still seen')
    await w.until(() => node.members('still seen').length === 1)
    expect(sent).toHaveLength(150)
    expect(records.map(({ event }) => event)).toEqual([...new Array(20).fill('trace'), 'join'])
    await w.run(1_000)
    await noisy.whisper(node.id, 'x', { trace: true })
    await w.until(() => records.length === 24)
    expect(records[21]).toMatchObject({ event: 'limit', what: 'traces', count: 80 })
  })

  it('has that told before the next record of whatever kind', async () => {
    const w = world()
    const [node, noisy] = (await w.nodes('node', 'noisy')) as [MeshNode, MeshNode]
    const records = recordsOf(node)
    recordsOf(noisy)
    for (let i = 0; i < 50; i++) await noisy.whisper(node.id, 'x', { trace: true })
    await w.run(1_500)
    noisy.join('later')
    await w.until(() => node.members('later').length === 1)
    expect(records.slice(20)).toMatchObject([{ event: 'limit', what: 'traces' }, { event: 'join' }])
  })
})
