import { describe, expect, it } from 'vitest'
import { CLikePeer } from '../../support/c-like-peer.ts'
import { type Host, Mesh } from '../../support/mesh.ts'

const C_ID = 'C'.repeat(32)

function apart(mesh: Mesh, ...names: string[]): Host[] {
  return names.map((name, i) => mesh.host({ name, addresses: [`10.${i + 1}.0.1`] }).start())
}

/** Seeds are proposed again and again. */
function keepProposing(
  mesh: Mesh,
  host: Host,
  at: { readonly address: string; readonly port: number },
  until: number,
): void {
  for (let ms = mesh.now; ms < until; ms += 1_000) {
    mesh.network.schedule(ms, () => host.propose(undefined, [at]))
  }
}

describe('a place where somebody unknown is', () => {
  it('is called once, and the connection becomes the link to whoever says who it is', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    keepProposing(mesh, a!, { address: b!.address, port: b!.port }, 30_000)
    mesh.run(30_000)
    expect([a!.story, b!.story]).toEqual([['enter b'], ['enter a']])
    expect(a!.engine.peer(b!.id)).toMatchObject({ foundBy: ['seed'] })
    expect(mesh.network.dials).toHaveLength(2)
  })

  it('is not called when it is another address of a node that is linked already', () => {
    const mesh = new Mesh()
    const [a, b] = [1, 2].map((n) =>
      mesh.host({ name: `${n}`, addresses: [`10.0.0.${n}`, `10.0.1.${n}`] }).start(),
    )
    mesh.run(5_000)
    const dials = mesh.network.dials.length
    for (const address of b!.addresses) keepProposing(mesh, a!, { address, port: b!.port }, 30_000)
    mesh.run(30_000)
    expect(mesh.network.dials).toHaveLength(dials)
    expect([a!.story, b!.story]).toEqual([['enter 2'], ['enter 1']])
    expect(a!.engine.peer(b!.id)!.foundBy).toContain('seed')
  })

  it('may be of another implementation, which gets one HELLO and sees one enter', () => {
    const mesh = new Mesh()
    const [a] = apart(mesh, 'a')
    const c = new CLikePeer(mesh, { id: C_ID, name: 'c', address: '10.7.0.1' }).live(a!, 0)
    keepProposing(mesh, a!, { address: c.address, port: c.port }, 30_000)
    mesh.run(30_000)
    expect(c.story).toEqual(['enter'])
    expect(a!.story).toEqual(['enter c'])
    expect(c.heard().filter((kind) => kind === 'hello')).toHaveLength(1)
    expect(a!.whisper(C_ID, 'hi')).toBe('accepted')
    mesh.run(100)
    expect(c.story).toEqual(['enter', 'whisper'])
  })

  it('is told once when nobody answers there, and is called until somebody does', () => {
    const mesh = new Mesh()
    const [a] = apart(mesh, 'a')
    const b = mesh.host({ name: 'b', addresses: ['10.2.0.1'] })
    keepProposing(mesh, a!, { address: '10.2.0.1', port: b.port }, 300_000)
    mesh.run(120_000)
    expect(a!.warnings()).toEqual(['seed-unreachable'])
    b.start()
    mesh.run(60_000)
    expect(a!.sees(b)).toBe(true)
  })

  it('is called again when its node was restarted, with another id', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    keepProposing(mesh, a!, { address: b!.address, port: b!.port }, 120_000)
    mesh.run(5_000)
    b!.kill()
    const again = mesh.host({ name: 'b again', addresses: b!.addresses, port: b!.port }).start()
    mesh.run(60_000)
    expect(a!.sees(again)).toBe(true)
    expect(a!.sees(b!)).toBe(false)
  })

  it('may be ourselves, by an address that we do not know, and is left alone then', () => {
    const mesh = new Mesh()
    const [a] = apart(mesh, 'a')
    mesh.network.listen({ address: '10.8.0.1', port: 1 }, (socket) => a!.accept(socket))
    keepProposing(mesh, a!, { address: '10.8.0.1', port: 1 }, 60_000)
    mesh.run(60_000)
    expect(a!.story).toEqual([])
    expect(mesh.network.dials.length).toBeLessThan(5)
  })
})
