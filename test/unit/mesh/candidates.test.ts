import { describe, expect, it } from 'vitest'
import { type Host, Mesh, testId } from '../../support/mesh.ts'

/** Hosts that hear nothing of each other: each on a network of its own, with routes between them. */
function apart(mesh: Mesh, ...names: string[]): Host[] {
  return names.map((name, i) => mesh.host({ name, addresses: [`10.${i + 1}.0.1`] }).start())
}

const NOWHERE = { address: '10.9.9.9', port: 50_000 }

describe('a candidate', () => {
  it('is dialled, and each side knows how it found the other', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    a!.propose(b)
    mesh.run(50)
    expect([a!.takeStory(), b!.takeStory()]).toEqual([['enter b'], ['enter a']])
    expect(a!.engine.peer(b!.id)!.foundBy).toEqual(['mdns'])
    expect(b!.engine.peer(a!.id)!.foundBy).toEqual(['link'])
  })

  it('that is found in several ways is one peer', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    a!.propose(b, undefined, 'mdns')
    a!.propose(b, undefined, 'gossip')
    mesh.run(2_000)
    a!.propose(undefined, [{ address: b!.address, port: b!.port }])
    expect(a!.story).toEqual(['enter b'])
    expect(a!.engine.peer(b!.id)!.foundBy).toEqual(['beacon', 'mdns', 'gossip', 'seed'])
    expect(mesh.network.dials).toHaveLength(2)
  })

  it('that entered stays when nobody names it any more', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    a!.propose(b)
    mesh.run(120_000)
    expect(a!.story.filter((line) => line.startsWith('exit'))).toEqual([])
    expect(b!.sees(a!)).toBe(true)
  })

  it('may be dead, and is forgotten when nobody answers for it', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    b!.kill()
    a!.propose(b)
    mesh.run(60_000)
    expect(a!.story.filter((line) => !line.startsWith('warning'))).toEqual([])
    expect(a!.engine.metrics().peers).toEqual([])
  })

  it('is not ourselves, by id or by place', () => {
    const mesh = new Mesh()
    const [a] = apart(mesh, 'a')
    a!.propose(a)
    a!.propose(undefined, [{ address: a!.address, port: a!.port }])
    mesh.run(1_000)
    expect(mesh.network.dials).toEqual([])
  })

  it('does not push aside the peer that is linked where it is said to be', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    a!.propose(b)
    mesh.run(50)
    const at = { address: b!.address, port: b!.port }
    a!.call((engine, now) => engine.handleCandidate('gossip', testId(77), [at], now))
    mesh.run(5_000)
    expect(a!.story).toEqual(['enter b'])
    expect(mesh.network.dials).toHaveLength(2)
    expect(a!.engine.metrics().peers).toHaveLength(1)
  })

  it('that is said to be elsewhere, and is silent, is looked for there', () => {
    const mesh = new Mesh()
    const [a] = apart(mesh, 'a')
    const b = mesh.host({ name: 'b', addresses: ['10.2.0.1', '10.3.0.1'] }).start()
    a!.propose(b)
    mesh.run(2_000)
    mesh.network.connect('10.1.0.1', '10.2.0.1', 'drop')
    for (let i = 0; i < 5; i++) {
      a!.propose(b, [{ address: '10.3.0.1', port: b.port }])
      mesh.run(5_000)
    }
    expect(a!.engine.peer(b.id)!.endpoint).toBe(`tcp://10.3.0.1:${b.port}`)
    expect(a!.story.filter((line) => line.startsWith('exit'))).toEqual([])
  })
})

describe('a peer at several places', () => {
  it('is dialled at the next when the better one has not answered within its head start', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    mesh.network.connect('10.1.0.1', NOWHERE.address, 'drop')
    a!.propose(b, [NOWHERE, { address: b!.address, port: b!.port }])
    mesh.run(240)
    expect(a!.sees(b!)).toBe(false)
    mesh.run(50)
    expect(a!.sees(b!)).toBe(true)
    expect(a!.engine.peer(b!.id)!.endpoint).toBe(`tcp://${b!.address}:${b!.port}`)
    const { dials, dialsSucceeded, dialsFailed, dialsAbandoned } = a!.engine.metrics().mesh
    expect({ dials, dialsSucceeded, dialsFailed, dialsAbandoned }).toEqual({
      dials: 1,
      dialsSucceeded: 1,
      dialsFailed: 0,
      dialsAbandoned: 0,
    })
  })

  it('is dialled at the next at once when the better one refuses', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    a!.propose(b, [NOWHERE, { address: b!.address, port: b!.port }])
    mesh.run(20)
    expect(a!.story).toEqual(['enter b'])
  })

  it('gets one link, also when two connections stand at nearly the same time', () => {
    const mesh = new Mesh()
    const [a] = apart(mesh, 'a')
    const b = mesh.host({ name: 'b', addresses: ['10.2.0.1', '10.3.0.1'] }).start()
    mesh.network.latencyMs = 300
    a!.propose(b, [
      { address: '10.2.0.1', port: b.port },
      { address: '10.3.0.1', port: b.port },
    ])
    mesh.run(10_000)
    expect(mesh.network.dials.filter(({ from }) => from === '10.1.0.1')).toHaveLength(2)
    expect(a!.story).toEqual(['enter b'])
    expect(b.story).toEqual(['enter a'])
    expect([...b.sockets.keys()].filter(({ role }) => role === 'acceptor')).toHaveLength(1)
  })

  it('fails as one dial when no place answers', () => {
    const mesh = new Mesh()
    const [a] = apart(mesh, 'a')
    const b = mesh.host({ name: 'b', addresses: ['10.2.0.1'] })
    a!.propose(b, [NOWHERE, { address: '10.2.0.1', port: b.port }])
    mesh.run(60)
    expect(a!.engine.metrics().mesh.dialsFailed).toBe(1)
    expect(mesh.network.dials).toHaveLength(2)
    b.start()
    a!.propose(b)
    mesh.run(20)
    expect(a!.sees(b)).toBe(true)
  })
})
