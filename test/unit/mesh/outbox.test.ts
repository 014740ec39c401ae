import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/base/limits.ts'
import { Outbox } from '../../../src/mesh/outbox.ts'
import { content } from '../../support/content.ts'
import { type Host, Mesh } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)
const KIB = 1024
/** Bytes under way to the host's network stack before messages wait in the outbox. */
const WINDOW = 256 * KIB

interface Blocked {
  readonly mesh: Mesh
  readonly a: Host
  readonly stranger: ZrePeer
  /** The stranger reads again. */
  readonly unblock: () => void
}

/** A stranger that has met us and reads nothing any more. */
function blocked(options: Parameters<Mesh['host']>[0] = {}): Blocked {
  const mesh = new Mesh()
  const a = mesh.host({ name: 'a', ...options }).start()
  const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
  stranger.beaconUntil(600_000)
  stranger.meet(a)
  mesh.run(10)
  a.takeStory()
  stranger.received.length = 0
  const { socket } = stranger.accepted[0]!
  socket.setReading(false)
  return { mesh, a, stranger, unblock: () => socket.setReading(true) }
}

/** Whispers numbered texts of `size` bytes until one is refused; gives how many were accepted. */
function fill({ mesh, a, stranger }: Blocked, size: number): number {
  for (let count = 0; ; count++) {
    if (a.whisper(stranger, `${count}`.padEnd(size, '.')) === 'full') return count
    if (count % 100 === 0) mesh.run(1)
    expect(count).toBeLessThan(100_000)
  }
}

const rooms = (host: Host): number => host.log.filter(({ event }) => event.type === 'room').length
const reopen = (host: Host): void =>
  host.call((engine) => engine.reopen(STRANGER, () => {}, host.mesh.now))

describe('an outbox', () => {
  const limits = { outboxMessages: 4, outboxBytes: 1_000 }

  it('keeps order, and counts messages and bytes with their overhead', () => {
    const outbox = new Outbox(limits)
    const first = content('', ['abc'])
    outbox.push(first)
    outbox.push({ kind: 'join', group: 'x', status: 1, byteLength: 1 })
    expect([outbox.length, outbox.contentLength, outbox.byteLength]).toEqual([2, 1, 4 + 2 * 64])
    expect(outbox.shift()).toBe(first)
    expect(outbox.shift()?.kind).toBe('join')
    expect([outbox.shift(), outbox.byteLength]).toEqual([undefined, 0])
  })

  it.each([
    ['nothing waits: one of any size', 0, 0, 1_000_000, true],
    ['a message is on its way', 1, 0, 1_000_000, false],
    ['there is room for it', 3, 500, 436, true],
    ['it is a byte too long', 3, 500, 437, false],
    ['there are too many', 4, 0, 0, false],
  ])('has room when %s', (_what, windowMessages, windowBytes, byteLength, room) => {
    expect(new Outbox(limits).hasRoom(byteLength, windowMessages, windowBytes)).toBe(room)
  })

  it('lets go of joins and leaves when a HELLO says their sum', () => {
    const outbox = new Outbox(limits)
    outbox.push({ kind: 'join', group: 'x', status: 1, byteLength: 1 })
    outbox.push(content('', ['abc']))
    outbox.push({ kind: 'leave', group: 'x', status: 2, byteLength: 1 })
    outbox.dropMemberships()
    expect([outbox.length, outbox.byteLength]).toEqual([1, 3 + 64])
    outbox.clear()
    expect([outbox.length, outbox.byteLength]).toEqual([0, 0])
  })
})

describe('a peer that does not read', () => {
  it('is sent to until 3,000 messages wait, and then the outbox is full', () => {
    expect(fill(blocked(), 10)).toBe(DEFAULT_LIMITS.outboxMessages)
  })

  it('is sent to until 8 MiB wait, and then the outbox is full', () => {
    const state = blocked()
    const size = 16 * KIB
    const count = fill(state, size)
    const bytes = state.a.engine.metrics().peers[0]!.outboxBytes
    expect(count * size).toBeLessThanOrEqual(DEFAULT_LIMITS.outboxBytes)
    expect(count * size).toBeGreaterThan(0.98 * DEFAULT_LIMITS.outboxBytes)
    expect(bytes).toBeLessThanOrEqual(DEFAULT_LIMITS.outboxBytes)
  })

  it('is sent one message of the largest size, and no more', () => {
    const { a, stranger } = blocked()
    expect(a.whisper(stranger, new Uint8Array(16 * KIB * KIB))).toBe('accepted')
    expect(a.whisper(stranger, 'x')).toBe('full')
  })

  it('gets everything in order when it reads again', () => {
    const state = blocked()
    const count = fill(state, 300)
    state.unblock()
    state.mesh.run(2_000)
    const sequences = state.stranger.received.map(({ sequence }) => sequence)
    expect(sequences).toEqual(Array.from({ length: count }, (_, i) => i + 2))
    expect(state.a.engine.metrics().mesh.messagesLost).toBe(0)
  })

  it('does not hold up others', () => {
    const { mesh, a, stranger } = blocked()
    const b = mesh.host({ name: 'b' }).start()
    mesh.run(20)
    fill({ mesh, a, stranger, unblock: () => {} }, 10)
    a.whisper(b, 'hello')
    mesh.run(5)
    expect(b.story).toEqual(['enter a', 'whisper a: hello'])
  })

  it('is left out of a shout, which says so', () => {
    const state = blocked()
    const { mesh, a, stranger } = state
    stranger.say({ kind: 'join', group: 'g', status: 1 })
    const b = mesh.host({ name: 'b', groups: ['g'] }).start()
    mesh.run(20)
    fill(state, 10)
    expect(a.shout('g', 'hi')).toEqual({ accepted: 1, full: [STRANGER] })
    mesh.run(5)
    expect(b.story.at(-1)).toBe('shout a g: hi')
  })

  it('is still present: its beacons speak for it', () => {
    const state = blocked()
    fill(state, 10)
    state.mesh.run(60_000)
    expect(state.a.story.filter((line) => line.startsWith('exit'))).toEqual([])
  })
})

describe('room', () => {
  it('is told at half the mark, and not before', () => {
    const state = blocked()
    const { mesh, a, stranger } = state
    fill(state, KIB)
    let waiting = Number.NaN
    const note = (): boolean => {
      if (rooms(a) === 0) waiting = a.engine.metrics().peers[0]!.outboxMessages
      return rooms(a) > 0
    }
    state.unblock()
    mesh.until(note)
    const after = a.engine.metrics().peers[0]!.outboxMessages
    expect(after).toBeLessThanOrEqual(DEFAULT_LIMITS.outboxMessages / 2)
    expect(waiting).toBeGreaterThan(DEFAULT_LIMITS.outboxMessages / 2)
    expect(a.whisper(stranger)).toBe('full')
    reopen(a)
    expect(a.whisper(stranger)).toBe('accepted')
  })

  it('is not told when nobody was refused', () => {
    const { mesh, a, stranger, unblock } = blocked()
    for (let i = 0; i < 100; i++) a.whisper(stranger)
    unblock()
    mesh.run(100)
    expect(rooms(a)).toBe(0)
  })

  it('keeps newcomers out until those who waited were served: nobody overtakes', () => {
    const state = blocked()
    const { mesh, a, stranger } = state
    fill(state, 10)
    state.unblock()
    mesh.run(100)
    expect(rooms(a)).toBeGreaterThan(0)
    expect(a.whisper(stranger)).toBe('full')
  })

  it('comes for a largest message once everything else has gone', () => {
    const { mesh, a, stranger, unblock } = blocked()
    a.whisper(stranger, 'small')
    const large = new Uint8Array(16 * KIB * KIB)
    expect(a.whisper(stranger, large)).toBe('full')
    unblock()
    mesh.until(() => rooms(a) > 0)
    reopen(a)
    expect(a.whisper(stranger, large)).toBe('accepted')
  })
})

describe('while messages wait', () => {
  it('a JOIN and a LEAVE keep their place among them, beyond the limit', () => {
    const state = blocked()
    const { mesh, a, stranger } = state
    const count = fill(state, 300)
    expect(a.join('late')).toBe(true)
    expect(a.leave('late')).toBe(true)
    state.unblock()
    mesh.run(2_000)
    expect(stranger.heard().slice(count)).toEqual(['join', 'leave'])
    expect(stranger.received.at(-1)).toMatchObject({ sequence: count + 3, status: 2 })
  })

  it('a PING passes them', () => {
    const state = blocked()
    const { mesh, a, stranger } = state
    const count = fill(state, KIB)
    a.call((engine, now) => engine.ping(STRANGER, now))
    mesh.run(5)
    state.unblock()
    mesh.run(2_000)
    const place = stranger.heard().indexOf('ping')
    expect(place).toBeGreaterThan(0)
    expect(place).toBeLessThan(count / 2)
    const sequences = stranger.received.map(({ sequence }) => sequence)
    expect(sequences).toEqual(Array.from({ length: count + 1 }, (_, i) => i + 2))
  })

  it('and the link breaks, those that were on their way are lost, counted and told; the rest arrives', () => {
    const state = blocked()
    const { mesh, a, stranger } = state
    const count = fill(state, KIB)
    stranger.accepted[0]!.socket.destroy()
    mesh.run(3_000)
    const lost = a.engine.metrics().peers[0]!.messagesLost
    expect(lost).toBeGreaterThanOrEqual(WINDOW / (KIB + 20))
    expect(lost).toBeLessThan(WINDOW / KIB + 110)
    expect(stranger.heard()).toEqual(['hello', ...new Array(count - lost).fill('whisper')])
    expect(a.story).toContain('warning messages-lost')
    expect(a.engine.metrics().mesh.messagesLost).toBe(lost)
  })

  it('and the link breaks, a JOIN among them is in the next HELLO, and not told twice', () => {
    const state = blocked()
    const { mesh, a, stranger } = state
    fill(state, KIB)
    a.join('x')
    stranger.accepted[0]!.socket.destroy()
    mesh.run(3_000)
    expect(stranger.received[0]).toMatchObject({ kind: 'hello', groups: ['x'], status: 1 })
    expect(new Set(stranger.heard())).toEqual(new Set(['hello', 'whisper']))
  })

  it('and the peer leaves, all of them are counted as lost', () => {
    const state = blocked()
    const count = fill(state, KIB)
    state.stranger.say({ kind: 'goodbye' })
    state.mesh.run(5)
    expect(state.a.story).toEqual(['exit stranger goodbye'])
    expect(state.a.engine.metrics().mesh.messagesLost).toBe(count)
  })

  it('endless toggling of groups takes a bounded amount of memory', () => {
    const { mesh, a, stranger, unblock } = blocked()
    fill({ mesh, a, stranger, unblock }, 300)
    let most = 0
    for (let i = 0; i < 100_000; i++) {
      if (!a.join('on-off')) a.leave('on-off')
      if (i % 1_000 === 0) {
        mesh.run(1)
        most = Math.max(most, a.engine.metrics().peers[0]!.outboxBytes)
      }
    }
    expect(most).toBeLessThan(3_000 * (300 + 100) + 6_000 * 100)
    unblock()
    mesh.run(2_000)
    a.join('last')
    mesh.run(10)
    const statuses = stranger.received.flatMap((each) => ('status' in each ? [each.status] : []))
    expect(statuses.at(-1)).toBe((100_000 + 1) % 256)
    expect(stranger.heard()).toContain('hello')
  })
})

describe('a peer that asks and does not read', () => {
  it.each([
    ['PINGs', (stranger: ZrePeer) => stranger.say({ kind: 'ping' })],
    ['HELLOs', (stranger: ZrePeer) => stranger.hello()],
  ])('gets a bounded number of answers to its %s', (_what, ask) => {
    const groups = Array.from({ length: 500 }, (_, i) => `group ${i}`)
    const { mesh, a, stranger, unblock } = blocked({ groups })
    fill({ mesh, a, stranger, unblock }, 1_024)
    const before = a.engine.metrics().peers[0]!.outboxBytes
    for (let i = 0; i < 100_000; i++) {
      ask(stranger)
      if (i % 100 === 0) mesh.run(100)
    }
    expect(a.engine.metrics().peers[0]!.outboxBytes - before).toBeLessThan(64 * KIB)
    expect(a.sees(stranger)).toBe(true)
    unblock()
    mesh.run(5_000)
    expect(stranger.heard().filter((kind) => kind === 'ping-ok').length).toBeLessThan(10_000)
  })
})
