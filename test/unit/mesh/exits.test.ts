import { describe, expect, it } from 'vitest'
import { DEFAULT_TIMERS } from '../../../src/mesh/options.ts'
import { encodeBeacon } from '../../../src/zre/beacon.ts'
import { BEACON_PORT, type Host, Mesh } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)

function met(settleMs = 5_000): { mesh: Mesh; a: Host; b: Host } {
  const mesh = new Mesh()
  const [a, b] = mesh.start('a', 'b')
  mesh.run(settleMs)
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

describe('a killed peer', () => {
  it.each([0, 137, 333, 500, 777, 999])(
    'is gone within 2 s, when it dies %i ms into a second',
    (offset) => {
      const { mesh, a, b } = met(5_000 + offset)
      const killedAt = mesh.now
      b.kill()
      mesh.run(10_000)
      expect(a.story).toEqual(['exit b closed'])
      expect(a.log[0]!.at - killedAt).toBeLessThan(2_000)
    },
  )

  it('is not gone before its beacons have stopped', () => {
    const { mesh, a, b } = met()
    b.kill()
    // Somebody still sends its beacons: so nothing is certain.
    const beacon = encodeBeacon({ kind: 'beacon', version: 1, id: b.id, port: b.port })
    for (let i = 0; i < 10; i++) {
      mesh.run(1_000)
      mesh.datagram(beacon, { address: b.address, port: BEACON_PORT }, a)
    }
    expect(a.story).toEqual(['warning dial-failed'])
    mesh.run(1_600)
    expect(a.story).toEqual(['warning dial-failed', 'exit b closed'])
    expect(a.log.at(-1)!.at - mesh.now).toBeGreaterThan(-200)
  })

  it('that never beaconed is gone as soon as its mailbox refuses', () => {
    const mesh = new Mesh()
    const a = mesh.host({ name: 'a' }).start()
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    stranger.meet(a)
    mesh.run(2_000)
    a.takeStory()
    stranger.unlisten()
    stranger.line!.socket.destroy()
    stranger.accepted[0]!.socket.destroy()
    mesh.run(200)
    expect(a.story).toEqual(['exit stranger closed'])
  })

  it('is told with what was lost', () => {
    const { mesh, a, b } = met()
    b.freeze()
    for (let i = 0; i < 3; i++) a.whisper(b, 'x')
    mesh.run(5)
    b.kill()
    mesh.run(5_000)
    expect(a.story).toEqual(['warning messages-lost', 'exit b closed'])
    expect(a.engine.metrics().mesh.messagesLost).toBe(3)
  })
})

describe('not an exit is', () => {
  it('a closed link, while the peer can be dialled again', () => {
    const { mesh, a, b } = met()
    for (const socket of [...a.sockets.values()]) {
      socket.end({ kind: 'reset', message: 'test' })
    }
    for (const socket of [...b.sockets.values()]) {
      socket.end({ kind: 'reset', message: 'test' })
    }
    mesh.run(20_000)
    expect([a.story, b.story]).toEqual([[], []])
  })

  it('a mailbox that refuses while the links stand', () => {
    const { mesh, a, b } = met()
    mesh.network.connect(a.address, b.address, 'refuse')
    mesh.run(60_000)
    expect([a.story, b.story]).toEqual([[], []])
  })

  it('beacons that stop, while PINGs are answered', () => {
    const { mesh, a, b } = met()
    mesh.network.connect(a.address, b.address, 'deaf')
    mesh.run(120_000)
    const kinds = new Set(a.story.map((line) => line.split(' ')[0]))
    expect([...kinds].toSorted()).toEqual(['alive', 'evasive'])
  })

  it('a network that breaks for 20 s and drops everything', () => {
    const { mesh, a, b } = met()
    mesh.network.connect(a.address, b.address, 'drop')
    mesh.run(20_000)
    mesh.network.connect(a.address, b.address, 'up')
    mesh.run(20_000)
    expect(a.story).toEqual(['evasive b', 'silent b', 'alive b'])
    expect(b.story).toEqual(['evasive a', 'silent a', 'alive a'])
  })

  it('a host that cannot be reached for a while: it expires like any silent one', () => {
    const { mesh, a, b } = met()
    mesh.network.connect(a.address, b.address, 'unreachable')
    for (const socket of [...a.sockets.values()]) {
      socket.end({ kind: 'unreachable', message: 'no route' })
    }
    mesh.run(29_000)
    expect(a.story).toEqual(['warning dial-failed', 'evasive b', 'silent b'])
    mesh.run(2_000)
    expect(a.story.at(-1)).toBe('exit b expired')
  })
})

describe('a frozen peer', () => {
  it('is gone only when its silence has lasted', () => {
    const { mesh, a, b } = met()
    b.freeze()
    mesh.run(DEFAULT_TIMERS.expiredMs - 1_100)
    expect(a.story).toEqual(['evasive b', 'silent b'])
    mesh.run(1_200)
    expect(a.story).toEqual(['evasive b', 'silent b', 'exit b expired'])
  })

  it('that wakes up in time was never gone', () => {
    const { mesh, a, b } = met()
    b.freeze()
    a.whisper(b, 'are you there?')
    mesh.run(25_000)
    b.thaw()
    mesh.run(100)
    expect(a.story).toEqual(['evasive b', 'silent b', 'alive b'])
    expect(b.story).toEqual(['whisper a: are you there?'])
  })
})

describe('goodbye', () => {
  it('of a node that stops is an exit at once', () => {
    const { mesh, a, b } = met()
    const at = mesh.now
    b.stop()
    mesh.run(10_000)
    expect(a.story).toEqual(['exit b goodbye'])
    expect(a.log[0]!.at - at).toBeLessThanOrEqual(2)
  })

  it('of another implementation is its beacon with port 0 and its links closing, in any order', () => {
    for (const beaconFirst of [true, false]) {
      const { mesh, a, stranger } = living()
      stranger.onMessage = () => {}
      const leave = [
        () => stranger.beacon(0),
        () => {
          stranger.unlisten()
          stranger.line!.socket.close()
          stranger.accepted[0]!.socket.close()
        },
      ]
      for (const step of beaconFirst ? leave : leave.toReversed()) {
        step()
        mesh.run(2)
      }
      mesh.run(20)
      expect(a.story).toEqual(['exit stranger goodbye'])
    }
  })

  it('by beacon alone is believed only when the peer has shown no life on its link for linkDeadMs', () => {
    const { mesh, a, stranger } = living()
    stranger.onMessage = () => {}
    stranger.beacon(0)
    stranger.beaconUntil(mesh.now + DEFAULT_TIMERS.linkDeadMs)
    mesh.run(DEFAULT_TIMERS.linkDeadMs - 5)
    expect(a.story).toEqual([])
    mesh.run(10)
    expect(a.story).toEqual(['exit stranger goodbye'])
  })

  it('forged for a peer that answers is a warning, however often', () => {
    const { mesh, a, stranger } = living()
    for (let i = 0; i < 3; i++) {
      stranger.beacon(0)
      mesh.run(100)
    }
    mesh.run(5_000)
    expect(a.story).toEqual(new Array(3).fill('warning goodbye-unconfirmed'))
    expect(a.sees(stranger)).toBe(true)
  })

  it('forged for a peer that is too busy to answer, but talks, is not believed', () => {
    const { mesh, a, stranger } = living()
    stranger.onMessage = () => {}
    stranger.beacon(0)
    for (let i = 0; i < 50; i++) {
      mesh.run(100)
      stranger.say({ kind: 'whisper' })
    }
    expect(a.story.filter((line) => line.startsWith('exit'))).toEqual([])
  })

  it('from another address is a warning, and the peer is not even asked', () => {
    const { mesh, a, stranger } = living()
    stranger.onMessage = () => {}
    stranger.beacon(0, '10.0.0.66')
    mesh.run(5_000)
    expect(a.story).toEqual(['warning goodbye-unconfirmed'])
    expect(stranger.heard()).toEqual(['hello'])
  })

  it('for somebody unknown is nothing', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    new ZrePeer(mesh, { id: STRANGER }).beacon(0)
    mesh.run(1_000)
    expect([a!.story, a!.engine.metrics().peers]).toEqual([[], []])
  })

  it('for a candidate that nobody has linked with is believed', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER })
    stranger.beacon()
    mesh.run(10)
    stranger.beacon(0)
    mesh.run(10)
    expect([a!.story, a!.engine.metrics().peers]).toEqual([[], []])
  })

  it('then hello: a peer may come back at once', () => {
    const { mesh, a, b } = met()
    b.stop()
    mesh.run(100)
    const again = mesh.host({ name: 'b2', addresses: [b.address], port: b.port }).start()
    mesh.run(100)
    expect(a.story).toEqual(['exit b goodbye', 'enter b2'])
    expect(again.story).toEqual(['enter a'])
  })
})
