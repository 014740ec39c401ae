import { describe, expect, it } from 'vitest'
import { DEFAULT_TIMERS } from '../../../src/mesh/options.ts'
import { patienceMs, presenceAt } from '../../../src/mesh/presence.ts'
import { type Host, Mesh } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)

/** A stranger that was last heard at `heardAt`, and never answers. */
function met(): { mesh: Mesh; a: Host; stranger: ZrePeer; heardAt: number } {
  const mesh = new Mesh()
  const a = mesh.host({ name: 'a' }).start()
  const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
  stranger.meet(a)
  stranger.say({ kind: 'whisper' })
  mesh.run(10)
  const heardAt = a.log.at(-1)!.at
  a.takeStory()
  stranger.received.length = 0
  return { mesh, a, stranger, heardAt }
}

function times(host: Host): [string, number][] {
  return host.log.flatMap(({ at, event }) =>
    'peer' in event && typeof event.peer === 'object' ? [[event.type, at]] : [],
  )
}

describe('the arithmetic of silence', () => {
  const timers = { evasiveMs: 5, silentMs: 10, expiredMs: 30 }

  it.each([
    [0, 'alive'],
    [4.999, 'alive'],
    [5, 'evasive'],
    [9.999, 'evasive'],
    [10, 'silent'],
    [29.999, 'silent'],
    [30, 'gone'],
    [1e9, 'gone'],
  ] as const)('%f ms of it make a peer %s', (silence, state) => {
    expect(presenceAt(1_000 + silence, 1_000, timers)).toBe(state)
  })

  it.each([
    ['alive', 5],
    ['evasive', 10],
    ['silent', 30],
  ] as const)('a peer that is %s changes after %i ms of it', (presence, ms) => {
    expect(patienceMs(presence, timers)).toBe(ms)
  })

  it('leaves out states whose times coincide', () => {
    const same = { evasiveMs: 5, silentMs: 5, expiredMs: 5 }
    expect(presenceAt(5, 0, same)).toBe('gone')
    expect(patienceMs('alive', same)).toBe(5)
  })
})

describe('a peer that falls silent', () => {
  it('is evasive, silent and gone at exactly the times, each told once', () => {
    const { mesh, a, heardAt } = met()
    mesh.run(60_000)
    const { evasiveMs, silentMs, expiredMs } = DEFAULT_TIMERS
    expect(times(a)).toEqual([
      ['evasive', heardAt + evasiveMs],
      ['silent', heardAt + silentMs],
      ['exit', heardAt + expiredMs],
    ])
    expect(a.story.at(-1)).toBe('exit stranger expired')
    expect(a.engine.peers()).toEqual([])
  })

  it('shows its presence in the event and in queries', () => {
    const { mesh, a } = met()
    mesh.run(6_000)
    expect(a.log.at(-1)!.event).toMatchObject({ type: 'evasive', peer: { presence: 'evasive' } })
    expect(a.engine.peer(STRANGER)!.presence).toBe('evasive')
  })

  it('is asked for a sign of life once, before it becomes evasive, where it does not beacon', () => {
    const { mesh, stranger } = met()
    mesh.run(2_900)
    expect(stranger.heard()).toEqual([])
    mesh.run(20_000)
    expect(stranger.heard()).toEqual(['ping'])
  })

  it.each([
    ['a beacon', (stranger: ZrePeer) => stranger.beacon()],
    ['a message', (stranger: ZrePeer) => stranger.say({ kind: 'whisper' })],
    ['a new connection', (stranger: ZrePeer, a: Host) => stranger.dial(a)],
    ['a PING', (stranger: ZrePeer) => stranger.say({ kind: 'ping' })],
    ['a PING-OK', (stranger: ZrePeer) => stranger.say({ kind: 'ping-ok' })],
    ['an empty ZMTP command', (s: ZrePeer) => s.line!.socket.write([Uint8Array.of(4, 2, 1, 65)])],
  ])('is alive again at %s, at once', (_what, speak) => {
    const { mesh, a, stranger } = met()
    mesh.run(12_000)
    speak(stranger, a)
    mesh.run(5)
    expect(a.story.filter((line) => !line.startsWith('whisper'))).toEqual([
      'evasive stranger',
      'silent stranger',
      'alive stranger',
    ])
    mesh.run(5_000)
    expect(a.story.at(-1)).toBe('evasive stranger')
  })

  it('is not asked when it is a mere candidate', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    stranger.beacon()
    mesh.run(29_000)
    expect(stranger.heard()).toEqual(['hello'])
    expect(a!.engine.metrics().peers).toHaveLength(1)
    mesh.run(2_000)
    expect(a!.engine.metrics().peers).toEqual([])
    expect(a!.story).toEqual([])
  })
})

describe('a peer that is heard', () => {
  it('by beacons alone is not asked for anything in between rare checks of its link', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(600_000)
    expect([a!.story, b!.story]).toEqual([['enter b'], ['enter a']])
    const { pingsSent } = a!.engine.metrics().mesh
    expect(pingsSent).toBeGreaterThanOrEqual(10)
    expect(pingsSent).toBeLessThanOrEqual(21)
  })

  it('over TCP alone stays alive', () => {
    const { mesh, a, stranger } = met()
    for (let i = 0; i < 20; i++) {
      mesh.run(4_000)
      stranger.say({ kind: 'ping' })
    }
    expect(a.story).toEqual([])
    expect(stranger.heard().filter((kind) => kind === 'ping-ok').length).toBeGreaterThan(18)
  })

  it('and whose link to us ends is asked at once whether it is still there', () => {
    const { mesh, a, stranger } = met()
    stranger.line!.socket.destroy()
    mesh.run(5)
    expect(stranger.heard()).toEqual(['ping'])
    expect(a.story).toEqual([])
  })

  it('gets its PING answered at once', () => {
    const { mesh, a, stranger } = met()
    stranger.say({ kind: 'ping' })
    mesh.run(2)
    expect(stranger.heard()).toEqual(['ping-ok'])
    expect(a.engine.metrics().mesh.pingsReceived).toBe(1)
  })
})

describe('a ping by command', () => {
  it('measures the round trip', () => {
    const mesh = new Mesh()
    mesh.network.latencyMs = 7
    const [a, b] = mesh.start('a', 'b')
    mesh.run(200)
    a!.call((engine, now) => engine.ping(b!.id, now))
    mesh.run(20)
    expect(a!.log.at(-1)!.event).toEqual({ type: 'pong', id: b!.id, roundTripMs: 14 })
    expect(a!.engine.metrics().peers[0]!.roundTripMs).toBe(14)
  })

  it('asked twice before the answer is sent and answered once', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(200)
    for (let i = 0; i < 2; i++) a!.call((engine, now) => engine.ping(b!.id, now))
    mesh.run(20)
    expect(b!.engine.metrics().mesh.pingsReceived).toBe(1)
    expect(a!.log.filter(({ event }) => event.type === 'pong')).toHaveLength(1)
  })

  it('waits for the link when there is none', () => {
    const { mesh, a, stranger } = met()
    stranger.unlisten()
    stranger.accepted[0]!.socket.destroy()
    mesh.run(5)
    a.call((engine, now) => engine.ping(STRANGER, now))
    stranger.listen()
    stranger.onMessage = ({ kind }) => {
      if (kind === 'ping') stranger.say({ kind: 'ping-ok' })
    }
    mesh.run(500)
    expect(a.log.map(({ event }) => event.type)).toEqual(['pong'])
  })

  it('of somebody unknown does nothing', () => {
    const { a } = met()
    a.call((engine, now) => engine.ping('0'.repeat(32), now))
    expect(a.story).toEqual([])
  })

  it('answered without a question means nothing', () => {
    const { mesh, a, stranger } = met()
    stranger.say({ kind: 'ping-ok' })
    mesh.run(5)
    expect(a.log).toEqual([])
  })
})

describe('a link that is dead while beacons arrive', () => {
  it('is found by a check and dialled again, both ways', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(1_000)
    // A firewall between them forgot the connections: nothing comes through, not even RST.
    for (const host of [a!, b!]) {
      for (const socket of host.sockets.values()) socket.setReading(false)
      host.takeStory()
    }
    const { linkProbeMs, linkDeadMs } = DEFAULT_TIMERS
    mesh.run(2 * linkProbeMs + 2 * linkDeadMs + 100)
    expect(a!.takeStory().length + b!.takeStory().length).toBeLessThanOrEqual(4)
    a!.whisper(b!, 'over the new link')
    b!.whisper(a!, 'over the new link')
    mesh.run(10)
    expect(a!.story).toEqual(['whisper b: over the new link'])
    expect(b!.story).toEqual(['whisper a: over the new link'])
  })

  it('is not dialled again for a peer that merely does not answer while it talks', () => {
    const { mesh, a, stranger } = met()
    for (let i = 0; i < 120; i++) {
      stranger.beacon()
      stranger.say({ kind: 'whisper' })
      mesh.run(1_000)
    }
    expect(stranger.accepted).toHaveLength(1)
    expect(a.warnings()).toEqual([])
  })
})

describe('a peer of another implementation that reads nothing, while its beacons go on', () => {
  const { linkProbeMs, linkDeadMs, expiredMs } = DEFAULT_TIMERS
  /** What its host and ours take for it. */
  const BUFFER_BYTES = 100_000

  function stalled(): ReturnType<typeof met> & { texts: string[]; reads(reading: boolean): void } {
    const scene = met()
    const { mesh, stranger } = scene
    mesh.network.bufferBytes = BUFFER_BYTES
    stranger.beaconUntil(mesh.now + 3_600_000)
    const texts: string[] = []
    stranger.onMessage = ({ kind }, [text]) => {
      if (kind === 'whisper') texts.push(new TextDecoder().decode(text).trim())
    }
    const reads = (reading: boolean): void => stranger.accepted[0]!.socket.setReading(reading)
    reads(false)
    return { ...scene, texts, reads }
  }

  it('keeps its link while bytes of ours wait for it, however long, and gets them all', () => {
    const { mesh, a, stranger, texts, reads } = stalled()
    const sent = Array.from({ length: 500 }, (_, i) => `${i}`)
    for (const text of sent) a.whisper(stranger, text.padEnd(1_000))
    mesh.run(600_000)
    expect(mesh.network.dials).toHaveLength(2)
    reads(true)
    mesh.run(10)
    expect(texts).toEqual(sent)
    expect(a.story).toEqual([])
    expect(a.engine.metrics().mesh.messagesLost).toBe(0)
  })

  it('has its time to answer from when it takes what had waited', () => {
    const { mesh, a, stranger, reads } = stalled()
    a.whisper(stranger, 'x'.repeat(2 * BUFFER_BYTES))
    mesh.run(300_000)
    reads(true)
    mesh.run(10)
    reads(false)
    mesh.run(expiredMs - 20)
    expect(mesh.network.dials).toHaveLength(2)
    mesh.run(expiredMs + 20)
    expect(mesh.network.dials).toHaveLength(3)
  })

  it('has expiredMs where its host takes what we send; an application that long without reading is rare', () => {
    const { mesh, a, stranger, reads } = stalled()
    a.call((engine, now) => engine.ping(STRANGER, now))
    mesh.run(expiredMs - 10)
    expect(mesh.network.dials).toHaveLength(2)
    stranger.onMessage = ({ kind }) => {
      if (kind === 'ping') stranger.say({ kind: 'ping-ok' })
    }
    reads(true)
    mesh.run(5)
    expect(a.log.map(({ event }) => event.type)).toEqual(['pong'])
    mesh.run(1_000)
    expect(mesh.network.dials).toHaveLength(2)
  })

  it('is not told HELLO anew while it takes nothing, though it may have forgotten us', () => {
    const { mesh, a, stranger, reads } = stalled()
    stranger.hello() // within a second: it may be deaf to us
    a.whisper(stranger, 'x'.repeat(2 * BUFFER_BYTES))
    stranger.onMessage = ({ kind }) => {
      if (kind === 'ping') stranger.say({ kind: 'ping-ok' })
    }
    mesh.run(55_000)
    reads(true)
    mesh.run(60_000)
    expect(stranger.heard().filter((kind) => kind !== 'ping')).toEqual(['whisper'])
  })

  it('is dialled again after that: its link may be dead', () => {
    const { mesh, a, texts } = stalled()
    mesh.run(2 * linkProbeMs + expiredMs + 100)
    expect(mesh.network.dials).toHaveLength(3)
    a.whisper(STRANGER, 'over the new link')
    mesh.run(10)
    expect(texts).toEqual(['over the new link'])
  })

  it('is not judged by what it said while we did not read, at the moment that we read again', () => {
    const { mesh, a, stranger } = stalled()
    const readsFromStranger = (reading: boolean): void => {
      for (const [connection, socket] of a.sockets) {
        if (connection.role === 'acceptor') socket.setReading(reading)
      }
    }
    readsFromStranger(false)
    a.call((engine, now) => engine.handleReading(false, now))
    a.call((engine, now) => engine.ping(STRANGER, now))
    stranger.say({ kind: 'ping-ok' })
    mesh.run(expiredMs - 100)
    a.call((engine, now) => engine.handleReading(true, now))
    mesh.run(200) // there is much to be read before it
    readsFromStranger(true)
    mesh.run(linkDeadMs)
    expect(mesh.network.dials).toHaveLength(2)
  })
})

describe('without beacons of our own', () => {
  it('silence is counted all the same', () => {
    const mesh = new Mesh()
    const a = mesh.host({ timers: { beaconIntervalMs: 0 } }).start()
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    stranger.meet(a)
    mesh.run(31_000)
    expect(a.story).toEqual([
      'enter stranger',
      'evasive stranger',
      'silent stranger',
      'exit stranger expired',
    ])
  })
})
