import { describe, expect, it } from 'vitest'
import type { ZreMessage } from '../../../src/zre/message.ts'
import { checkSequence } from '../../../src/zre/sequence.ts'
import { type Host, Mesh } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)
const WRAP = 65_536

function met(): { mesh: Mesh; a: Host; stranger: ZrePeer } {
  const mesh = new Mesh()
  const a = mesh.host({ name: 'a' }).start()
  const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
  stranger.meet(a)
  mesh.run(2_000)
  a.takeStory()
  return { mesh, a, stranger }
}

/** The stranger whispers `count` times, counting as it was told to. */
function flood(mesh: Mesh, stranger: ZrePeer, count: number, next: (n: number) => number): void {
  for (let i = 0; i < count; i++) {
    stranger.say({ kind: 'whisper', sequence: next(stranger.sequence) })
    if (i % 1_000 === 0) mesh.run(1)
  }
  mesh.run(5)
}

/** We whisper `count` times to the stranger. */
function tellMany(mesh: Mesh, a: Host, stranger: ZrePeer, count: number): void {
  const frames = {
    kind: 'whisper',
    group: '',
    frames: [new Uint8Array()],
    byteLength: 0,
    whenFull: 'wait',
    waits: true,
    isService: false,
  } as const
  for (let left = count; left > 0; left -= 1_000) {
    a.call((engine, now) => {
      for (let i = 0; i < Math.min(left, 1_000); i++) engine.whisper(stranger.id, frames, now)
    })
    mesh.run(2)
  }
  mesh.run(5)
}

const rfc = (n: number): number => (n + 1) % WRAP
const short = (n: number): number => (n + 1) % (WRAP - 1)

/** What the receiver of these messages would complain about, counting in its way; HELLO starts over. */
function complaints(messages: readonly ZreMessage[], next: (n: number) => number): string[] {
  let last = 0
  return messages.flatMap(({ kind, sequence }) => {
    const expected = kind === 'hello' ? 1 : next(last)
    last = sequence
    return sequence === expected ? [] : [`${kind} ${sequence}, not ${expected}`]
  })
}

describe('received sequence numbers', () => {
  it.each([
    ['from 65535 to 0', rfc],
    ['from 65534 to 0', short],
  ])('may wrap %s, again and again', (_what, next) => {
    const { mesh, a, stranger } = met()
    flood(mesh, stranger, 3 * WRAP + 10, next)
    expect(a.log).toHaveLength(3 * WRAP + 10)
    expect(a.warnings()).toEqual([])
  })

  it.each([
    ['one missing', 3],
    ['a repeat', 1],
    ['zero out of the blue', 0],
    ['the other end', 65_535],
  ])('with %s are a gap: the conversation is over', (_what, sequence) => {
    const { mesh, a, stranger } = met()
    stranger.say({ kind: 'whisper', sequence }, 'lost')
    mesh.run(5)
    expect(a.story).toEqual(['warning sequence-gap', 'exit stranger protocol'])
    expect(stranger.line!.ended).toBe('reset')
    expect(a.engine.peers()).toEqual([])
  })
})

describe('after a gap', () => {
  it('we introduce ourselves again, so that the peer does the same', () => {
    const { mesh, a, stranger } = met()
    stranger.say({ kind: 'whisper', sequence: 9 })
    mesh.run(1_000)
    expect(stranger.accepted).toHaveLength(2)
    expect(stranger.received.slice(-1)).toMatchObject([{ kind: 'hello', sequence: 1 }])
    stranger.meet(a)
    stranger.say({ kind: 'whisper' }, 'again')
    mesh.run(5)
    expect(a.takeStory().slice(2)).toEqual(['enter stranger', 'whisper stranger: again'])
  })

  it('a peer that goes on without HELLO is refused, each time', () => {
    const { mesh, a, stranger } = met()
    stranger.say({ kind: 'whisper', sequence: 9 })
    mesh.run(5)
    for (let i = 0; i < 3; i++) {
      stranger.dial(a)
      stranger.say({ kind: 'whisper' })
      mesh.run(5)
      expect(stranger.line!.ended).toBe('reset')
    }
    expect(a.warnings().slice(1)).toEqual(new Array(3).fill('message-before-hello'))
  })

  it('two earshot nodes find each other again at once, and lose nothing more', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    mesh.run(3_000)
    a!.takeStory()
    b!.takeStory()
    // Somebody on b's host speaks in b's name, out of turn.
    const impostor = new ZrePeer(mesh, { id: b!.id, address: b!.address, port: b!.port })
    impostor.dial(a!)
    impostor.say({ kind: 'whisper', sequence: 77 })
    mesh.run(3_000)
    expect(a!.story.slice(0, 3)).toEqual(['warning sequence-gap', 'exit b protocol', 'enter b'])
    a!.takeStory()
    b!.takeStory()
    a!.whisper(b!, 'to b')
    b!.whisper(a!, 'to a')
    mesh.run(5)
    expect([a!.story, b!.story]).toEqual([['whisper b: to a'], ['whisper a: to b']])
  })

  it('counts each lost message once', () => {
    const { mesh, a, stranger } = met()
    stranger.accepted[0]!.socket.setReading(false)
    for (let i = 0; i < 10; i++) a.whisper(stranger, 'x')
    mesh.run(5)
    stranger.say({ kind: 'whisper', sequence: 9 })
    mesh.run(5)
    expect(a.engine.metrics().mesh.messagesLost).toBe(10)
  })
})

describe('our sequence numbers', () => {
  it('go from 65535 to 0 towards an earshot peer, many times', () => {
    const { mesh, a, stranger } = met()
    stranger.meet(a, { headers: new Map([['X-EARSHOT', '1']]) })
    mesh.run(10)
    stranger.received.length = 0
    tellMany(mesh, a, stranger, 2 * WRAP + 10)
    const messages = stranger.received
    expect(messages).toHaveLength(2 * WRAP + 10)
    expect(messages.every(({ kind }) => kind === 'whisper')).toBe(true)
    const odd = messages.filter(({ sequence }, i) => {
      return i > 0 && checkSequence(messages[i - 1]!.sequence, sequence) !== 'next'
    })
    expect(odd).toEqual([])
    expect(messages.some(({ sequence }) => sequence === 65_535)).toBe(true)
  })

  it('start over with a fresh HELLO before the wrap, towards a peer of unknown habits', () => {
    const { mesh, a, stranger } = met()
    tellMany(mesh, a, stranger, 2 * WRAP + 10)
    const { received } = stranger
    expect(complaints(received, rfc)).toEqual([])
    expect(complaints(received, short)).toEqual([])
    expect(received.filter(({ kind }) => kind === 'hello')).toHaveLength(3)
    expect(received.filter(({ kind }) => kind === 'whisper')).toHaveLength(2 * WRAP + 10)
  })

  it('wrap one early towards a peer that was seen to do so', () => {
    const { mesh, a, stranger } = met()
    flood(mesh, stranger, WRAP + 10, short)
    tellMany(mesh, a, stranger, 2 * WRAP + 10)
    expect(complaints(stranger.received, short)).toEqual([])
    expect(stranger.received.filter(({ kind }) => kind === 'hello')).toHaveLength(1)
  })

  it('wrap as RFC 36 says towards a peer that was seen to do so', () => {
    const { mesh, a, stranger } = met()
    flood(mesh, stranger, WRAP + 10, rfc)
    tellMany(mesh, a, stranger, 2 * WRAP + 10)
    expect(complaints(stranger.received, rfc)).toEqual([])
    expect(stranger.received.filter(({ kind }) => kind === 'hello')).toHaveLength(1)
  })

  it.each(['join', 'leave', 'ping', 'ping-ok', 'shout'] as const)(
    'start over rightly when %s is the message that would wrap',
    (kind) => {
      const { mesh, a, stranger } = met()
      stranger.say({ kind: 'join', group: 'g', status: 1 })
      if (kind === 'leave') a.join('x')
      mesh.run(10)
      const left = 65_534 - stranger.received.at(-1)!.sequence
      tellMany(mesh, a, stranger, left)
      expect(stranger.received.at(-1)!.sequence).toBe(65_534)
      stranger.received.length = 0
      if (kind === 'join') a.join('x')
      if (kind === 'leave') a.leave('x')
      if (kind === 'shout') a.shout('g', 'hi')
      if (kind === 'ping') a.call((engine, now) => engine.ping(STRANGER, now))
      if (kind === 'ping-ok') stranger.say({ kind: 'ping' })
      mesh.run(5)
      a.join('y')
      mesh.run(5)
      expectConsistent(stranger.received)
      expect(stranger.received[0]!.kind).toBe('hello')
    },
  )
})

describe('a fresh HELLO before the wrap, for which C Zyre drops what it had queued for us', () => {
  /** From here on a quiet moment is looked for. */
  const IN_SIGHT = 49_152

  /** A stranger that was told nearly so much, and has just said something. */
  function near(sequence: number): ReturnType<typeof met> {
    const scene = met()
    tellMany(scene.mesh, scene.a, scene.stranger, sequence - 1)
    scene.stranger.received.length = 0
    talk(scene)
    return scene
  }

  function talk({ mesh, a, stranger }: ReturnType<typeof met>): void {
    stranger.say({ kind: 'whisper' }, 'something')
    mesh.run(5)
    a.takeStory()
  }

  it('goes out long before, once nothing has come from the peer for a second', () => {
    const { mesh, a, stranger } = near(IN_SIGHT)
    mesh.run(990)
    a.whisper(stranger, 'x')
    mesh.run(10)
    expect(stranger.heard()).toEqual(['whisper'])
    a.whisper(stranger, 'x')
    mesh.run(5)
    expect(stranger.heard()).toEqual(['whisper', 'hello', 'whisper'])
    expect(stranger.received.at(-1)!.sequence).toBe(2)
    expect(a.warnings()).toEqual([])
  })

  it('is not said earlier than needed', () => {
    const { mesh, a, stranger } = near(IN_SIGHT - 1)
    mesh.run(2_000)
    a.whisper(stranger, 'x')
    mesh.run(5)
    expect(stranger.received.map(({ sequence }) => sequence)).toEqual([IN_SIGHT])
  })

  it('waits for the next quiet moment where we do not read, or have only just begun to', () => {
    const { mesh, a, stranger } = near(IN_SIGHT)
    a.call((engine, now) => engine.handleReading(false, now))
    mesh.run(2_000)
    a.whisper(stranger, 'x')
    mesh.run(60_000)
    a.call((engine, now) => engine.handleReading(true, now))
    a.whisper(stranger, 'x')
    mesh.run(990)
    a.whisper(stranger, 'x')
    mesh.run(10)
    expect(stranger.heard()).not.toContain('hello')
    a.whisper(stranger, 'x')
    mesh.run(5)
    expect(stranger.heard().slice(-2)).toEqual(['hello', 'whisper'])
  })

  it('waits where the peer has not yet taken what was said before', () => {
    const { mesh, a, stranger } = near(IN_SIGHT)
    stranger.accepted[0]!.socket.setReading(false)
    a.whisper(stranger, 'before')
    mesh.run(2_000)
    a.whisper(stranger, 'meanwhile')
    stranger.accepted[0]!.socket.setReading(true)
    mesh.run(5)
    expect(stranger.heard()).toEqual(['whisper', 'whisper'])
    a.whisper(stranger, 'after')
    mesh.run(5)
    expect(stranger.heard().slice(2)).toEqual(['hello', 'whisper'])
  })

  it('is a warning where no quiet moment came: it may have cost messages', () => {
    const scene = near(IN_SIGHT)
    const { mesh, a, stranger } = scene
    for (let told = IN_SIGHT; told < 65_534; told += 1_000) {
      talk(scene)
      tellMany(mesh, a, stranger, Math.min(1_000, 65_534 - told))
    }
    expect(stranger.heard()).not.toContain('hello')
    a.whisper(stranger, 'x')
    mesh.run(5)
    expect(stranger.heard().slice(-2)).toEqual(['hello', 'whisper'])
    expect(a.warnings()).toEqual(['sequence-wrap'])
  })

  it('does not go out before our goodbye', () => {
    const { mesh, a, stranger } = near(IN_SIGHT)
    mesh.run(2_000)
    a.stop()
    mesh.run(2_000)
    expect(stranger.heard()).toEqual(['goodbye'])
  })
})

/** Sequence and status, as a strict receiver counts them from a HELLO on. */
function expectConsistent(messages: readonly ZreMessage[]): void {
  expect(complaints(messages, rfc)).toEqual([])
  let status = 0
  const groups = new Set<string>()
  for (const message of messages) {
    if (!('status' in message)) continue
    if (message.kind === 'hello') {
      status = message.status
      groups.clear()
      for (const group of message.groups) groups.add(group)
      continue
    }
    status = (status + 1) & 0xff
    expect([message.kind, message.group, message.status]).toEqual([
      groups.has(message.group) ? 'leave' : 'join',
      message.group,
      status,
    ])
    if (!groups.delete(message.group)) groups.add(message.group)
  }
}
