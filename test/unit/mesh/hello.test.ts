import { describe, expect, it, vi } from 'vitest'
import { CLikePeer } from '../../support/c-like-peer.ts'
import { type Host, Mesh } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)
const EARSHOT = new Map([['X-EARSHOT', '1']])

function met(hello = {}): { mesh: Mesh; a: Host; stranger: ZrePeer } {
  const mesh = new Mesh()
  const a = mesh.host({ name: 'a' }).start()
  const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
  stranger.meet(a, hello)
  mesh.run(2_000)
  a.takeStory()
  stranger.received.length = 0
  return { mesh, a, stranger }
}

/** The host loses its links, dials again, and says HELLO anew. */
function breakLink(host: Host): void {
  for (const [connection, socket] of [...host.sockets]) {
    if (connection.role === 'dialler') socket.end({ kind: 'reset', message: 'test' })
  }
}

describe('before HELLO', () => {
  it.each(['whisper', 'ping', 'ping-ok', 'goodbye'] as const)(
    'a %s ends the connection',
    (kind) => {
      const mesh = new Mesh()
      const [a] = mesh.start('a')
      const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
      const line = stranger.dial(a!)
      stranger.say({ kind, sequence: 1 })
      mesh.run(5)
      expect(line.ended).toBe('reset')
      expect(a!.story).toEqual(['warning message-before-hello'])
    },
  )

  it('nothing longer than a HELLO is received at all', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    const line = stranger.dial(a!)
    // A frame of 16 MiB is announced.
    line.socket.write([Uint8Array.of(2, 0, 0, 0, 0, 1, 0, 0, 0), new Uint8Array(1_000)])
    mesh.run(5)
    expect(line.ended).toBe('reset')
    expect(a!.story).toEqual(['warning zmtp-message-size'])
  })

  it('a peer may come again and say it', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    stranger.dial(a!)
    stranger.say({ kind: 'ping', sequence: 1 })
    stranger.meet(a!)
    expect(a!.story).toEqual(['warning message-before-hello', 'enter stranger'])
  })
})

describe('HELLO', () => {
  it.each([0, 2, 65_535])('with sequence %i ends the connection', (sequence) => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    const line = stranger.meet(a!, { sequence })
    expect(line.ended).toBe('reset')
    expect(a!.story).toEqual(['warning sequence-gap'])
  })

  it('that is over the limits ends the connection', () => {
    const mesh = new Mesh()
    const a = mesh.host({ limits: { helloGroups: 2 } }).start()
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    const line = stranger.meet(a, { groups: ['1', '2', '3'] })
    expect(line.ended).toBe('reset')
    expect(a.story).toEqual(['warning zre-hello-limit'])
  })
})

describe('HELLO on a later link of an earshot node', () => {
  function talked(): { mesh: Mesh; a: Host; b: Host } {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b') as [Host, Host]
    mesh.run(2_000)
    for (let i = 0; i < 3; i++) a.whisper(b, `${i}`)
    mesh.run(100)
    b.takeStory()
    return { mesh, a, b }
  }

  it('is no news when nothing was lost, however often the link breaks', () => {
    const { mesh, a, b } = talked()
    for (let i = 0; i < 3; i++) {
      breakLink(a)
      mesh.run(2_000)
      a.whisper(b, `after ${i}`)
      mesh.run(100)
    }
    expect(b.story).toEqual([0, 1, 2].map((i) => `whisper a: after ${i}`))
    expect(b.engine.peer(a.id)!.headers).toEqual({ 'X-EARSHOT': '1' })
  })

  it('is an exit and an enter when a message was lost, and no news the next time', () => {
    const { mesh, a, b } = talked()
    a.whisper(b, 'lost')
    breakLink(a)
    mesh.run(2_000)
    expect(b.takeStory()).toEqual(['exit a restarted', 'enter a'])
    breakLink(a)
    mesh.run(2_000)
    expect(b.story).toEqual([])
  })

  it.each([
    ['2', []],
    ['1', ['exit stranger restarted', 'enter stranger']],
    ['65538', ['exit stranger restarted', 'enter stranger']],
    ['two', ['exit stranger restarted', 'enter stranger']],
  ])('that counts %s after two messages: %o', (count, story) => {
    const { mesh, a, stranger } = met({ headers: EARSHOT })
    for (const text of ['one', 'two']) stranger.say({ kind: 'whisper' }, text)
    stranger.say({ kind: 'ping' })
    mesh.run(5)
    a.takeStory()
    stranger.meet(a, { headers: new Map([...EARSHOT, ['X-EARSHOT-AFTER', count]]) })
    expect(a.story).toEqual(story)
  })

  it('goes without the count when there is no room for one more header', () => {
    const mesh = new Mesh()
    const headers = Object.fromEntries(Array.from({ length: 255 }, (_, i) => [`${i}`, '']))
    const a = mesh.host({ name: 'a', headers }).start()
    const b = mesh.host({ name: 'b' }).start()
    mesh.run(2_000)
    b.takeStory()
    breakLink(a)
    mesh.run(2_000)
    expect(b.story).toEqual(['exit a restarted', 'enter a'])
  })
})

describe('HELLO from a peer that is here already', () => {
  it('is an exit and an enter', () => {
    const { mesh, a, stranger } = met({ groups: ['old'] })
    stranger.hello({ name: 'renamed', groups: ['new'] })
    mesh.run(5)
    expect(a.story).toEqual(['exit stranger restarted', 'enter renamed', 'join renamed new'])
    expect(a.engine.peerGroups()).toEqual(['new'])
  })

  it('on a new connection is the same', () => {
    const { a, stranger } = met()
    stranger.meet(a)
    expect(a.story).toEqual(['exit stranger restarted', 'enter stranger'])
  })

  it('starts the sequence over', () => {
    const { mesh, a, stranger } = met()
    stranger.say({ kind: 'whisper' }, 'two')
    stranger.hello()
    stranger.say({ kind: 'whisper' }, 'two again')
    mesh.run(5)
    expect(a.story.at(-1)).toBe('whisper stranger: two again')
    expect(a.warnings()).toEqual([])
  })

  it('is answered with ours, in case that the peer has forgotten us', () => {
    const { mesh, stranger } = met()
    stranger.hello()
    mesh.run(5)
    expect(stranger.heard()).toEqual(['hello'])
  })

  it('of an earshot peer is not answered: it would have closed our link', () => {
    const { mesh, stranger } = met({ headers: EARSHOT })
    stranger.hello({ headers: EARSHOT })
    mesh.run(5)
    expect(stranger.heard()).not.toContain('hello')
  })

  it('is an exit and an enter at most once per second, and otherwise brings us up to date', () => {
    const { mesh, a, stranger } = met({ headers: EARSHOT })
    for (let i = 0; i < 35; i++) {
      stranger.hello({ groups: [`g${i}`], headers: EARSHOT })
      mesh.run(100)
    }
    expect(a.timesOf('exit stranger restarted')).toHaveLength(4)
    expect(a.engine.peer(STRANGER)!.groups).toEqual(['g34'])
    expect(a.engine.metrics().warnings['hello-storm']).toBe(31)
    const joins = a.story.filter((line) => line.startsWith('join')).length
    const leaves = a.story.filter((line) => line.startsWith('leave')).length
    expect([joins, leaves]).toEqual([35, 31])
  })

  it('costs one copy of its groups, however many it has left and joined', () => {
    const { mesh, a, stranger } = met({ headers: EARSHOT })
    const groups = (letter: string): string[] => Array.from({ length: 1_000 }, (_, i) => letter + i)
    stranger.hello({ groups: groups('a'), headers: EARSHOT })
    mesh.run(5)
    const freeze = vi.spyOn(Object, 'freeze')
    stranger.hello({ groups: ['kept', ...groups('b')], headers: EARSHOT })
    mesh.run(5)
    expect(freeze.mock.calls.filter(([value]) => Array.isArray(value)).length).toBeLessThan(5)
    freeze.mockRestore()
    expect(a.engine.peer(STRANGER)!.groups).toHaveLength(1_001)
    expect(a.engine.members('a7')).toEqual([])
    expect(a.engine.members('b7')).toHaveLength(1)
  })

  it('gets what was accepted for it and still waits', () => {
    const { mesh, a, stranger } = met()
    stranger.accepted[0]!.socket.setReading(false)
    for (let i = 0; i < 600; i++) a.whisper(stranger, 'x'.repeat(1_000))
    mesh.run(5)
    stranger.meet(a)
    expect(a.story).toEqual(['exit stranger restarted', 'enter stranger'])
    stranger.accepted[0]!.socket.setReading(true)
    mesh.run(100)
    expect(stranger.heard().filter((kind) => kind === 'whisper')).toHaveLength(600)
    expect(a.engine.metrics().mesh.messagesLost).toBe(0)
  })

  it('keeps messages flowing while it storms', () => {
    const { mesh, a, stranger } = met()
    for (let i = 0; i < 20; i++) {
      stranger.hello()
      stranger.say({ kind: 'whisper' }, `${i}`)
      mesh.run(70)
    }
    const whispers = a.story.filter((line) => line.startsWith('whisper'))
    expect(whispers).toEqual(Array.from({ length: 20 }, (_, i) => `whisper stranger: ${i}`))
  })

  it('is not answered by HELLO for ever: two engines fall silent', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(3_000)
    breakLink(a!)
    mesh.run(100)
    a!.takeStory()
    b!.takeStory()
    mesh.run(10_000)
    expect([a!.story, b!.story]).toEqual([[], []])
    expect(mesh.network.dials.length).toBeLessThan(6)
  })
})

describe('towards C Zyre, which answers such a HELLO with one of its own', () => {
  function cMet(): { mesh: Mesh; a: Host; c: CLikePeer } {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const c = new CLikePeer(mesh, { id: STRANGER, name: 'c' }).live(a!, 120_000)
    mesh.run(3_000)
    return { mesh, a: a!, c }
  }

  function expectTalking(mesh: Mesh, a: Host, c: CLikePeer): void {
    a.takeStory()
    c.story.length = 0
    expect(a.whisper(c)).toBe('accepted')
    c.say({ kind: 'whisper' }, 'hi')
    mesh.run(5)
    expect([a.story, c.story]).toEqual([['whisper c: hi'], ['whisper']])
  }

  it('both enter once at the start', () => {
    const { mesh, a, c } = cMet()
    expect([a.story, c.story]).toEqual([['enter c'], ['enter']])
    expectTalking(mesh, a, c)
  })

  it('a restart of its side ends after one exchange', () => {
    const { mesh, a, c } = cMet()
    c.forget()
    mesh.run(3_000)
    expect(a.story).toEqual(['enter c', 'exit c restarted', 'enter c'])
    const { dials } = mesh.network
    const before = dials.length
    expectTalking(mesh, a, c)
    mesh.run(10_000)
    expect(dials.length).toBe(before)
  })

  it('a restart of its side right after meeting heals, although its HELLO is not answered', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const c = new CLikePeer(mesh, { id: STRANGER, name: 'c' }).live(a!, 120_000)
    mesh.run(200)
    c.forget()
    mesh.run(12_000)
    expect(c.story).toEqual(['enter', 'exit', 'enter'])
    expect(a!.story).toEqual(['enter c', 'warning hello-storm'])
    expectTalking(mesh, a!, c)
  })

  it('no exchange goes on for ever when answers take more than a second', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    mesh.network.latencyMs = 700
    const c = new CLikePeer(mesh, { id: STRANGER, name: 'c' }).live(a!, 300_000)
    mesh.run(60_000)
    c.forget()
    mesh.run(60_000)
    breakLink(a!)
    mesh.run(60_000)
    const { dials } = mesh.network
    const before = dials.length
    mesh.run(60_000)
    expect(dials.length).toBe(before)
    expect(before).toBeLessThan(12)
  })

  it('a fresh HELLO of ours ends after one exchange', () => {
    const { mesh, a, c } = cMet()
    breakLink(a)
    mesh.run(3_000)
    expect(c.story.filter((line) => line === 'enter').length).toBeLessThanOrEqual(3)
    const { dials } = mesh.network
    const before = dials.length
    expectTalking(mesh, a, c)
    mesh.run(10_000)
    expect(dials.length).toBe(before)
  })

  it('a gap on its side heals', () => {
    const { mesh, a, c } = cMet()
    c.sequence += 5
    c.say({ kind: 'whisper' })
    mesh.run(3_000)
    expect(a.story.slice(1)).toEqual(['warning sequence-gap', 'exit c protocol', 'enter c'])
    expectTalking(mesh, a, c)
  })

  it('65,534 messages of ours are followed by a fresh HELLO, and the talk goes on', () => {
    const { mesh, a, c } = cMet()
    for (let i = 0; i < 66_000; i++) {
      a.whisper(c)
      if (i % 500 === 0) mesh.run(5)
    }
    mesh.run(3_000)
    expect(c.story).not.toContain('lost messages')
    expect(c.story.filter((line) => line === 'enter')).toHaveLength(2)
    expectTalking(mesh, a, c)
    expect(a.warnings()).toEqual([])
  })
})
