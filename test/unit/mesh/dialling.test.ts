import { describe, expect, it } from 'vitest'
import { DEFAULT_TIMERS } from '../../../src/mesh/options.ts'
import { encodeBeacon } from '../../../src/zre/beacon.ts'
import { BEACON_PORT, type Host, Mesh, testId } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)

/** A beacon of a made-up node. */
function forge(mesh: Mesh, to: Host, index: number, address: string, port = 50_000): void {
  const bytes = encodeBeacon({ kind: 'beacon', version: 1, id: testId(10_000 + index), port })
  mesh.datagram(bytes, { address, port: BEACON_PORT }, to)
}

/** One of 250 × 250 addresses. */
function addressOf(index: number): string {
  return `10.${1 + Math.floor(index / 62_500)}.${Math.floor(index / 250) % 250}.${1 + (index % 250)}`
}

function dialTimes(mesh: Mesh, host: Host): number[] {
  return mesh.network.dials.flatMap(({ from, at }) => (from === host.address ? [at] : []))
}

describe('dialling again', () => {
  it('waits longer and longer, half of it by chance, up to a limit', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER })
    stranger.beaconUntil(100_000)
    mesh.run(100_000)
    const times = dialTimes(mesh, a!)
    const { redialMinMs, redialMaxMs } = DEFAULT_TIMERS
    times.slice(1).forEach((at, i) => {
      const waited = at - times[i]! - mesh.network.latencyMs
      const full = Math.min(redialMaxMs, redialMinMs * 2 ** i)
      expect(waited).toBeGreaterThanOrEqual(full / 2 - 0.01)
      expect(waited).toBeLessThanOrEqual(full + 0.01)
    })
    expect(times.length).toBeGreaterThan(25)
    expect(a!.warnings()).toEqual(['dial-failed'])
  })

  it('is not in step among nodes that lost the same peer', () => {
    const mesh = new Mesh()
    const hosts = mesh.start('a', 'b', 'c', 'd')
    const stranger = new ZrePeer(mesh, { id: STRANGER })
    stranger.beaconUntil(20_000)
    mesh.run(20_000)
    const last = hosts.map((host) => dialTimes(mesh, host).at(-1)!)
    expect(new Set(last.map((at) => Math.round(at / 10))).size).toBeGreaterThan(2)
  })

  it('happens at once when a link that stood breaks', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(2_000)
    const [, socket] = [...a!.sockets].find(([connection]) => connection.role === 'dialler')!
    socket.end({ kind: 'reset', message: 'test' })
    mesh.run(1)
    expect(dialTimes(mesh, a!)).toHaveLength(2)
    expect(b!.sees(a!)).toBe(true)
  })

  it('happens at once when a peer beacons after a pause, however long the wait was', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER })
    stranger.meet(a!) // its own mailbox is closed
    const dialsFailed = (): number => a!.engine.metrics().mesh.dialsFailed
    mesh.run(4_000)
    stranger.say({ kind: 'ping' })
    mesh.until(() => dialsFailed() === 7)
    stranger.listen()
    stranger.beacon()
    mesh.run(10)
    expect(stranger.heard().at(-1)).toBe('hello')
  })

  it('starts over with short waits after a success', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER })
    stranger.beaconUntil(100_000)
    mesh.run(20_000)
    stranger.listen()
    mesh.until(() => stranger.accepted.length > 0)
    mesh.run(1_100)
    const at = mesh.now
    stranger.accepted[0]!.socket.destroy()
    stranger.unlisten()
    mesh.run(400)
    expect(dialTimes(mesh, a!).filter((each) => each > at).length).toBeGreaterThanOrEqual(3)
  })

  it('waits longer and longer for a mailbox that takes links only to drop them', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    stranger.beaconUntil(30_000)
    for (let ms = 0; ms < 30_000; ms += 10) {
      mesh.run(10)
      for (const { socket } of stranger.accepted) socket.destroy()
    }
    expect(dialTimes(mesh, a!).length).toBeLessThan(40)
  })

  it('ends when the peer is gone', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    new ZrePeer(mesh, { id: STRANGER }).beacon()
    mesh.run(60_000)
    const { length } = mesh.network.dials
    mesh.run(60_000)
    expect(mesh.network.dials).toHaveLength(length)
    expect(a!.engine.metrics().peers).toEqual([])
  })

  it('counts a connection that never shakes hands as failed, after 5 s', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    let greeting = 0
    mesh.network.listen({ address: '10.0.0.99', port: 50_000 }, () => ({
      bytes: ({ length }) => {
        greeting += length
      },
      ended: () => {},
    }))
    new ZrePeer(mesh, { id: STRANGER }).beaconUntil(20_000)
    mesh.run(10)
    expect(greeting).toBeGreaterThanOrEqual(11) // libzmq waits for as many
    mesh.run(5_030)
    expect(a!.engine.metrics().mesh).toMatchObject({ dials: 1, dialsFailed: 1 })
    expect(a!.warnings()).toEqual(['handshake-timeout'])
    mesh.run(5_000)
    expect(a!.engine.metrics().mesh.dials).toBe(2)
  })
})

describe('dials under way', () => {
  it('are no more at a time than the limit; the others wait for their turn', () => {
    const mesh = new Mesh()
    const a = mesh.host({ limits: { dialsAtOnce: 3 } }).start()
    for (let i = 0; i < 8; i++) {
      mesh.network.listen({ address: addressOf(i), port: 50_000 }, () => ({
        bytes: () => {},
        ended: () => {},
      }))
      forge(mesh, a, i, addressOf(i))
    }
    mesh.run(4_900)
    expect(dialTimes(mesh, a)).toHaveLength(3)
    mesh.run(200)
    expect(dialTimes(mesh, a)).toHaveLength(6) // the first three had 5 s for their handshake
    mesh.run(5_000)
    expect(new Set(mesh.network.dials.map(({ to }) => to.address)).size).toBe(8)
  })

  it('make way as soon as they have led to a link', () => {
    const mesh = new Mesh()
    const hosts = Array.from({ length: 12 }, () =>
      mesh.host({ limits: { dialsAtOnce: 1 } }).start(),
    )
    mesh.run(1_000)
    for (const host of hosts) expect(host.engine.peers()).toHaveLength(11)
  })
})

describe('a flood of 100,000 beacons of made-up nodes', () => {
  it('is met with a bounded table and a bounded number of dials', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    for (let i = 0; i < 100_000; i++) {
      forge(mesh, a!, i, addressOf(i))
      if (i % 1_000 === 0) mesh.run(10)
    }
    mesh.run(10)
    const { peers } = a!.engine.metrics()
    expect(peers.length).toBeLessThanOrEqual(4_096)
    expect(dialTimes(mesh, a!).length).toBeLessThanOrEqual(100 + 1.1 * 100)
    mesh.run(10_000)
    const times = dialTimes(mesh, a!)
    for (let i = 200; i < times.length; i++) {
      expect(times[i]! - times[i - 200]!).toBeGreaterThan(990)
    }
  })

  it('is forgotten half a minute later', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    for (let i = 0; i < 5_000; i++) forge(mesh, a!, i, addressOf(i))
    mesh.run(40_000)
    expect(a!.engine.metrics().peers).toEqual([])
    const { length } = mesh.network.dials
    mesh.run(10_000)
    expect(mesh.network.dials).toHaveLength(length)
  })

  it.each([
    ['from everywhere', (i: number) => addressOf(i)],
    ['from the address of a real peer', () => '10.0.0.2'],
  ])('%s does not disturb the peers that are here', (_what, address) => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(2_000)
    for (let i = 0; i < 20_000; i++) {
      forge(mesh, a!, i, address(i), 1 + (i % 40_000))
      if (i % 200 === 0) mesh.run(100)
    }
    a!.whisper(b!, 'still here?')
    mesh.run(10)
    expect(b!.story).toEqual(['enter a', 'whisper a: still here?'])
    expect(a!.story.filter((line) => line.includes(' b'))).toEqual(['enter b'])
  })

  it.each([
    ['from everywhere', (i: number) => addressOf(i)],
    ['from the address of the newcomer', () => '10.0.0.2'],
  ])('%s does not keep a real peer out', (_what, address) => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    let index = 0
    const flood = (seconds: number): void => {
      for (let i = 0; i < 100 * seconds; i++) {
        for (let n = 0; n < 50; n++) {
          forge(mesh, a!, index, address(index), 1 + (index % 40_000))
          index++
        }
        mesh.run(10)
      }
    }
    flood(2)
    const b = mesh.host({ name: 'b', addresses: ['10.0.0.2'] }).start()
    flood(3)
    expect([a!.sees(b), b.sees(a!)]).toEqual([true, true])
  })
})

describe('the table of peers', () => {
  it('is limited in all; a newcomer takes the place of the oldest that nobody answered for', () => {
    const mesh = new Mesh()
    const a = mesh.host({ limits: { peers: 3 } }).start()
    for (let i = 0; i < 5; i++) {
      forge(mesh, a, i, addressOf(i))
      mesh.run(2)
    }
    expect(a.engine.metrics().peers.map(({ id }) => id)).toEqual(
      [2, 3, 4].map((i) => testId(10_000 + i)),
    )
    expect(a.warnings()).toEqual([])
  })

  it('never gives up a present peer for a newcomer', () => {
    const mesh = new Mesh()
    const a = mesh.host({ limits: { peers: 2 } }).start()
    mesh.start('b', 'c')
    mesh.run(50)
    const d = mesh.host({ name: 'd' }).start()
    mesh.run(5_000)
    expect(a.engine.peers().map(({ name }) => name)).toEqual(['b', 'c'])
    expect(a.warnings()).toContain('peer-limit')
    expect(d.engine.peers().map(({ name }) => name)).toEqual(['b', 'c'])
  })

  it('is limited per address', () => {
    const mesh = new Mesh()
    const a = mesh.host({ limits: { peersPerAddress: 2 } }).start()
    for (let i = 0; i < 4; i++) {
      const stranger = new ZrePeer(mesh, {
        id: testId(500 + i),
        port: 50_000 + i,
        name: `s${i}`,
      }).listen()
      stranger.meet(a)
    }
    expect(a.engine.peers().map(({ name }) => name)).toEqual(['s0', 's1'])
    expect(a.warnings()).toEqual(['peer-limit', 'peer-limit'])
    expect(a.engine.metrics().mesh.connectionsRefused).toBe(2)
    expect(a.sockets.size).toBe(2 + 2)
    const other = new ZrePeer(mesh, { id: STRANGER, address: '10.0.0.98' }).listen()
    other.meet(a)
    expect(a.engine.peers()).toHaveLength(3)
  })

  it('has room again when a peer leaves', () => {
    const mesh = new Mesh()
    const a = mesh.host({ limits: { peersPerAddress: 1 } }).start()
    const first = new ZrePeer(mesh, { id: testId(501), name: 'first' }).listen()
    const second = new ZrePeer(mesh, { id: testId(502), name: 'second', port: 50_001 }).listen()
    first.meet(a)
    first.say({ kind: 'goodbye' })
    second.meet(a)
    expect(a.story).toEqual(['enter first', 'exit first goodbye', 'enter second'])
  })
})

describe('a dial', () => {
  it('goes from the only mailbox that there is, and elsewhere from where the host decides', () => {
    const mesh = new Mesh()
    const one = mesh.host({ addresses: ['10.0.0.1'] }).start()
    const two = mesh.host({ addresses: ['10.0.0.2', '10.0.1.2'] }).start()
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    const actions: (string | undefined)[] = []
    for (const host of [one, two]) {
      const poll = host.engine.pollAction.bind(host.engine)
      host.engine.pollAction = () => {
        const action = poll()
        if (action?.kind === 'dial' && action.connection.remote.port === stranger.port) {
          actions.push(action.from)
        }
        return action
      }
    }
    stranger.beacon()
    mesh.run(20)
    expect(actions).toEqual(['10.0.0.1', undefined])
  })
})
