/**
 * At a million messages a second, sequence numbers wrap fifteen times a second. Here they do so thousands of times:
 * both sides are put shortly before the wrap again and again, and nothing may be lost, late, twice or complained of.
 */
import { describe, expect, it } from 'vitest'
import type { Peer } from '../../../src/mesh/peer.ts'
import { type Host, Mesh } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)
const ROUNDS = 1_000
const MESSAGES = 12
/** So that the wrap is somewhere among the messages of a round, at each place in turn. */
const startOf = (round: number): number => 65_535 - (round % MESSAGES)

/** What `host` knows of `other`: through a connection, since engines do not show their peers. */
function peerOf(host: Host, id: string): Peer {
  for (const { peer } of host.sockets.keys()) if (peer?.id === id) return peer
  throw new Error('no connection leads there')
}

/** Message `i` of a round, of one kind or another; gives back how it is heard. */
function sayTo(a: Host, b: Host, i: number): string {
  if (i % 4 !== 3) {
    a.whisper(b, `${i}`)
    return `whisper a: ${i}`
  }
  if (a.join('toggled')) return 'join a toggled'
  a.leave('toggled')
  return 'leave a toggled'
}

describe('sent sequence numbers', () => {
  it.each(['rfc', 'short'] as const)(
    'wrap a thousand times towards a peer of the style %s',
    (style) => {
      const mesh = new Mesh()
      const [a, b] = [mesh.host({ name: 'a' }).start(), mesh.host({ name: 'b' }).start()]
      mesh.run(2_000)
      b.takeStory()
      for (let round = 0; round < ROUNDS; round++) {
        const towards = peerOf(a, b.id)
        towards.wrapStyle = style
        towards.sentSequence = startOf(round) - 1
        peerOf(b, a.id).receivedSequence = startOf(round) - 1
        const expected = Array.from({ length: MESSAGES }, (_, i) => sayTo(a, b, i))
        if (round % 2 === 0) a.call((engine, now) => engine.ping(b.id, now))
        mesh.run(5)
        expect(b.takeStory()).toEqual(expected)
      }
      expect([a.warnings(), b.warnings()]).toEqual([[], []])
      expect(a.engine.metrics().mesh.messagesLost).toBe(0)
    },
  )
})

describe('sent sequence numbers, towards a peer whose style is not known', () => {
  it('start over a thousand times, before the place where the styles differ', () => {
    const mesh = new Mesh()
    const a = mesh.host({ name: 'a' }).start()
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    stranger.beaconUntil(20_000)
    stranger.meet(a)
    mesh.run(2_000)
    for (let round = 0; round < ROUNDS; round++) {
      stranger.received.length = 0
      const start = startOf(round) - 1
      peerOf(a, STRANGER).sentSequence = start
      stranger.say({ kind: 'whisper' }, 'no moment is quiet')
      mesh.run(5)
      for (let i = 0; i < MESSAGES; i++) a.whisper(stranger, `${i}`)
      mesh.run(5)
      const numbers: number[] = []
      for (let number = start + 1; number <= 65_534; number++) numbers.push(number)
      for (let number = 1; numbers.length < MESSAGES + 1; number++) numbers.push(number)
      expect(stranger.received.map(({ sequence }) => sequence)).toEqual(numbers)
      const hellos = stranger.received.filter(({ kind }) => kind === 'hello')
      expect(hellos.map(({ sequence }) => sequence)).toEqual([1])
    }
  })
})

describe('received sequence numbers', () => {
  it.each([
    ['from 65535 to 0', 65_536],
    ['from 65534 to 0', 65_535],
  ])('wrap a thousand times %s', (_what, modulus) => {
    const mesh = new Mesh()
    const a = mesh.host({ name: 'a' }).start()
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    stranger.meet(a)
    mesh.run(100)
    a.takeStory()
    for (let round = 0; round < ROUNDS; round++) {
      const start = startOf(round) - 2
      stranger.sequence = start
      peerOf(a, STRANGER).receivedSequence = start
      const expected: string[] = []
      for (let i = 0; i < MESSAGES; i++) {
        const text = `${round} ${i}`
        stranger.say({ kind: 'whisper', sequence: (stranger.sequence + 1) % modulus }, text)
        expected.push(`whisper stranger: ${text}`)
      }
      mesh.run(5)
      expect(a.takeStory()).toEqual(expected)
    }
    expect(a.warnings()).toEqual([])
  })
})
