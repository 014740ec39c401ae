import { describe, expect, it } from 'vitest'
import type { MeshNode } from '../../../src/runtime/node.ts'
import { createNodeOn } from '../../../src/runtime/node.ts'
import type { NetworkInterface } from '../../../src/runtime/platform.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()

const code = (name: string) => ({ name: 'EarshotError', code: `ERR_EARSHOT_${name}` })

describe('starting', () => {
  it.each([
    ['no interface at all', {}, [], 'NO_INTERFACE'],
    ['none that was asked for', { interfaces: ['eth9'] }, undefined, 'NO_INTERFACE'],
    ['one of two that were asked for', { interfaces: ['mem0', 'eth9'] }, undefined, 'NO_INTERFACE'],
    ['a bad option', { name: '' }, undefined, 'BAD_OPTION'],
    ['a bad group', { groups: [''] }, undefined, 'BAD_GROUP'],
  ] as const)('with %s rejects, and leaves nothing open', async (_what, options, all, name) => {
    const host = world().host()
    if (all !== undefined) host.all = [...all] as NetworkInterface[]
    await expect(createNodeOn(host, options)).rejects.toMatchObject(code(name))
  })

  it('with a UDP port that is taken rejects, and closes its mailbox', async () => {
    const host = world().host()
    host.ports.set(5670, { datagram: () => {}, failed: () => {} })
    await expect(createNodeOn(host)).rejects.toMatchObject(code('PORT_IN_USE'))
    host.ports.clear()
  })

  it('with a TCP port that is taken rejects; a random one is tried until one is free', async () => {
    const w = world()
    const host = w.host()
    const first = await createNodeOn(host, { interfaces: 'mem0', mailboxPort: 50_000 })
    const second = { interfaces: 'mem0', mailboxPort: 50_000, port: 5671 }
    await expect(createNodeOn(host, second)).rejects.toMatchObject(code('PORT_IN_USE'))
    const random = host.entropy.random
    let calls = 0
    Object.assign(host.entropy, { random: () => (calls++ < 5 ? 848 / 0x4000 : random()) })
    const third = await createNodeOn(host, { interfaces: 'mem0', port: 5671 })
    expect(calls).toBeGreaterThan(5)
    await w.wait(Promise.all([first.stop(), third.stop()]))
  })

  it('uses a mailbox port from 49152 to 65535', async () => {
    const w = world()
    for (let i = 0; i < 20; i++) await w.node()
    const ports = w.hosts.flatMap((host) =>
      [...host.listening.keys()].map((each) => each.split(' ')[1]),
    )
    for (const port of ports.map(Number)) {
      expect(port).toBeGreaterThanOrEqual(49_152)
      expect(port).toBeLessThanOrEqual(65_535)
    }
    expect(new Set(ports).size).toBeGreaterThan(15)
  })

  it('listens on exactly the addresses that were asked for, or on all', async () => {
    const w = world()
    await w.node()
    await w.node({ interfaces: 'mem0' })
    const listening = w.hosts.map((host) =>
      [...host.listening.keys()].map((each) => each.split(' ')[0]),
    )
    expect(listening).toEqual([['0.0.0.0'], ['10.0.0.2']])
  })
})

describe('stopping', () => {
  it('tells peers and listeners, and is the last event', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const exit = b!.next('exit')
    const events = a!.events()
    await w.wait(a!.stop())
    expect((await w.wait(exit)).reason).toBe('goodbye')
    const types: string[] = []
    for await (const event of events) types.push(event.type)
    expect(types).toEqual(['stop'])
  })

  it('twice gives the same promise', async () => {
    const w = world()
    const node = await w.node()
    expect(node.stop()).toBe(node.stop())
    await w.wait(node.stop())
  })

  it('rejects everything that comes later, and throws where there is no promise', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const typed = a!.group('g', { codec: { name: 't', encode: () => new Uint8Array(), decode } })
    await w.wait(a!.stop())
    for (const call of [a!.whisper(b!, 'x'), a!.shout('g', 'x'), a!.ping(b!), typed.shout(1)]) {
      await expect(call).rejects.toMatchObject(code('NOT_RUNNING'))
    }
    const thrown = expect.objectContaining(code('NOT_RUNNING'))
    const calls = [
      () => a!.tryWhisper(b!, 'x'),
      () => a!.tryShout('g', 'x'),
      () => a!.join('g'),
      () => typed.tryShout(1),
    ]
    for (const call of calls) expect(call).toThrow(thrown)
    expect(() => typed.leave()).not.toThrow()
  })

  function decode(): { kind: 'value'; value: number } {
    return { kind: 'value', value: 1 }
  }

  it('sends what was accepted, and what is accepted meanwhile', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const heard: string[] = []
    b!.on('whisper', ({ message }) => heard.push(message.text().trim()))
    b!.pause()
    await w.run(1)
    let accepted = 0
    while (a!.tryWhisper(b!, `${accepted}`.padEnd(1_000))) accepted++
    const waiting = a!.whisper(b!, 'just in time')
    const stopped = a!.stop()
    b!.resume()
    await w.wait(stopped)
    await w.run(100)
    await waiting
    expect(heard).toHaveLength(accepted + 1)
    expect(heard.at(-1)).toBe('just in time')
  })

  it('rejects what still waits at the end', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    b!.pause()
    await w.run(1)
    while (a!.tryWhisper(b!, 'x'.repeat(1_000)));
    const waiting = a!.whisper(b!, 'too late')
    waiting.catch(() => {})
    const ping = a!.ping(b!)
    ping.catch(() => {})
    await w.wait(a!.stop())
    await expect(waiting).rejects.toMatchObject(code('NOT_RUNNING'))
    await expect(ping).rejects.toMatchObject(code('NOT_RUNNING'))
  })

  it('takes two lingers at the most when a peer does not read', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    b!.pause()
    await w.run(1)
    await a!.whisper(b!, 'x')
    await w.run(10)
    const at = w.now
    await w.wait(a!.stop())
    expect(w.now - at).toBeGreaterThanOrEqual(1_000)
    expect(w.now - at).toBeLessThanOrEqual(2_000)
  })

  it('comes with the end of a block', async () => {
    const w = world()
    let kept: MeshNode
    const run = async (): Promise<void> => {
      await using node = await createNodeOn(w.host())
      kept = node
    }
    await w.wait(run())
    await expect(kept!.whisper('x', 'x')).rejects.toMatchObject(code('NOT_RUNNING'))
  })

  it('comes with a signal', async () => {
    const w = world()
    const control = new AbortController()
    const node = await w.node({ signal: control.signal })
    const stop = node.next('stop')
    control.abort()
    await w.wait(stop)
    const aborted = createNodeOn(w.host(), { signal: control.signal })
    await expect(aborted).rejects.toMatchObject(code('ABORTED'))
  })

  it('lets go of the signal', async () => {
    const w = world()
    const { signal } = new AbortController()
    const held = new Set<unknown>()
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      held.add(args[1])
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      held.delete(args[1])
      remove(...args)
    }
    const node = await w.node({ signal })
    expect(held.size).toBe(1)
    await w.wait(node.stop())
    expect(held.size).toBe(0)
  })

  it('comes with a signal even while the node starts: then there is no node', async () => {
    const w = world()
    const control = new AbortController()
    const starting = createNodeOn(w.host(), { signal: control.signal })
    starting.catch(() => {})
    control.abort()
    await w.run(3_000)
    await expect(starting).rejects.toMatchObject(code('ABORTED'))
  })
})

describe('a node that does not read for minutes', () => {
  it('is neither given up nor restarted by its peers, and loses nothing', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const story: string[] = []
    for (const node of [a!, b!]) {
      for (const type of ['enter', 'exit', 'evasive', 'warning'] as const) {
        node.on(type, (event) => {
          story.push(`${node.name}: ${type} ${'code' in event ? event.code : ''}`)
        })
      }
    }
    const heard: string[] = []
    b!.on('whisper', ({ message }) => heard.push(message.text()))
    b!.pause()
    for (let i = 0; i < 300; i++) {
      await a!.whisper(b!, `${i}`)
      await w.run(1_000)
    }
    b!.resume()
    await w.run(100)
    expect(story).toEqual([])
    expect(heard).toEqual(Array.from({ length: 300 }, (_, i) => `${i}`))
  })

  it('because of a slow iteration does the same', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const events = b!.events({ buffer: 10 })
    const exits: unknown[] = []
    for (const node of [a!, b!]) node.on('exit', (event) => exits.push(event))
    const sent: Promise<void>[] = []
    for (let i = 0; i < 4_000; i++) sent.push(a!.whisper(b!, `${i}`.padEnd(2_000)))
    await w.run(120_000)
    const heard: string[] = []
    const read = async (): Promise<void> => {
      for await (const event of events) {
        if (event.type === 'whisper') heard.push(event.message.text().trim())
        if (heard.length === 4_000) return
      }
    }
    await w.wait(read())
    expect(heard).toEqual(Array.from({ length: 4_000 }, (_, i) => `${i}`))
    await w.wait(Promise.all(sent))
    expect(exits).toEqual([])
  })
})
