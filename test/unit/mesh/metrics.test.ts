import { describe, expect, it } from 'vitest'
import type { MeshCounters } from '../../../src/mesh/counters.ts'
import type { EngineMetrics, PeerMetrics } from '../../../src/mesh/metrics.ts'
import { encodeBeacon } from '../../../src/zre/beacon.ts'
import { BEACON_PORT, type Host, type HostOptions, Mesh, testId } from '../../support/mesh.ts'
import type { Socket } from '../../support/network.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)

function met(options: HostOptions = {}): { mesh: Mesh; a: Host; b: Host } {
  const mesh = new Mesh()
  const a = mesh.host({ name: 'a', groups: ['chat'], ...options }).start()
  const b = mesh.host({ name: 'b', groups: ['chat'], ...options }).start()
  mesh.run(50)
  return { mesh, a, b }
}

/** What `action` adds to the counters of a host: only what changed. */
function growth(host: Host, action: () => void): Partial<Record<keyof MeshCounters, unknown>> {
  const before = flat(host.engine.metrics().mesh)
  action()
  const after = flat(host.engine.metrics().mesh)
  const grown = Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)])
  return Object.fromEntries(grown.filter(([, by]) => by !== 0))
}

function flat(counters: Readonly<MeshCounters>): Record<string, number> {
  const { dialFailures, exits, ...numbers } = counters
  const named = [...Object.entries(dialFailures), ...Object.entries(exits)]
  return { ...numbers, ...Object.fromEntries(named) }
}

function peerOf(host: Host, id: string): PeerMetrics {
  return host.engine.metrics(host.mesh.now).peers.find((peer) => peer.id === id)!
}

/** Of the link that the host dialled. */
function socketOf(host: Host): Socket {
  return [...host.sockets].find(([connection]) => connection.role === 'dialler')![1]
}

/** Sums that hold at any moment, whatever has happened. */
function checkSums({ mesh, peers, peerCounts }: EngineMetrics, host: Host): void {
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((total, count) => total + count, 0)
  const dialling = peers.filter(({ link }) => link === 'dialling').length
  expect(mesh.dialsSucceeded + mesh.dialsFailed + mesh.dialsAbandoned + dialling).toBe(mesh.dials)
  expect(sum(mesh.dialFailures)).toBe(mesh.dialsFailed)
  const { handshakesAccepted, handshakesFailed, handshakesTimedOut } = mesh
  const inHandshake = [...host.engine.connections].filter(
    ({ role, closed, zmtp }) => role === 'acceptor' && !closed && zmtp.state !== 'ready',
  ).length
  expect(handshakesAccepted + handshakesFailed + handshakesTimedOut + inHandshake).toBe(
    mesh.connectionsAccepted,
  )
  expect(mesh.dialsSucceeded + mesh.handshakesAccepted).toBe(mesh.handshakes)
  expect(mesh.droppedOldest + mesh.droppedNewest).toBe(mesh.messagesDropped)
  expect(mesh.lostByLinks + mesh.lostByExits + mesh.lostByStop).toBe(mesh.messagesLost)
  const { candidates, alive, evasive, silent } = peerCounts
  expect(candidates + alive + evasive + silent).toBe(peers.length)
  expect(mesh.enters - sum(mesh.exits)).toBe(alive + evasive + silent)
}

describe('messages', () => {
  it('are counted at both ends, whispers among them apart, in bytes of their content', () => {
    const { mesh, a, b } = met()
    const sent = growth(a, () => {
      a.whisper(b, 'abc', 'd')
      a.shout('chat', 'ef')
      mesh.run(5)
    })
    expect(sent).toMatchObject({ messagesOut: 2, whispersOut: 1 })
    expect(peerOf(a, b.id)).toMatchObject({ messagesOut: 2, whispersOut: 1, bytesOut: 6 })
    expect(peerOf(b, a.id)).toMatchObject({ messagesIn: 2, whispersIn: 1, bytesIn: 6 })
    expect(b.engine.metrics().mesh).toMatchObject({ messagesIn: 2, whispersIn: 1, messagesOut: 0 })
  })

  it('that wait are the depth of the queue, and none of what was sent', () => {
    const { mesh, a, b } = met()
    b.freeze()
    for (let i = 0; i < 20; i++) a.whisper(b, new Uint8Array(100_000))
    mesh.run(5)
    const { outboxMessages, outboxBytes, messagesOut } = peerOf(a, b.id)
    expect(outboxMessages).toBeGreaterThan(10)
    expect(outboxBytes).toBeGreaterThan(1_000_000)
    expect(messagesOut).toBeLessThan(20)
  })

  it.each([
    ['link', 'lostByLinks', (a: Host) => socketOf(a).end({ kind: 'reset', message: 'test' })],
    ['exit', 'lostByExits', (_: Host, b: Host) => b.kill()],
  ] as const)('that are lost are counted by reason: %s', (_reason, counter, end) => {
    const { mesh, a, b } = met({ timers: { redialMaxMs: 1_000 } })
    mesh.run(2_000)
    b.freeze()
    for (let i = 0; i < 20; i++) a.whisper(b, new Uint8Array(100_000))
    mesh.run(5)
    const grown = growth(a, () => {
      end(a, b)
      mesh.run(5_000)
    })
    expect(grown[counter]).toBeGreaterThan(0)
    checkSums(a.engine.metrics(), a)
  })

  it('that are lost because this node stops are counted as that', () => {
    const { mesh, a, b } = met()
    b.freeze()
    for (let i = 0; i < 20; i++) a.whisper(b, new Uint8Array(100_000))
    a.stop()
    mesh.run(10_000)
    const { lostByStop, messagesLost } = a.engine.metrics().mesh
    expect(lostByStop).toBeGreaterThan(0)
    expect(lostByStop).toBe(messagesLost)
  })
})

describe('beacons', () => {
  it('are counted: sent, heard, our own, and what is none', () => {
    const { mesh, a } = met()
    const from = { address: '10.0.0.9', port: BEACON_PORT }
    expect(growth(a, () => a.hear(new Uint8Array(22), from))).toEqual({ beaconsInvalid: 1 })
    const own = encodeBeacon({ kind: 'beacon', version: 1, id: a.id, port: 5 })
    expect(growth(a, () => a.hear(own, from))).toEqual({ beaconsReceived: 1, ownBeaconsHeard: 1 })
    const grown = growth(a, () => mesh.run(10_000)) as Record<string, number>
    expect(grown['beaconsSent']).toBe(grown['ownBeaconsHeard'])
    expect(grown['beaconsReceived']).toBeGreaterThan(grown['beaconsSent']! * 1.5)
  })
})

describe('dials', () => {
  it('that lead to a link are counted when it stands', () => {
    const { a } = met()
    expect(a.engine.metrics().mesh).toMatchObject({
      dials: 1,
      dialsSucceeded: 1,
      dialsFailed: 0,
      dialsAbandoned: 0,
      handshakes: 2,
    })
    checkSums(a.engine.metrics(), a)
  })

  it('that fail are counted by kind', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const refusing = new ZrePeer(mesh, { id: STRANGER })
    refusing.beaconUntil(1_000)
    mesh.run(1_000)
    expect(a!.engine.metrics().mesh.dialFailures.refused).toBeGreaterThan(1)
    expect(a!.engine.metrics().peers[0]!.dialsFailed).toBeGreaterThan(1)
    mesh.network.setLink(a!.address, refusing.address, 'unreachable')
    refusing.beaconUntil(2_000)
    mesh.run(1_000)
    expect(a!.engine.metrics().mesh.dialFailures.unreachable).toBeGreaterThan(0)
    mesh.network.setLink(a!.address, refusing.address, 'drop')
    refusing.beaconUntil(20_000)
    mesh.run(18_000)
    expect(a!.engine.metrics().mesh.dialFailures.timeout).toBeGreaterThan(0)
    checkSums(a!.engine.metrics(), a!)
  })

  it('that this node gives up itself have not failed', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER })
    mesh.network.setLink(a!.address, stranger.address, 'drop')
    const bytes = encodeBeacon({ kind: 'beacon', version: 1, id: STRANGER, port: 5 })
    a!.hear(bytes, { address: stranger.address, port: BEACON_PORT })
    mesh.run(10)
    a!.stop()
    mesh.run(5_000)
    expect(a!.engine.metrics().mesh).toMatchObject({ dials: 1, dialsAbandoned: 1, dialsFailed: 0 })
  })
})

describe('handshakes of others', () => {
  it('are counted by how they end', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const silent = mesh.network.dial('10.0.0.8', a!.endpoint, { bytes: () => {}, ended: () => {} })
    const babbler = mesh.network.dial('10.0.0.9', a!.endpoint, {
      opened: () => babbler.write([new Uint8Array(100)]),
      bytes: () => {},
      ended: () => {},
    })
    mesh.run(100)
    expect(a!.engine.metrics().mesh).toMatchObject({
      connectionsAccepted: 2,
      handshakesFailed: 1,
      handshakesTimedOut: 0,
    })
    checkSums(a!.engine.metrics(), a!)
    mesh.run(30_000)
    expect(a!.engine.metrics().mesh).toMatchObject({ handshakesFailed: 1, handshakesTimedOut: 1 })
    expect(a!.engine.metrics().warnings).toMatchObject({ 'handshake-timeout': 1 })
    silent.destroy()
    checkSums(a!.engine.metrics(), a!)
  })
})

describe('when a peer was last seen', () => {
  it('is told with what the sign was, and for each kind', () => {
    const { mesh, a, b } = met()
    mesh.run(1_000)
    b.whisper(a, 'hello')
    mesh.run(1)
    expect(peerOf(a, b.id).lastSeen).toMatchObject({ by: 'message', agoMs: 0, messageAgoMs: 0 })
    a.call((engine, now) => engine.ping(b.id, now))
    mesh.run(100 - 1)
    expect(peerOf(a, b.id).lastSeen?.pingOkAgoMs).toBeLessThan(100)
    expect(peerOf(b, a.id).lastSeen?.pingOkAgoMs).toBeUndefined()
    expect(peerOf(b, a.id).lastSeen?.messageAgoMs).toBeUndefined()
    mesh.run(4_000)
    const seen = peerOf(a, b.id).lastSeen!
    expect(seen).toMatchObject({ by: 'beacon', messageAgoMs: 4_099 })
    expect(seen.agoMs).toBe(seen.beaconAgoMs)
    expect(seen.agoMs).toBeLessThan(1_050)
    expect(seen.linkAgoMs).toBe(seen.pingOkAgoMs)
  })

  it.each([
    ['membership', (b: Host) => b.join('more')],
    ['ping', (b: Host, a: Host) => b.call((engine, now) => engine.ping(a.id, now))],
    ['message', (b: Host) => b.shout('chat', 'hello')],
  ])('names a %s', (by, act) => {
    const { mesh, a, b } = met()
    act(b, a)
    mesh.run(2)
    expect(peerOf(a, b.id).lastSeen?.by).toBe(by)
  })

  it('names bytes of a message that is not complete for what they are', () => {
    const { mesh, a, b } = met()
    b.whisper(a, 'hello')
    mesh.run(2)
    socketOf(b).write([Uint8Array.of(0, 200)])
    mesh.run(2)
    expect(peerOf(a, b.id).lastSeen?.by).toBe('link')
  })

  it('is nothing that our own sleep has changed', () => {
    const { mesh, a, b } = met()
    b.freeze()
    mesh.sleep(3_600_000)
    mesh.run(10)
    expect(peerOf(a, b.id).lastSeen?.agoMs).toBeGreaterThan(3_599_000)
    expect(peerOf(a, b.id).presence).toBe('alive')
  })

  it('is as of the last call, if not told otherwise: a wait that ends is one, too', () => {
    const { mesh, a, b } = met()
    mesh.sleep(3_600_000)
    a.call((engine, now) => engine.reopen(b.id, () => {}, now))
    expect(a.engine.metrics().peers[0]?.lastSeen).toEqual(peerOf(a, b.id).lastSeen)
  })
})

describe('a peer', () => {
  it('is counted by its presence, from candidate to silent', () => {
    const { mesh, a, b } = met()
    const counts = () => a.engine.metrics(mesh.now).peerCounts
    expect(counts()).toEqual({
      candidates: 0,
      alive: 1,
      evasive: 0,
      silent: 0,
      blocked: 0,
      linked: 1,
      linkedToUs: 1,
    })
    a.hear(encodeBeacon({ kind: 'beacon', version: 1, id: testId(99), port: 5 }), {
      address: '10.0.0.99',
      port: BEACON_PORT,
    })
    expect(counts()).toMatchObject({ candidates: 1, alive: 1 })
    b.freeze()
    mesh.until(() => counts().evasive === 1)
    mesh.until(() => counts().silent === 1)
    expect(counts().alive).toBe(0)
    expect(a.engine.metrics().mesh).toMatchObject({ enters: 1, exits: { expired: 0 } })
    mesh.until(() => a.engine.metrics().mesh.exits.expired === 1)
  })

  it('has links, reconnects and the round trip of its last PING', () => {
    const { mesh, a, b } = met()
    mesh.run(2_000)
    expect(peerOf(a, b.id)).toMatchObject({ links: 1, reconnects: 0 })
    a.call((engine, now) => engine.ping(b.id, now))
    mesh.run(10)
    expect(peerOf(a, b.id).roundTripMs).toBeGreaterThan(0)
    socketOf(a).end({ kind: 'reset', message: 'test' })
    mesh.run(1_000)
    expect(peerOf(a, b.id)).toMatchObject({ links: 2, reconnects: 1, dialsFailed: 0 })
  })
})

describe('metrics', () => {
  it('are plain data: the same after a journey as JSON', () => {
    const { mesh, a, b } = met()
    a.whisper(b, 'hello')
    mesh.run(6_000)
    const metrics = a.engine.metrics(mesh.now)
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics)
  })

  it('stay as they were taken', () => {
    const { mesh, a, b } = met()
    const metrics = a.engine.metrics()
    const text = JSON.stringify(metrics)
    b.kill()
    mesh.run(20_000)
    expect(JSON.stringify(metrics)).toBe(text)
    expect(a.engine.metrics().mesh.exits.closed).toBe(1)
  })

  it('add up at every moment of a life with kills, freezes, cut links and floods', () => {
    const mesh = new Mesh()
    const hosts = mesh.start('a', 'b', 'c', 'd', 'e')
    for (const host of hosts) host.join('chat')
    const [a, b, c, d, e] = hosts as [Host, Host, Host, Host, Host]
    const acts: (() => void)[] = [
      () => a.shout('chat', new Uint8Array(200_000)),
      () => b.freeze(),
      () => hosts[0]!.shout('chat', new Uint8Array(2_000_000)),
      () => mesh.network.setLink(a.address, c.address, 'drop'),
      () => mesh.network.dial('10.0.0.77', a.endpoint, { bytes: () => {}, ended: () => {} }),
      () => d.kill(),
      () => b.thaw(),
      () => mesh.network.setLink(a.address, c.address, 'up'),
      () => mesh.network.setLink(a.address, e.address, 'unreachable'),
      () => [...a.sockets.values()][0]?.end({ kind: 'reset', message: 'test' }),
      () => c.stop(),
      () => e.kill(),
      () => a.stop(),
    ]
    for (const act of acts) {
      act()
      for (let i = 0; i < 40; i++) {
        mesh.run(137)
        for (const host of [a, b]) if (!host.isStopped) checkSums(host.engine.metrics(), host)
      }
    }
    expect(a.engine.metrics().mesh.dials).toBeGreaterThan(4)
  })
})
