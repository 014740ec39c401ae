import { afterEach, describe, expect, it } from 'vitest'
import { parsePeerId } from '../../../src/base/peer-id.ts'
import { json } from '../../../src/runtime/codecs/json.ts'
import type { MeshNode } from '../../../src/runtime/node.ts'
import { createNodeOn } from '../../../src/runtime/node.ts'
import type { NodeEvent } from '../../../src/runtime/node-events.ts'
import { World } from '../../support/memory-platform.ts'

const worlds: World[] = []

function world(): World {
  const made = new World()
  worlds.push(made)
  return made
}

afterEach(async () => {
  for (const each of worlds.splice(0)) {
    await each.stop()
    for (const host of each.hosts) {
      expect(host.uncaught).toEqual([])
      expect([host.streams.size, host.ports.size, host.listening.size]).toEqual([0, 0, 0])
    }
    await each.run(60_000)
  }
})

const code = (name: string) => ({ name: 'EarshotError', code: `ERR_EARSHOT_${name}` })
const NOBODY = '0'.repeat(32)

/** The types and names of all events of a node from now on. */
function listen(node: MeshNode): string[] {
  const story: string[] = []
  const types = ['enter', 'exit', 'join', 'leave', 'evasive', 'silent', 'alive'] as const
  for (const type of types) node.on(type, ({ peer }) => story.push(`${type} ${peer.name}`))
  node.on('whisper', ({ peer, message }) => story.push(`whisper ${peer.name}: ${message.text()}`))
  node.on('shout', ({ group, message }) => story.push(`shout ${group}: ${message.text()}`))
  node.on('warning', (event) => story.push(`warning ${event.code}`))
  node.on('stop', () => story.push('stop'))
  return story
}

describe('a node', () => {
  it('has a fresh id, a name, its groups, and nobody yet', async () => {
    const w = world()
    const node = await w.node({ name: 'kitchen', groups: ['chat'] })
    const other = await w.node()
    expect(parsePeerId(node.id)).toBe(node.id)
    expect(other.id).not.toBe(node.id)
    expect(other.name).toBe(other.id.slice(0, 6))
    expect([node.name, node.groups(), node.peers()]).toEqual(['kitchen', ['chat'], []])
    expect(node.interfaces().map(({ name }) => name)).toEqual(['mem0'])
  })

  it('meets another, and each tells the other', async () => {
    const w = world()
    const a = await w.node({ name: 'a' })
    const entered = a.next('enter')
    const b = await w.node({ name: 'b', groups: ['chat'], headers: { 'X-ROLE': 'display' } })
    const { peer } = await w.wait(entered)
    expect(peer).toMatchObject({ id: b.id, name: 'b', groups: ['chat'] })
    expect(peer.headers['X-ROLE']).toBe('display')
    expect(a.peer(b.id)).toBe(peer)
    expect(a.peers()).toEqual([peer])
    expect([a.peerGroups(), a.members('chat'), a.members('x')]).toEqual([['chat'], [peer], []])
  })

  it('tells events in order to listeners and to iterations alike', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const heard: NodeEvent[] = []
    for (const type of ['whisper', 'join', 'leave', 'shout'] as const) {
      a!.on(type, (event) => heard.push(event))
    }
    const events = a!.events()
    a!.join('g')
    await w.run(5)
    await b!.whisper(a!.id, '1')
    b!.join('g')
    await b!.shout('g', '2')
    b!.leave('g')
    await w.run(5)
    expect(heard.map(({ type }) => type)).toEqual(['whisper', 'join', 'shout', 'leave'])
    for (const event of heard) expect((await events.next()).value).toBe(event)
  })

  it('knows a peer by its id or by any description of it', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const story = listen(b!)
    await a!.whisper(b!.id, 'by id')
    await a!.whisper(a!.peer(b!.id)!, 'by description')
    await a!.whisper(b!, 'by itself')
    await w.run(5)
    expect(story).toEqual(['whisper a: by id', 'whisper a: by description', 'whisper a: by itself'])
  })

  it('measures the round trip to a peer', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    expect(await w.wait(a!.ping(b!))).toBe(2 * w.network.latencyMs)
    const [peer] = a!.metrics().peers
    expect(peer!.roundTripMs).toBe(2)
  })

  it('counts its own warnings with those of the engine', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const events = a!.events({ buffer: 1, overflow: 'drop-newest' })
    for (let i = 0; i < 5; i++) await b!.whisper(a!, `${i}`)
    await w.run(5)
    expect(a!.metrics().warnings['events-dropped']).toBeGreaterThan(0)
    await events.return()
  })
})

describe('whisper and shout', () => {
  it('reject what cannot be sent, with a code', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const big = new Uint8Array(16 * 1024 * 1024 + 1)
    const many = new Array(1_025).fill(new Uint8Array())
    await expect(a!.whisper(NOBODY, 'x')).rejects.toMatchObject(code('NO_SUCH_PEER'))
    await expect(a!.whisper(a!, 'x')).rejects.toMatchObject(code('NO_SUCH_PEER'))
    await expect(a!.whisper(b!, big)).rejects.toMatchObject(code('MESSAGE_TOO_LARGE'))
    await expect(a!.whisper(b!, many)).rejects.toMatchObject(code('MESSAGE_TOO_LARGE'))
    await expect(a!.whisper(b!, 7 as never)).rejects.toBeInstanceOf(TypeError)
    await expect(a!.shout('', 'x')).rejects.toMatchObject(code('BAD_GROUP'))
    await expect(a!.shout('g', big)).rejects.toMatchObject(code('MESSAGE_TOO_LARGE'))
    await expect(a!.ping(NOBODY)).rejects.toMatchObject(code('NO_SUCH_PEER'))
    expect(() => a!.tryWhisper(NOBODY, 'x')).toThrow(expect.objectContaining(code('NO_SUCH_PEER')))
    expect(() => a!.tryShout('x'.repeat(256), 'x')).toThrow(
      expect.objectContaining(code('BAD_GROUP')),
    )
  })

  it.each([undefined, null])(
    'reject what is no peer (%s), and throw where there is no promise',
    async (nobody) => {
      const node = await world().node()
      const bad = nobody as never
      await expect(node.whisper(bad, 'x')).rejects.toThrow(TypeError)
      await expect(node.ping(bad)).rejects.toThrow(TypeError)
      expect(() => node.tryWhisper(bad, 'x')).toThrow(TypeError)
    },
  )

  it('resolve at once while there is room, with one promise for all', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    expect(a!.whisper(b!, '1')).toBe(a!.whisper(b!, '2'))
    expect(a!.shout('empty', 'x')).toBe(a!.shout('empty', 'y'))
    expect(a!.tryWhisper(b!, '3')).toBe(true)
    expect(a!.tryShout('empty', 'x')).toEqual({ accepted: 0, full: [] })
  })

  it('keep the order between waiting and not waiting, and lose nothing', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const story = listen(b!)
    b!.pause()
    const sent: Promise<void>[] = []
    for (let i = 0; i < 5_000; i++) sent.push(a!.whisper(b!, `${i}`.padEnd(100)))
    expect(a!.tryWhisper(b!, 'no room')).toBe(false)
    await w.run(1_000)
    expect(story).toEqual([])
    b!.resume()
    await w.wait(Promise.all(sent))
    await w.run(100)
    expect(story.map((line) => Number(line.slice(11)))).toEqual(
      Array.from({ length: 5_000 }, (_, i) => i),
    )
  })

  it('reject when the wait is aborted, and the message is not sent', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const story = listen(b!)
    b!.pause()
    await w.run(1)
    while (a!.tryWhisper(b!, 'x'.repeat(1_000)));
    const control = new AbortController()
    const wait = a!.whisper(b!, 'never', { signal: control.signal })
    control.abort(new Error('enough'))
    await expect(wait).rejects.toMatchObject({ ...code('ABORTED'), cause: { message: 'enough' } })
    b!.resume()
    await w.run(1_000)
    expect(story.length).toBeGreaterThan(2_000)
    expect(story.some((line) => line.includes('never'))).toBe(false)
  })

  it('reject when the peer leaves while they wait', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    b!.pause()
    await w.run(1)
    while (a!.tryWhisper(b!, 'x'.repeat(1_000)));
    const wait = a!.whisper(b!, 'x')
    wait.catch(() => {})
    await w.wait(b!.stop())
    await w.run(2_000)
    await expect(wait).rejects.toMatchObject(code('PEER_GONE'))
  })

  it('a shout waits for every member, and not for those that leave', async () => {
    const w = world()
    const [a, b, c] = await w.nodes('a', 'b', 'c')
    const story = listen(b!)
    for (const node of [b!, c!]) node.join('g')
    await w.run(5)
    c!.pause()
    await w.run(1)
    while (a!.tryShout('g', 'x'.repeat(1_000)).full.length === 0);
    await w.run(100)
    expect(a!.tryShout('g', 'partly')).toEqual({ accepted: 1, full: [c!.id] })
    const shout = a!.shout('g', 'last')
    await w.run(10)
    expect(story.at(-1)).toBe('shout g: last')
    let done = false
    shout.then(() => {
      done = true
    })
    await w.run(100)
    expect(done).toBe(false)
    await w.wait(c!.stop())
    await w.wait(shout)
  })

  it('with a signal that has been aborted reject, and nothing is sent', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    b!.join('g')
    await w.run(5)
    const story = listen(b!)
    const options = { signal: AbortSignal.abort() }
    for (const call of [a!.whisper(b!, 'x', options), a!.shout('g', 'x', options)]) {
      await expect(call).rejects.toMatchObject(code('ABORTED'))
    }
    await expect(a!.ping(b!, options)).rejects.toMatchObject(code('ABORTED'))
    await w.run(5)
    expect(story).toEqual([])
  })

  it('from within a listener go out as well', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    a!.on('whisper', ({ peer, message }) => {
      void a!.whisper(peer, `echo ${message.text()}`)
    })
    const answer = b!.next('whisper')
    await b!.whisper(a!, 'hello')
    expect((await w.wait(answer)).message.text()).toBe('echo hello')
  })
})

describe('join and leave', () => {
  it('say whether anything changed', async () => {
    const node = await world().node()
    expect([node.join('x'), node.join('x'), node.leave('x'), node.leave('x')]).toEqual([
      true,
      false,
      true,
      false,
    ])
  })

  it('refuse bad names, and more groups than a HELLO may list', async () => {
    const node = await world().node({ limits: { helloGroups: 2 }, groups: ['1', '2'] })
    const refusal = expect.objectContaining(code('BAD_GROUP'))
    expect(() => node.join('')).toThrow(refusal)
    expect(() => node.join('3')).toThrow(refusal)
    expect(node.join('2')).toBe(false)
    expect(node.leave('1')).toBe(true)
    expect(node.join('3')).toBe(true)
  })
})

describe('next', () => {
  it('may choose among events', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const second = a!.next('whisper', { where: ({ message }) => message.text() === '2' })
    for (const each of ['1', '2', '3']) await b!.whisper(a!, each)
    expect((await w.wait(second)).message.text()).toBe('2')
  })

  it('rejects with what its choice throws, and chooses no more', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const oops = new Error('oops')
    let calls = 0
    const where = (): boolean => {
      calls++
      throw oops
    }
    const wait = a!.next('whisper', { where })
    wait.catch(() => {})
    for (const each of ['1', '2']) await b!.whisper(a!, each)
    await w.run(5)
    await expect(wait).rejects.toBe(oops)
    expect(calls).toBe(1)
  })

  it('rejects when aborted, before or meanwhile', async () => {
    const node = await world().node()
    const control = new AbortController()
    const { signal } = control
    const wait = node.next('enter', { signal })
    control.abort()
    await expect(wait).rejects.toMatchObject(code('ABORTED'))
    await expect(node.next('enter', { signal })).rejects.toMatchObject(code('ABORTED'))
  })

  it('rejects when the node stops, except for the stop itself', async () => {
    const w = world()
    const node = await w.node()
    const enter = node.next('enter')
    enter.catch(() => {})
    const stop = node.next('stop')
    await w.wait(node.stop())
    await expect(enter).rejects.toMatchObject(code('NOT_RUNNING'))
    expect(await stop).toEqual({ type: 'stop' })
    await expect(node.next('enter')).rejects.toMatchObject(code('NOT_RUNNING'))
  })
})

describe('an event that comes while another is told', () => {
  const types = (events: readonly NodeEvent[]): string[] => events.map(({ type }) => type)

  it('(the warning of a typed group, say) comes to everybody after the one that caused it', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    a!.group('g', { codec: json() })
    await w.run(5)
    const heard: NodeEvent[] = []
    for (const type of ['warning', 'shout'] as const) a!.on(type, (event) => heard.push(event))
    const events = a!.events()
    await b!.shout('g', '{')
    await w.run(5)
    expect(types(heard)).toEqual(['shout', 'warning'])
    for (const event of heard) expect((await events.next()).value).toBe(event)
  })

  it('is told to nobody when that is the stop', async () => {
    const w = world()
    const node = await w.node({ groups: ['g'] })
    const heard: NodeEvent[] = []
    for (const type of ['warning', 'stop'] as const) node.on(type, (event) => heard.push(event))
    const events = node.events({ buffer: 1, overflow: 'drop-oldest' })
    const [b] = [await w.node()]
    await w.until(() => node.peers().length === 1)
    await w.wait(node.stop())
    expect(types(heard)).toEqual(['stop'])
    expect((await events.next()).value).toEqual({ type: 'stop' })
    expect((await events.next()).done).toBe(true)
    expect(b.peers()).toEqual([])
  })

  it('and says that events were dropped is not told again for being dropped itself', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const story = listen(a!)
    const options = { buffer: 1, overflow: 'drop-newest' } as const
    const events = a!.events(options)
    for (const each of ['1', '2']) await b!.whisper(a!, each)
    await w.run(5)
    expect(story).toEqual(['whisper b: 1', 'whisper b: 2', 'warning events-dropped'])
    expect(a!.metrics().warnings['events-dropped']).toBe(1)
    await events.return()
  })
})

it('many nodes meet, and a listener that throws harms nobody', async () => {
  const w = world()
  const [a, b] = await w.nodes('a', 'b')
  const oops = new Error('oops')
  a!.on('whisper', () => {
    throw oops
  })
  const story = listen(a!)
  await b!.whisper(a!, '1')
  await b!.whisper(a!, '2')
  await w.run(5)
  expect(story).toEqual(['whisper b: 1', 'whisper b: 2'])
  expect(w.hosts[0]!.uncaught.splice(0)).toEqual([oops, oops])
  expect(await createNodeOn(w.host(), {}).then((node) => w.wait(node.stop()))).toBeUndefined()
})
