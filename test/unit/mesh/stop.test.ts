import { describe, expect, it } from 'vitest'
import { DEFAULT_TIMERS } from '../../../src/mesh/options.ts'
import { decodeBeacon } from '../../../src/zre/beacon.ts'
import { type Host, Mesh } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)

function met(): { mesh: Mesh; a: Host; stranger: ZrePeer } {
  const mesh = new Mesh()
  const a = mesh.host({ name: 'a' }).start()
  const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
  stranger.meet(a)
  mesh.run(2_000)
  a.takeStory()
  stranger.received.length = 0
  return { mesh, a, stranger }
}

/** Nothing is to be done any more, and nothing is open. */
function expectNothingLeft(mesh: Mesh, host: Host): void {
  expect(host.isStopped).toBe(true)
  expect(host.engine.pollTimeout()).toBe(Number.POSITIVE_INFINITY)
  expect(host.sockets.size).toBe(0)
  const { length } = host.log
  const before = host.engine.metrics().mesh
  mesh.run(60_000)
  expect(host.log).toHaveLength(length)
  expect(host.engine.metrics().mesh).toEqual(before)
}

describe('a node that stops', () => {
  it('says goodbye over its links and three times by beacon, a few milliseconds apart', () => {
    const { mesh, a, stranger } = met()
    const beacons: [number, number][] = []
    mesh.hearers.push((bytes) => {
      const beacon = decodeBeacon(bytes)
      if (beacon.kind === 'beacon') beacons.push([mesh.now, beacon.port])
    })
    const at = mesh.now + mesh.network.latencyMs
    a.stop()
    mesh.run(100)
    expect(stranger.heard()).toEqual(['goodbye'])
    expect(beacons).toEqual([
      [at, 0],
      [at + DEFAULT_TIMERS.goodbyeSpacingMs, 0],
      [at + 2 * DEFAULT_TIMERS.goodbyeSpacingMs, 0],
    ])
    expect(stranger.line!.ended).toBe('closed')
    expect(stranger.accepted[0]!.ended).toBe('closed')
  })

  it('has stopped within milliseconds when nothing is pending, and leaves nothing behind', () => {
    const { mesh, a } = met()
    a.stop()
    mesh.run(20)
    expectNothingLeft(mesh, a)
  })

  it('tells no exit of its peers, and nothing at all after the end', () => {
    const { mesh, a } = met()
    a.stop()
    mesh.run(100)
    expect(a.story).toEqual([])
    expect(a.log.map(({ event }) => event.type)).toEqual(['stopped'])
  })

  it('alone stops as well', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    mesh.run(10)
    a!.stop()
    mesh.run(20)
    expectNothingLeft(mesh, a!)
  })

  it('before it has started stops as well', () => {
    const mesh = new Mesh()
    const a = mesh.host()
    a.stop()
    mesh.run(20)
    expectNothingLeft(mesh, a)
  })

  it('twice stops once', () => {
    const { mesh, a, stranger } = met()
    a.stop()
    a.stop()
    mesh.run(2)
    a.stop()
    mesh.run(50)
    expect(stranger.heard()).toEqual(['goodbye'])
    expectNothingLeft(mesh, a)
  })

  it('first sends everything that was accepted', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(20)
    for (let i = 0; i < 2_000; i++) expect(a!.whisper(b!, `${i}`.padEnd(500))).toBe('accepted')
    a!.stop()
    mesh.run(900)
    expect(b!.story.filter((line) => line.startsWith('whisper'))).toHaveLength(2_000)
    expect(b!.story.at(-1)).toBe('exit a goodbye')
    expectNothingLeft(mesh, a!)
  })

  it('with a peer that does not read gives up after two lingers', () => {
    const { mesh, a, stranger } = met()
    stranger.accepted[0]!.socket.setReading(false)
    a.whisper(stranger, 'never read')
    mesh.run(5)
    const at = mesh.now
    a.stop()
    mesh.until(() => a.isStopped)
    expect(mesh.now - at).toBe(2 * DEFAULT_TIMERS.lingerMs)
    expect(a.engine.pollTimeout()).toBe(Number.POSITIVE_INFINITY)
  })

  it('tells how many accepted messages were not written in time', () => {
    const { mesh, a, stranger } = met()
    stranger.accepted[0]!.socket.setReading(false)
    for (let i = 0; i < 500; i++) expect(a.whisper(stranger, 'x'.repeat(1_000))).toBe('accepted')
    mesh.run(5)
    a.stop()
    mesh.until(() => a.isStopped)
    expect(a.story).toEqual(['warning messages-lost'])
    expect(a.engine.metrics().mesh.messagesLost).toBe(500)
  })

  it('does not wait for a dial that nobody answers', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER })
    stranger.beacon()
    mesh.network.setLink(a!.address, stranger.address, 'drop')
    mesh.run(100)
    expect(a!.sockets.size).toBe(1)
    a!.stop()
    mesh.run(50)
    expectNothingLeft(mesh, a!)
  })

  it('does not wait for a caller that never says who it is', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    mesh.network.dial('10.0.0.66', a!.endpoint, { bytes: () => {}, ended: () => {} })
    mesh.run(10)
    a!.stop()
    mesh.run(50)
    expectNothingLeft(mesh, a!)
  })

  it('takes no new connection and no new peer', () => {
    const { mesh, a, stranger } = met()
    stranger.accepted[0]!.socket.setReading(false)
    a.whisper(stranger, 'x')
    mesh.run(5)
    a.stop()
    mesh.run(DEFAULT_TIMERS.lingerMs + 10)
    const late = new ZrePeer(mesh, { id: 'E'.repeat(32), address: '10.0.0.98' }).listen()
    late.beacon()
    const line = late.dial(a)
    expect(line.ended).toBe('reset')
    expect(late.accepted).toEqual([])
    expect(a.story).toEqual([])
  })

  it('refuses nothing of what still comes while it sends the rest', () => {
    const { mesh, a, stranger } = met()
    stranger.accepted[0]!.socket.setReading(false)
    a.whisper(stranger, 'x')
    mesh.run(5)
    a.stop()
    stranger.say({ kind: 'whisper' }, 'until the end')
    mesh.run(5)
    expect(a.story).toEqual(['whisper stranger: until the end'])
  })

  it('stops even if its peer stops at the same moment', () => {
    const mesh = new Mesh()
    const hosts = mesh.start('a', 'b', 'c')
    mesh.run(50)
    for (const host of hosts) host.stop()
    mesh.run(100)
    for (const host of hosts) expectNothingLeft(mesh, host)
  })

  it('stops even if its peer dies meanwhile', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(50)
    b!.freeze()
    a!.whisper(b!, 'x')
    mesh.run(5)
    a!.stop()
    mesh.run(100)
    b!.kill()
    mesh.run(50)
    expectNothingLeft(mesh, a!)
  })
})

describe('after all', () => {
  it('a mesh of twenty meets, talks and parts, and nothing is left', () => {
    const mesh = new Mesh()
    const hosts = Array.from({ length: 20 }, (_, i) =>
      mesh.host({ name: `n${i}`, groups: ['all'] }).start(),
    )
    mesh.run(1_000)
    for (const host of hosts) expect(host.engine.peers()).toHaveLength(19)
    for (const host of hosts) expect(host.shout('all', 'hi').accepted).toBe(19)
    mesh.run(100)
    for (const host of hosts) {
      expect(host.story.filter((line) => line.startsWith('shout'))).toHaveLength(19)
      expect(host.warnings()).toEqual([])
    }
    for (const host of hosts.slice(0, 10)) host.stop()
    mesh.run(100)
    for (const host of hosts.slice(10)) {
      expect(host.story.filter((line) => line.endsWith('goodbye'))).toHaveLength(10)
      expect(host.engine.metrics().peers).toHaveLength(9)
      expect(host.sockets.size).toBe(18)
      host.stop()
    }
    mesh.run(100)
    for (const host of hosts) expectNothingLeft(mesh, host)
  })
})
