import { describe, expect, it, vi } from 'vitest'
import { utf8Encode } from '../../../src/base/bytes.ts'
import { Engine } from '../../../src/mesh/engine.ts'
import type { MeshNode } from '../../../src/runtime/node.ts'
import type { TraceEvent } from '../../../src/runtime/tracing.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()
const bytes = utf8Encode

/** All that a node hears: on its channel `c`, and as an application. */
function hear(node: MeshNode): { said: string[]; send: ReturnType<MeshNode['channel']> } {
  const said: string[] = []
  const send = node.channel('c', (peer, frames) => {
    said.push(`c ${peer.name} ${frames.map((each) => Buffer.from(each).toString()).join('|')}`)
  })
  node.on('whisper', ({ peer, message }) => said.push(`whisper ${peer.name} ${message.text()}`))
  node.on('shout', ({ peer, message }) => said.push(`shout ${peer.name} ${message.text()}`))
  return { said, send }
}

async function pair() {
  const w = world()
  const a = await w.node({ name: 'a', groups: ['g'] })
  const b = await w.node({ name: 'b', groups: ['g'] })
  await w.until(() => a.peers().length === 1 && b.peers().length === 1)
  return { w, a, b }
}

describe('a channel', () => {
  it('carries frames to the same service of another node, and the application hears nothing of it', async () => {
    const { w, a, b } = await pair()
    const atA = hear(a)
    const atB = hear(b)
    expect(atA.send.send(b.id, [bytes('x'), bytes('y')])).toBe(true)
    await a.whisper(b.id, 'hello')
    await w.until(() => atB.said.length === 2)
    expect(atB.said).toEqual(['c a x|y', 'whisper a hello'])
  })

  it('that nobody has opened there is counted, and nothing else', async () => {
    const { w, a, b } = await pair()
    const heard: string[] = []
    b.on('whisper', ({ message }) => heard.push(message.text()))
    b.on('warning', ({ code }) => heard.push(code))
    const channel = a.channel('other', () => {})
    expect(channel.send(b.id, [bytes('x')])).toBe(true)
    await a.whisper(b.id, 'after')
    await w.until(() => heard.length > 0)
    expect(heard).toEqual(['after'])
  })

  it('does not reach whoever is not there', async () => {
    const { a } = await pair()
    expect(hear(a).send.send('0'.repeat(32) as typeof a.id, [bytes('x')])).toBe(false)
  })

  it('refuses a message of no frames, which would not be told from the application’s', async () => {
    const { w, a, b } = await pair()
    const { send } = hear(a)
    const { said } = hear(b)
    expect(() => send.send(b.id, [])).toThrow(TypeError)
    expect(() => send.send('0'.repeat(32) as typeof a.id, [])).toThrow(TypeError)
    expect(send.send(b.id, [new Uint8Array()])).toBe(true)
    await w.until(() => said.length > 0)
    expect(said).toEqual(['c a '])
  })

  it('is one of its name at a time, and free again once closed', async () => {
    const { a } = await pair()
    const first = a.channel('c', () => {})
    expect(() => a.channel('c', () => {})).toThrow('open already')
    first.close()
    a.channel('c', () => {}).close()
  })

  it('survives a handler that throws', async () => {
    const { w, a, b } = await pair()
    b.channel('bad', () => {
      throw new Error('a service is broken')
    })
    a.channel('bad', () => {}).send(b.id, [bytes('x')])
    const { said } = hear(b)
    await a.whisper(b.id, 'on')
    await w.until(() => said.length === 1)
    expect(w.hosts[1]!.uncaught.splice(0)).toHaveLength(1)
  })

  it('cannot be spoken on by an application: whispers that look like it are refused', async () => {
    const { a, b } = await pair()
    expect(() => a.tryWhisper(b.id, [bytes('\0earshot:c'), bytes('x')])).toThrow(TypeError)
    await expect(a.whisper(b.id, [bytes('\0earshot:'), bytes('x')])).rejects.toThrow(TypeError)
    await a.whisper(b.id, [bytes('\0earshot'), bytes('x')])
    await a.whisper(b.id, '\0earshot:c')
  })
})

describe('messages of services', () => {
  it('and prefaces are counted apart from the application’s, in the same way on both sides', async () => {
    const { w, a, b } = await pair()
    const atA = hear(a)
    atA.send.preface(() => [bytes('now')])()
    atA.send.send(b.id, [bytes('on c')])
    a.channel('other', () => {}).send(b.id, [bytes('to nobody')])
    await a.whisper(b.id, 'hello')
    const { said } = hear(b)
    await w.until(() => said.includes('whisper a hello'))
    const [sent, received] = [a.metrics(), b.metrics()]
    const bytesOfServices =
      3 * '\0earshot:c'.length + 'other'.length - 1 + 'nowon cto nobody'.length
    expect(sent.mesh).toMatchObject({
      messagesOut: 1,
      whispersOut: 1,
      serviceMessagesOut: 3,
      serviceBytesOut: bytesOfServices,
    })
    expect(received.mesh).toMatchObject({
      messagesIn: 1,
      whispersIn: 1,
      serviceMessagesIn: 3,
      serviceBytesIn: bytesOfServices,
    })
    expect(sent.peers[0]).toMatchObject({ messagesOut: 1, bytesOut: 5 })
    expect(received.peers[0]).toMatchObject({ messagesIn: 1, bytesIn: 5 })
    expect(received.node.serviceMessagesUnclaimed).toBe(1)
  })

  it('that find no room block nobody, and are none of the messages that are lost', async () => {
    const { w, a, b } = await pair()
    const heard: string[] = []
    for (const type of ['blocked', 'unblocked', 'warning'] as const)
      a.on(type, () => heard.push(type))
    a.on('exit', ({ lost }) => heard.push(`lost ${lost}`))
    const { send } = hear(a)
    b.pause()
    let accepted = 0
    while (send.send(b.id, [new Uint8Array(100_000)])) accepted++
    expect(accepted).toBeGreaterThan(10)
    await w.run(5_000)
    expect(a.metrics().peers[0]).toMatchObject({ blocked: false, outboxMessages: 0 })
    await w.wait(b.stop())
    await w.until(() => heard.length > 0)
    expect(heard).toEqual(['lost 0'])
    expect(a.metrics().mesh.messagesLost).toBe(0)
  })
})

describe('a standing preface', () => {
  it('is of one service, once', async () => {
    const node = await world().node()
    const { preface } = node.channel('c', () => {})
    preface(() => [bytes('one')])
    expect(() => preface(() => [bytes('two')])).toThrow('one service')
    expect(() => node.channel('d', () => {}).preface(() => [])).toThrow('one service')
  })

  it('of no frames says nothing', async () => {
    const { w, a, b } = await pair()
    const { said } = hear(b)
    hear(a).send.preface(() => [])()
    await a.whisper(b.id, 'one')
    await w.until(() => said.length > 0)
    expect(said).toEqual(['whisper a one'])
    expect(a.metrics().mesh.serviceMessagesOut).toBe(0)
  })

  it('is said once before the next message, again when it was replaced, and never for a channel', async () => {
    const { w, a, b } = await pair()
    const atA = hear(a)
    const { said } = hear(b)
    let word = 'p'
    const renew = atA.send.preface(() => [bytes(word)])
    await a.whisper(b.id, '1')
    renew()
    atA.send.send(b.id, [bytes('aside')])
    await a.shout('g', '2')
    await a.whisper(b.id, '3')
    renew()
    renew()
    word = 'r'
    await a.whisper(b.id, '4')
    await w.until(() => said.length >= 7)
    expect(said).toEqual([
      'whisper a 1',
      'c a aside',
      'c a p',
      'shout a 2',
      'whisper a 3',
      'c a r',
      'whisper a 4',
    ])
  })
})

describe('a traced message', () => {
  const stages = (events: TraceEvent[]) =>
    events.map(({ stage, group }) => `${stage} ${group ?? '-'}`)

  async function tracedPair() {
    const { w, a, b } = await pair()
    const atA: TraceEvent[] = []
    const atB: TraceEvent[] = []
    a.onTrace((event) => atA.push(event))
    b.onTrace((event) => atB.push(event))
    return { w, a, b, atA, atB }
  }

  it('is followed on both sides under one id', async () => {
    const { w, a, b, atA, atB } = await tracedPair()
    await a.whisper(b.id, 'plain')
    await a.whisper(b.id, 'hello', { trace: true })
    await w.until(() => atB.length === 2)
    expect(stages(atA)).toEqual(['sent -', 'accepted -', 'written -'])
    expect(stages(atB)).toEqual(['received -', 'handled -'])
    expect(new Set([...atA, ...atB].map(({ trace }) => trace)).size).toBe(1)
    expect(atA.map(({ peer }) => peer)).toEqual([b.id, b.id, b.id])
    expect(atB[0]).toMatchObject({ peer: a.id, bytes: 5 })
  })

  it('is followed to each receiver of a shout', async () => {
    const { w, a, atA, atB } = await tracedPair()
    const c = await w.node({ groups: ['g'] })
    const atC: TraceEvent[] = []
    c.onTrace((event) => atC.push(event))
    await w.until(() => a.members('g').length === 2 && c.members('g').length === 2)
    await a.shout('g', 'x', { trace: true })
    await w.until(() => atB.length + atC.length === 4)
    expect(stages(atA).sort()).toEqual(
      ['sent g', 'accepted g', 'accepted g', 'written g', 'written g'].sort(),
    )
    expect(stages(atC)).toEqual(['received g', 'handled g'])
  })

  it('may be each n-th', async () => {
    const { w, a, b, atA, atB } = await tracedPair()
    a.sampleTraces(3)
    for (let i = 0; i < 9; i++) await a.whisper(b.id, String(i))
    await w.until(() => atB.length === 6)
    expect(atA.filter(({ stage }) => stage === 'sent')).toHaveLength(3)
  })

  /** Says what a preface would, whenever it is called: as a stranger might. */
  function announcing(from: MeshNode, to: MeshNode, now: number) {
    const spy = vi.spyOn(Engine.prototype, 'whisper')
    from.channel('engine', () => {}).send(to.id, [bytes('x')])
    const engine = spy.mock.contexts[0] as Engine
    spy.mockRestore()
    return (length: string, group: string): void => {
      const frames = ['\0earshot:trace', 'made-up', length, group].map((text) => bytes(text))
      const content = { kind: 'whisper', group: '', frames, byteLength: 0, waits: false } as const
      engine.whisper(to.id, { ...content, whenFull: 'wait', isService: true }, now)
      from.ping(to.id).catch(() => {}) // has it leave with this turn
    }
  }

  it('is not taken for another one: a shout that came after our LEAVE is none', async () => {
    const { w, a, b, atB } = await tracedPair()
    a.shout('g', 'one', { trace: true })
    b.leave('g')
    a.whisper(b.id, 'two')
    await w.until(() => b.metrics().mesh.strayShouts === 1 && b.metrics().mesh.messagesIn === 2)
    expect(atB).toEqual([])
    b.join('g')
    await w.until(() => a.members('g').length === 1)
    a.shout('g', 'one', { trace: true })
    b.leave('g')
    await w.until(() => b.metrics().mesh.strayShouts === 2)
    b.join('g')
    await w.until(() => a.members('g').length === 1)
    await a.shout('g', 'two')
    await w.until(() => b.metrics().mesh.messagesIn === 4)
    expect(atB).toEqual([])
  })

  it('is not taken for one that does not fit what was announced, or comes later', async () => {
    const { w, a, b, atB } = await tracedPair()
    const { said } = hear(b)
    const c = hear(a).send
    const announce = announcing(a, b, w.now)
    announce('4', '')
    await a.whisper(b.id, 'three')
    announce('5', 'g')
    await a.whisper(b.id, 'three')
    announce('5', '')
    await a.shout('g', 'three')
    announce('5', '')
    c.send(b.id, [bytes('in between')])
    await a.whisper(b.id, 'three')
    await w.until(() => said.length === 5)
    expect(atB).toEqual([])
    announce('5', '')
    await a.whisper(b.id, 'three')
    await w.until(() => said.length === 6)
    expect(stages(atB)).toEqual(['received -', 'handled -'])
  })

  it('is not one that comes after a new HELLO', async () => {
    const { w, a, b, atB } = await tracedPair()
    const { said } = hear(b)
    announcing(a, b, w.now)('5', '')
    await w.until(() => b.metrics().mesh.serviceMessagesIn === 2)
    for (const { socket } of [...w.hosts[0]!.streams])
      socket.end({ kind: 'reset', message: 'test' })
    await w.run(2_000)
    expect(b.metrics().mesh.exits.restarted).toBe(0)
    await a.whisper(b.id, 'three')
    await w.until(() => said.length === 1)
    expect(atB).toEqual([])
  })

  it('ends with `failed` where it was certainly not sent', async () => {
    const { w, a, b, atA } = await tracedPair()
    await expect(a.whisper('F'.repeat(32), 'x', { trace: true })).rejects.toThrow('is present')
    expect(stages(atA.splice(0))).toEqual(['sent -', 'failed -'])
    b.pause()
    for (const size of [100_000, 1]) while (a.tryWhisper(b.id, new Uint8Array(size)));
    const waits = new AbortController()
    const aborted = a.whisper(b.id, 'aborted', { trace: true, signal: waits.signal })
    const left = a.whisper(b.id, 'left', { trace: true })
    a.sampleTraces(1)
    expect(a.tryWhisper(b.id, 'no room')).toBe(false)
    expect(a.tryShout('g', 'no room').full).toEqual([b.id])
    a.sampleTraces(0)
    waits.abort()
    await expect(aborted).rejects.toThrow('aborted')
    expect(stages(atA)).toEqual([
      'sent -',
      'sent -',
      'sent -',
      'failed -',
      'sent g',
      'failed g',
      'failed -',
    ])
    expect(new Set(atA.map(({ trace }) => trace)).size).toBe(4)
    atA.length = 0
    const stopping = b.stop()
    await expect(w.wait(left)).rejects.toThrow('left before')
    await w.wait(stopping)
    expect(stages(atA)).toEqual(['failed -'])
  })

  it('that waits in the outbox has failed when its peer is gone, or this node stops', async () => {
    const { w, a, b, atA } = await tracedPair()
    b.pause()
    for (let i = 0; i < 5; i++) a.tryWhisper(b.id, new Uint8Array(100_000))
    await a.whisper(b.id, 'gone', { trace: true })
    await w.wait(b.stop())
    await w.until(() => a.peers().length === 0)
    expect(stages(atA)).toEqual(['sent -', 'accepted -', 'failed -'])
  })

  it('that made room for a newer one ends with `dropped`', async () => {
    const { a, b, atA } = await tracedPair()
    b.pause()
    const shout = (trace: boolean) =>
      a.shout('g', new Uint8Array(100_000), { whenFull: 'drop-oldest', trace })
    for (let i = 0; i < 5; i++) await shout(false)
    await shout(true)
    const { trace } = atA[0]!
    for (let i = 0; i < 200; i++) await shout(false)
    expect(stages(atA)).toEqual(['sent g', 'accepted g', 'dropped g'])
    expect(atA[2]).toMatchObject({ trace, peer: b.id })
  })

  it('survives a listener that throws', async () => {
    const { w, a, b, atA, atB } = await tracedPair()
    for (const node of [a, b]) {
      node.onTrace(() => {
        throw new Error('a listener is broken')
      })
    }
    await a.whisper(b.id, 'hello', { trace: true })
    await w.until(() => atB.length === 2)
    expect(atA).toHaveLength(3)
    expect(w.hosts.map(({ uncaught }) => uncaught.splice(0).length)).toEqual([3, 2])
  })

  it('costs nothing where nobody listens', async () => {
    const { w, a, b } = await pair()
    const { said } = hear(b)
    await a.whisper(b.id, 'x', { trace: true })
    await w.until(() => said.length === 1)
    expect(b.metrics().mesh.messagesIn).toBe(1)
  })
})
