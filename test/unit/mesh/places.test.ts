import { describe, expect, it } from 'vitest'
import { encodeBeacon } from '../../../src/zre/beacon.ts'
import { BEACON_PORT, type Host, Mesh, testId } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)

function met(): { mesh: Mesh; a: Host; b: Host } {
  const mesh = new Mesh()
  const [a, b] = mesh.start('a', 'b')
  mesh.run(5_000)
  a!.takeStory()
  b!.takeStory()
  return { mesh, a: a!, b: b! }
}

/** A stranger that lives as a peer should. */
function living(): { mesh: Mesh; a: Host; stranger: ZrePeer } {
  const mesh = new Mesh()
  const a = mesh.host({ name: 'a' }).start()
  const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
  stranger.behave(a, 600_000)
  mesh.run(2_000)
  a.takeStory()
  return { mesh, a, stranger }
}

describe('a new identity at a known endpoint', () => {
  it('means that the old one is gone: it was killed and started again', () => {
    const { mesh, a, b } = met()
    b.kill()
    mesh.run(300)
    mesh.host({ name: 'b2', addresses: [b.address], port: b.port }).start()
    mesh.run(100)
    expect(a.story).toEqual(['exit b replaced', 'enter b2'])
    mesh.run(60_000)
    expect(a.story).toHaveLength(2)
  })

  it('replaces one whose host lost power, once its connections break', () => {
    const { mesh, a, b } = met()
    // No RST comes from a host without power; the new one's host knows nothing of the old connections.
    mesh.network.connect(a.address, b.address, 'drop')
    b.kill()
    mesh.run(5_000)
    mesh.network.connect(a.address, b.address, 'up')
    mesh.host({ name: 'b2', addresses: [b.address], port: b.port }).start()
    mesh.run(1_500)
    expect(a.story.slice(-2)).toEqual(['exit b replaced', 'enter b2'])
    mesh.run(60_000)
    expect(a.sees(b)).toBe(false)
    expect(a.engine.peers()).toHaveLength(1)
  })

  /** A beacon as `b` would send it, with a made-up identity. */
  function forge(mesh: Mesh, a: Host, b: Host, index: number): void {
    const id = testId(1_000 + index)
    const bytes = encodeBeacon({ kind: 'beacon', version: 1, id, port: b.port })
    mesh.datagram(bytes, { address: b.address, port: BEACON_PORT }, a)
  }

  it('forged does no harm to the peer that lives there', () => {
    const { mesh, a, b } = met()
    for (let i = 0; i < 20; i++) {
      forge(mesh, a, b, i)
      mesh.run(300)
    }
    mesh.run(60_000)
    a.whisper(b, 'x')
    mesh.run(10)
    expect(a.story).toEqual([])
    expect(b.story).toEqual(['whisper a: x'])
  })

  it('forged a hundred times a second keeps nobody out who comes or comes back', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const b = mesh.host({ name: 'b' })
    const flood = (ms: number): void => {
      for (let i = 0; i < ms / 10; i++) {
        forge(mesh, a!, b, i)
        mesh.run(10)
      }
    }
    flood(1_000)
    b.start()
    flood(2_000)
    a!.takeStory()
    flood(3_000)
    expect(a!.story).toEqual([])
    expect([a!.sees(b), b.sees(a!)]).toEqual([true, true])
    b.kill()
    const again = mesh.host({ name: 'b2', addresses: [b.address], port: b.port }).start()
    flood(3_000)
    a!.takeStory()
    a!.whisper(again, 'to b2')
    again.whisper(a!, 'to a')
    flood(20)
    expect(again.story.at(-1)).toBe('whisper a: to b2')
    expect(a!.story).toEqual(['whisper b2: to a'])
  })

  it('forged does no harm to a peer that is here, and that we have yet to link to', () => {
    const mesh = new Mesh()
    const a = mesh.host({ name: 'a' }).start()
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    // No route, for now.
    mesh.network.setLink(a.address, stranger.address, 'unreachable')
    stranger.beaconUntil(20_000)
    stranger.meet(a, { headers: new Map([['X-EARSHOT', '1']]) })
    mesh.run(1_000)
    const bytes = encodeBeacon({ kind: 'beacon', version: 1, id: testId(77), port: stranger.port })
    mesh.datagram(bytes, { address: stranger.address, port: BEACON_PORT }, a)
    mesh.run(3_000)
    mesh.network.setLink(a.address, stranger.address, 'up')
    mesh.run(6_000)
    expect(a.story.filter((line) => !line.startsWith('warning'))).toEqual(['enter stranger'])
    expect(a.engine.metrics().peers[0]).toMatchObject({ id: STRANGER, link: 'open' })
  })

  it('named in the HELLO of another peer of that host does no harm either', () => {
    const { mesh, a, b } = met()
    const impostor = new ZrePeer(mesh, { id: STRANGER, address: b.address, port: b.port })
    impostor.meet(a)
    mesh.run(60_000)
    expect(a.story.filter((line) => line.includes(' b'))).toEqual([])
    expect(b.story).toEqual([])
  })
})

describe('a known identity at a new endpoint', () => {
  it('has moved: its link is started over there', () => {
    const { mesh, a, stranger } = living()
    const moved = new ZrePeer(mesh, { id: STRANGER, address: '10.0.0.98', port: 50_001 }).listen()
    // The old host vanishes without a word.
    mesh.network.connect('10.0.0.1', '10.0.0.99', 'drop')
    mesh.run(2_000)
    moved.beaconUntil(mesh.now + 20_000)
    mesh.run(1_000)
    expect(moved.heard()[0]).toBe('hello')
    expect(a.engine.peer(STRANGER)!.endpoint).toBe('tcp://10.0.0.98:50001')
    expect(a.story).toEqual([])
    expect(stranger.id).toBe(moved.id)
  })

  it('has moved, too, when only its link comes from there, and no beacon: it is behind a router', () => {
    const { mesh, a, stranger } = living()
    mesh.network.connect(a.address, stranger.address, 'drop')
    const moved = new ZrePeer(mesh, { id: STRANGER, address: '10.9.0.98', port: 50_001 }).listen()
    moved.meet(a)
    mesh.run(3_500)
    expect(moved.heard()[0]).toBe('hello')
    expect(a.engine.peer(STRANGER)!.endpoint).toBe('tcp://10.9.0.98:50001')
  })

  it('has not, when its link comes from there, while the known one beacons: it is on two networks', () => {
    const { mesh, a, stranger } = living()
    mesh.network.setLink(stranger.address, a.address, 'deaf')
    stranger.dial(a, undefined, '10.9.0.99')
    stranger.hello()
    mesh.run(30_000)
    expect(mesh.network.dials.filter(({ to }) => to.address === '10.9.0.99')).toEqual([])
    expect(a.engine.peer(STRANGER)!.endpoint).toBe('tcp://10.0.0.99:50000')
  })

  it('has not, while the known endpoint beacons as well: it is on two networks', () => {
    const mesh = new Mesh()
    const a = mesh.host({ name: 'a', addresses: ['10.0.0.1', '10.0.1.1'] }).start()
    const b = mesh.host({ name: 'b', addresses: ['10.0.0.2', '10.0.1.2'] }).start()
    mesh.run(120_000)
    expect([a.story, b.story]).toEqual([['enter b'], ['enter a']])
    expect(mesh.network.dials).toHaveLength(2)
  })

  it('has not, when it still answers at the old one', () => {
    const { mesh, a, stranger } = living()
    mesh.network.setLink(stranger.address, a.address, 'deaf')
    mesh.run(3_000)
    const bytes = encodeBeacon({ kind: 'beacon', version: 1, id: STRANGER, port: 50_001 })
    for (let i = 0; i < 5; i++) {
      mesh.datagram(bytes, { address: '10.0.0.66', port: BEACON_PORT }, a)
      mesh.run(1_000)
    }
    expect(mesh.network.dials.filter(({ to }) => to.port === 50_001)).toEqual([])
    expect(a.engine.peer(STRANGER)!.endpoint).toBe('tcp://10.0.0.99:50000')
  })

  it('has not, when we met it on another network than it beacons on; it is asked once', () => {
    const { mesh, a, stranger } = living()
    mesh.network.setLink(stranger.address, a.address, 'deaf')
    const bytes = encodeBeacon({ kind: 'beacon', version: 1, id: STRANGER, port: stranger.port })
    mesh.run(3_000)
    stranger.received.length = 0
    for (let i = 0; i < 20; i++) {
      mesh.datagram(bytes, { address: '10.0.1.99', port: BEACON_PORT }, a)
      mesh.run(1_000)
    }
    expect([a.story, stranger.heard()]).toEqual([[], ['ping']])
  })

  it('follows a node on two networks to the one that is left', () => {
    const mesh = new Mesh()
    const a = mesh.host({ name: 'a', addresses: ['10.0.0.1', '10.0.1.1'] }).start()
    const b = mesh.host({ name: 'b', addresses: ['10.0.0.2', '10.0.1.2'] }).start()
    mesh.run(5_000)
    mesh.network.connect('10.0.0.1', '10.0.0.2', 'drop')
    mesh.run(10_000)
    a.takeStory()
    b.takeStory()
    a.whisper(b, 'this way')
    b.whisper(a, 'this way')
    mesh.run(1_000)
    expect([a.story, b.story]).toEqual([['whisper b: this way'], ['whisper a: this way']])
  })
})
