import { describe, expect, it } from 'vitest'
import type { MeshNode } from '../../../src/runtime/node.ts'
import { createNodeOn } from '../../../src/runtime/node.ts'
import type { NodeEvent } from '../../../src/runtime/node-events.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()

const code = (name: string) => ({ name: 'EarshotError', code: `ERR_EARSHOT_${name}` })

/** What a node tells of its peers, one line for each event. */
function storyOf(node: MeshNode): string[] {
  const story: string[] = []
  const note = (event: NodeEvent): void => {
    if (!('peer' in event) || typeof event.peer !== 'object') return
    const rest = event.type === 'exit' ? ` ${event.reason}` : ''
    const text = event.type === 'whisper' ? `: ${event.message.text()}` : ''
    story.push(`${event.type} ${event.peer.name}${rest}${text}`)
  }
  for (const type of [
    'enter',
    'exit',
    'asleep',
    'alive',
    'evasive',
    'silent',
    'whisper',
  ] as const) {
    node.on(type, note)
  }
  return story
}

describe('a node that is suspended and resumed', () => {
  it('stays among the peers of the others, and they among its own, without exit and enter', async () => {
    const w = world()
    const [a, b, c] = await w.nodes('a', 'b', 'c')
    const stories = [a!, b!, c!].map(storyOf)
    await w.wait(a!.suspend())
    await w.run(20_000)
    expect(b!.peer(a!.id)).toMatchObject({ asleep: true, presence: 'alive' })
    expect(a!.peers()).toHaveLength(2)
    await w.wait(a!.resume())
    await w.run(60_000)
    expect(stories).toEqual([[], ['asleep a', 'alive a'], ['asleep a', 'alive a']])
    expect(b!.peer(a!.id)).toMatchObject({ asleep: false })
  })

  it('has everything closed, and no timer, while it sleeps', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    await w.wait(a!.suspend({ forMs: 600_000 }))
    const [host] = w.hosts
    expect([host!.streams.size, host!.ports.size, host!.listening.size]).toEqual([0, 0, 0])
    expect(a!.endpoints()).toEqual([])
    await w.wait(b!.stop())
    await w.run(1_000)
    expect(w.network.nextAt).toBe(Number.POSITIVE_INFINITY)
    await w.wait(a!.resume())
  })

  it('gets what was sent to it meanwhile, and sends what it was given', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const stories = [a!, b!].map(storyOf)
    for (let i = 0; i < 100; i++) await a!.whisper(b!.id, `before ${i}`)
    const suspended = a!.suspend()
    await w.wait(suspended)
    await b!.whisper(a!.id, 'to a sleeper')
    await a!.whisper(b!.id, 'of a sleeper')
    await w.run(10_000)
    expect(stories[1]!.filter((line) => line.startsWith('whisper'))).toHaveLength(100)
    await w.wait(a!.resume())
    await w.run(1_000)
    expect(stories[0]).toEqual(['whisper b: to a sleeper'])
    expect(stories[1]!.at(-1)).toBe('whisper a: of a sleeper')
  })

  it('is the same node at another address', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const stories = [a!, b!].map(storyOf)
    await w.wait(a!.suspend())
    await w.run(5_000)
    const [host] = w.hosts
    host!.all = host!.all.map((each) => ({ ...each, address: '10.0.0.77' }))
    Object.assign(host!, { address: '10.0.0.77' })
    await w.wait(a!.resume())
    await w.until(() => b!.peer(a!.id)?.endpoint.includes('10.0.0.77') === true)
    await w.run(10_000)
    expect(stories).toEqual([[], ['asleep a', 'alive a']])
  })

  it('is gone when it does not come back in the time that it said', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const story = storyOf(b!)
    await w.wait(a!.suspend({ forMs: 20_000 }))
    await w.run(19_900)
    expect(story).toEqual(['asleep a'])
    await w.run(15_000)
    expect(story).toEqual(['asleep a', 'evasive a', 'exit a closed'])
    await w.wait(a!.resume())
    await w.until(() => story.at(-1) === 'enter a')
  })

  it('finds out who left meanwhile, and who came', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const story = storyOf(a!)
    await w.wait(a!.suspend())
    await w.wait(b!.stop())
    const c = await w.node({ name: 'c' })
    await w.run(5_000)
    await w.wait(a!.resume())
    await w.run(5_000)
    expect(story.toSorted()).toEqual(['enter c', 'exit b closed'])
    expect(c.peers()).toHaveLength(1)
  })

  it('is told of to a peer that sleeps itself only when that is true', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const stories = [a!, b!].map(storyOf)
    await w.wait(a!.suspend())
    await w.wait(b!.suspend())
    await w.run(5_000)
    await w.wait(Promise.all([a!.resume(), b!.resume()]))
    await w.run(20_000)
    expect(stories).toEqual([[], ['asleep a', 'alive a']])
  })

  it('keeps what it is given in the same turn for afterwards', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const story = storyOf(b!)
    const suspended = a!.suspend()
    await a!.whisper(b!.id, 'late')
    await w.wait(suspended)
    await w.run(10_000)
    expect(story).toEqual(['asleep a'])
    await w.wait(a!.resume())
    await w.run(1_000)
    expect(story).toEqual(['asleep a', 'alive a', 'whisper a: late'])
  })

  it('can be stopped while it falls asleep, and loses nothing by that', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const story = storyOf(b!)
    for (let i = 0; i < 5; i++) await a!.whisper(b!.id, new Uint8Array(1_000_000))
    const suspended = a!.suspend()
    const stopped = a!.stop()
    await w.wait(Promise.all([suspended, stopped]))
    await w.run(5_000)
    expect(story.filter((line) => line.startsWith('whisper'))).toHaveLength(5)
    expect(story.at(-1)).toBe('exit a goodbye')
  })

  it('sleeps, when it was resumed and suspended in one turn', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    await w.wait(a!.suspend())
    await w.wait(Promise.all([a!.resume(), a!.suspend()]))
    await w.run(5_000)
    expect(a!.endpoints()).toEqual([])
    expect(b!.peer(a!.id)).toMatchObject({ asleep: true })
    await w.wait(a!.resume())
  })

  it('leaves nothing open when it was resumed and stopped in one turn', async () => {
    const w = world()
    const host = w.host()
    const a = await createNodeOn(host, { timers: { beaconIntervalMs: 0 } })
    await w.wait(a.suspend())
    await w.wait(Promise.all([a.resume(), a.stop()]))
    await w.run(5_000)
    expect([host.streams.size, host.ports.size, host.listening.size]).toEqual([0, 0, 0])
  })

  it('dials nobody in its sleep', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    await w.wait(a!.suspend())
    const dials = w.network.dials.length
    a!.propose({ way: 'seed', endpoints: [{ address: '10.0.0.9', port: 5 }] })
    a!.propose({ way: 'mdns', id: 'F'.repeat(32), endpoints: [{ address: '10.0.0.9', port: 5 }] })
    await w.run(5_000)
    expect(w.network.dials.length).toBe(dials)
    await w.wait(b!.stop())
    await w.wait(a!.resume())
  })

  it('can be stopped in its sleep', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    await w.wait(a!.suspend({ forMs: 1_000 }))
    await w.wait(a!.stop())
    await expect(a!.resume()).rejects.toMatchObject(code('NOT_RUNNING'))
    await w.until(() => b!.peers().length === 0)
  })

  it('may be asked twice for either, and refuses nonsense', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    await w.wait(Promise.all([a!.suspend(), a!.suspend()]))
    await w.wait(Promise.all([a!.resume(), a!.resume()]))
    await w.until(() => b!.peer(a!.id)?.asleep === false)
    await expect(a!.suspend({ forMs: -1 })).rejects.toMatchObject(code('BAD_OPTION'))
    await expect(a!.suspend({ forMs: Number.NaN })).rejects.toMatchObject(code('BAD_OPTION'))
  })

  it('resumes as soon as there is a network', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const [host] = w.hosts
    const { all } = host!
    await w.wait(a!.suspend())
    host!.all = []
    await w.wait(a!.resume())
    expect(a!.endpoints()).toEqual([])
    host!.all = all
    await w.until(() => a!.endpoints().length === 1, 5_000)
    await w.until(() => b!.peer(a!.id)?.asleep === false, 5_000)
  })
})
