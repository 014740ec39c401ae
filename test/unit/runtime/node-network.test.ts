import { describe, expect, it } from 'vitest'
import { EarshotError } from '../../../src/base/errors.ts'
import type { MeshNode } from '../../../src/runtime/node.ts'
import { createNodeOn } from '../../../src/runtime/node.ts'
import type { NetworkInterface } from '../../../src/runtime/platform.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()

function raise(): never {
  throw new Error('nobody listens')
}

function warningsOf(node: MeshNode): string[] {
  const codes: string[] = []
  node.on('warning', (event) => codes.push(event.code))
  return codes
}

describe('a network that changes', () => {
  const other: NetworkInterface = {
    name: 'mem1',
    family: 'IPv4',
    address: '10.0.1.1',
    prefixLength: 24,
    loopback: false,
  }

  it('is noticed within a second, told, and announced', async () => {
    const w = world()
    const node = await w.node({ interfaces: ['mem0', 'mem1', '10.0.0.0/8'].slice(2) })
    const codes = warningsOf(node)
    w.hosts[0]!.all.push(other)
    await w.run(1_001)
    expect(codes).toEqual(['interface-changed'])
    expect(node.interfaces().map(({ name }) => name)).toEqual(['mem0', 'mem1'])
    expect([...w.hosts[0]!.listening.keys()].map((each) => each.split(' ')[0])).toEqual([
      '10.0.0.1',
      '10.0.1.1',
    ])
    w.hosts[0]!.all.pop()
    await w.run(1_001)
    expect(codes).toHaveLength(2)
    expect(w.hosts[0]!.listening.size).toBe(1)
  })

  it('may lose every interface, and gain one again', async () => {
    const w = world()
    const node = await w.node()
    const { all } = w.hosts[0]!
    w.hosts[0]!.all = []
    await w.run(5_000)
    expect(node.interfaces()).toEqual([])
    w.hosts[0]!.all = all
    await w.run(1_001)
    expect(node.interfaces()).toHaveLength(1)
    await w.node()
    await w.until(() => node.peers().length === 1)
  })

  it('while the node stops leaves no listener behind', async () => {
    const w = world()
    const host = w.host()
    const node = await createNodeOn(host, { interfaces: '10.0.0.0/8' })
    const { listen } = host
    let finish: (() => void) | undefined
    host.listen = async (options, handlers) => {
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      return listen.call(host, options, handlers)
    }
    host.all.push(other)
    await w.run(1_001)
    await w.wait(node.stop())
    finish?.()
    await w.run(10)
    expect(host.listening.size).toBe(0)
  })

  it('where a mailbox cannot be opened is told, and tried again', async () => {
    const w = world()
    const host = w.host()
    const node = await createNodeOn(host, { interfaces: '10.0.0.0/8' })
    const codes = warningsOf(node)
    const { listen } = host
    host.listen = () => Promise.reject(new EarshotError('ERR_EARSHOT_NO_INTERFACE', 'not yet'))
    host.all.push(other)
    await w.run(3_001)
    expect(codes.filter((each) => each === 'mailbox-failed')).toHaveLength(3)
    host.listen = listen
    await w.run(1_001)
    expect(host.listening.size).toBe(2)
    await w.wait(node.stop())
  })
})

describe('a mailbox', () => {
  it('that runs out of descriptors for a moment is told and goes on', async () => {
    const w = world()
    const node = await w.node()
    const codes = warningsOf(node)
    const [handlers] = w.hosts[0]!.listening.values()
    handlers!.failed({ kind: 'exhausted', message: 'too many open files' })
    await w.run(3_000)
    expect(codes).toEqual(['accept-failed'])
    await w.node()
    await w.until(() => node.peers().length === 1)
  })

  it('that fails is told, and opened again at the same port', async () => {
    const w = world()
    const node = await w.node()
    const codes = warningsOf(node)
    const [[key, handlers] = raise()] = w.hosts[0]!.listening
    w.hosts[0]!.listening.clear()
    handlers.failed({ kind: 'other', message: 'broken' })
    await w.run(1_001)
    expect(codes[0]).toBe('mailbox-failed')
    expect([...w.hosts[0]!.listening.keys()]).toEqual([key])
  })

  it('whose datagrams cannot be sent is told', async () => {
    const w = world()
    const node = await w.node()
    const codes = warningsOf(node)
    w.hosts[0]!.ports.get(5670)!.failed({ kind: 'unreachable', message: 'no route' })
    expect(codes).toEqual(['datagram-failed'])
  })
})

describe('messages from other networks', () => {
  it('are not heard by a node that was told where to be', async () => {
    const w = world()
    const node = await w.node({ interfaces: 'mem0' })
    const handlers = w.hosts[0]!.ports.get(5670)!
    handlers.datagram(new Uint8Array(5), { address: '192.168.0.1', port: 5670 })
    expect(node.metrics().warnings).toEqual({})
    handlers.datagram(new Uint8Array(5), { address: '10.0.0.77', port: 5670 })
    expect(node.metrics().warnings).toEqual({ 'beacon-signature': 1 })
  })
})
