import { describe, expect, it } from 'vitest'
import { CLikePeer } from '../../support/c-like-peer.ts'
import { type Host, Mesh } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)

/** The host stops or goes on reading what peers say, as a driver does it. */
function setReading(host: Host, reading: boolean): void {
  for (const [connection, socket] of host.sockets) {
    if (connection.role === 'acceptor') socket.setReading(reading)
  }
  host.call((engine, now) => engine.handleReading(reading, now))
}

function met(): { mesh: Mesh; a: Host; stranger: ZrePeer } {
  const mesh = new Mesh()
  const a = mesh.host({ name: 'a' }).start()
  const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
  stranger.meet(a)
  mesh.run(1_000)
  a.takeStory()
  stranger.received.length = 0
  return { mesh, a, stranger }
}

describe('a node that does not read', () => {
  it('shows life over TCP every 2.5 s, so that no peer finds it evasive', () => {
    const { mesh, a, stranger } = met()
    setReading(a, false)
    mesh.run(10_100)
    expect(stranger.heard().filter((kind) => kind === 'ping')).toHaveLength(4)
    expect(a.engine.metrics().mesh.pingsSent).toBe(4)
    setReading(a, true)
    stranger.received.length = 0
    // Only the PING that every silent peer gets.
    mesh.run(20_000)
    expect(stranger.heard().filter((kind) => kind === 'ping').length).toBeLessThan(2)
  })

  it('shows life as often when it stops reading again and again, each time for a moment', () => {
    const { mesh, a, stranger } = met()
    for (let i = 0; i < 20; i++) {
      setReading(a, false)
      mesh.run(400)
      setReading(a, true)
      mesh.run(100)
    }
    expect(stranger.heard().filter((kind) => kind === 'ping').length).toBeGreaterThanOrEqual(3)
  })

  it('does not expire a peer that has no beacons', () => {
    const { mesh, a, stranger } = met()
    setReading(a, false)
    for (let i = 0; i < 60; i++) {
      stranger.say({ kind: 'whisper' }, `${i}`)
      mesh.run(2_000)
    }
    expect(a.story).toEqual([])
    setReading(a, true)
    mesh.run(10)
    expect(a.story).toHaveLength(60)
    mesh.run(60_000)
    expect(a.story.at(-1)).toBe('exit stranger expired')
  })

  it('does expire a peer whose beacons have stopped', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(2_000)
    setReading(a!, false)
    b!.freeze()
    mesh.run(31_000)
    expect(a!.story.at(-1)).toBe('exit b expired')
  })

  it('does not believe a goodbye that could be contradicted unread', () => {
    const { mesh, a, stranger } = met()
    setReading(a, false)
    stranger.beacon()
    stranger.onMessage = ({ kind }) => {
      if (kind === 'ping') stranger.say({ kind: 'ping-ok' })
    }
    stranger.beacon(0)
    mesh.run(5_000)
    setReading(a, true)
    mesh.run(1_000)
    expect(a.story).toEqual(['warning goodbye-unconfirmed'])
  })

  it('does not give an identity away whose holder may have answered', () => {
    const { mesh, a, stranger } = met()
    const holder = stranger.line!
    const contender = stranger.call(a, undefined, '10.0.0.66')
    mesh.run(20)
    stranger.line = holder
    setReading(a, false)
    stranger.say({ kind: 'ping-ok' })
    mesh.run(3_000)
    expect(contender.ended).toBeUndefined()
    setReading(a, true)
    mesh.run(10)
    expect(contender.ended).toBe('reset')
    expect(holder.ended).toBeUndefined()
  })

  it('sends nothing more to a peer that does not read either', () => {
    const { mesh, a, stranger } = met()
    stranger.accepted[0]!.socket.setReading(false)
    while (a.whisper(stranger, 'x'.repeat(4_000)) === 'accepted');
    setReading(a, false)
    mesh.run(10)
    const before = a.engine.metrics().peers[0]!.outboxBytes
    mesh.run(600_000)
    const after = a.engine.metrics().peers[0]!.outboxBytes
    // A PING a minute, to find out whether the link still stands.
    expect(after - before).toBeLessThan(10 * 2 * 8)
  })

  it('is still known to C Zyre after minutes', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const c = new CLikePeer(mesh, { id: STRANGER, name: 'c' }).live(a!, 600_000)
    mesh.run(3_000)
    setReading(a!, false)
    mesh.run(200_000)
    setReading(a!, true)
    mesh.run(1_000)
    expect(c.story).toEqual(['enter'])
    expect(a!.story).toEqual(['enter c'])
  })
})
