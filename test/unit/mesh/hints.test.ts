import { describe, expect, it } from 'vitest'
import { type Host, Mesh, testId } from '../../support/mesh.ts'

function apart(mesh: Mesh, ...names: string[]): Host[] {
  return names.map((name, i) => mesh.host({ name, addresses: [`10.${i + 1}.0.1`] }).start())
}

/** As gossip and mDNS do: again and again. */
function keepNaming(
  mesh: Mesh,
  host: Host,
  id: string,
  at: { readonly address: string; readonly port: number },
  until: number,
): void {
  for (let ms = mesh.now; ms < until; ms += 5_000) {
    mesh.network.schedule(ms, () =>
      host.call((engine, now) => engine.handleCandidate('gossip', id, [at], now)),
    )
  }
}

const exits = (host: Host): string[] => host.story.filter((line) => line.startsWith('exit'))

describe('a hint', () => {
  it('that somebody else is where a peer is does not end the peer, though its links are down', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    a!.propose(b)
    mesh.run(2_000)
    mesh.network.connect(a!.address, b!.address, 'unreachable')
    for (const socket of [...a!.sockets.values()]) socket.end({ kind: 'reset', message: 'test' })
    mesh.run(10)
    keepNaming(mesh, a!, testId(77), { address: b!.address, port: b!.port }, mesh.now + 5_000)
    mesh.run(2_000)
    mesh.network.connect(a!.address, b!.address, 'up')
    mesh.run(10_000)
    expect(exits(a!)).toEqual([])
    expect(a!.sees(b!)).toBe(true)
  })

  it('that a peer is where another node is does not end the peer', () => {
    const mesh = new Mesh()
    const [a, b, c] = apart(mesh, 'a', 'b', 'c')
    a!.propose(b)
    mesh.run(2_000)
    a!.propose(b, [{ address: c!.address, port: c!.port }])
    mesh.network.latencyMs = 300 // slower than the head start
    for (const socket of [...a!.sockets.values()]) socket.end({ kind: 'reset', message: 'test' })
    mesh.run(20_000)
    expect(exits(a!).filter((line) => !line.includes('restarted'))).toEqual([])
    expect(a!.sees(b!)).toBe(true)
  })

  it('that a silent peer is elsewhere does not have its link dropped', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    a!.propose(b)
    mesh.run(2_000)
    b!.freeze()
    a!.propose(b, [{ address: '10.66.0.1', port: 1 }])
    mesh.run(6_000)
    b!.thaw()
    mesh.run(1_000)
    expect(mesh.network.dials.filter(({ to }) => to.address === '10.66.0.1')).toEqual([])
    expect(exits(a!)).toEqual([])
    expect(a!.warnings()).toEqual([])
  })

  it('that leads nowhere is followed less and less often', () => {
    const mesh = new Mesh()
    const [a] = apart(mesh, 'a')
    keepNaming(mesh, a!, testId(77), { address: '10.66.0.1', port: 1 }, 3_600_000)
    mesh.run(3_600_000)
    expect(mesh.network.dials.length).toBeGreaterThan(5)
    expect(mesh.network.dials.length).toBeLessThan(30)
  })

  it('is one of so many that strangers cannot have us dial at the full rate', () => {
    const mesh = new Mesh()
    const [a] = apart(mesh, 'a')
    for (let second = 0; second < 10; second++) {
      for (let i = 0; i < 500; i++) {
        const at = { address: `10.${50 + second}.${i >> 8}.${i & 255}`, port: 1 }
        a!.call((engine, now) => engine.handleCandidate('mdns', testId(1_000 + i), [at], now))
      }
      mesh.run(1_000)
    }
    expect(mesh.network.dials.length).toBeLessThan(300)
  })

  it('leads to a watch over the peer that it found, by a place alone, too', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    a!.propose(undefined, [{ address: b!.address, port: b!.port }])
    mesh.run(1_000)
    mesh.network.connect(a!.address, b!.address, 'drop')
    mesh.run(60_000)
    expect(exits(a!)).toEqual(['exit b expired'])
  })
})

describe('a refusal', () => {
  it('at another place than its endpoint is no evidence of a peer’s end', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    a!.propose(b)
    mesh.run(2_000)
    a!.propose(b, [{ address: '10.66.0.1', port: 1 }])
    mesh.network.connect(a!.address, b!.address, 'unreachable')
    for (const socket of [...a!.sockets.values()]) socket.end({ kind: 'reset', message: 'test' })
    mesh.run(5_000)
    mesh.network.connect(a!.address, b!.address, 'up')
    mesh.run(10_000)
    expect(exits(a!)).toEqual([])
  })
})

describe('every dial', () => {
  it('succeeds, fails or is abandoned, and is counted so', () => {
    const mesh = new Mesh()
    const [a, b] = apart(mesh, 'a', 'b')
    mesh.network.listen({ address: '10.8.0.1', port: 1 }, (socket) => a!.accept(socket))
    a!.propose(undefined, [{ address: '10.8.0.1', port: 1 }])
    a!.propose(undefined, [{ address: '10.66.0.1', port: 1 }])
    a!.propose(undefined, [{ address: b!.address, port: b!.port }])
    mesh.network.connect(a!.address, '10.67.0.1', 'drop')
    a!.propose(undefined, [{ address: '10.67.0.1', port: 1 }])
    mesh.run(2_000)
    a!.stop()
    mesh.run(5_000)
    const { dials, dialsSucceeded, dialsFailed, dialsAbandoned } = a!.engine.metrics().mesh
    expect(dials).toBe(4)
    expect(dialsSucceeded + dialsFailed + dialsAbandoned).toBe(dials)
  })
})
