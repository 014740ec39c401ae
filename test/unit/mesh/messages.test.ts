import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8Encode } from '../../../src/base/bytes.ts'
import type { EngineEvent } from '../../../src/mesh/events.ts'
import type { Message } from '../../../src/mesh/message.ts'
import { type Host, Mesh } from '../../support/mesh.ts'
import { ZrePeer } from '../../support/zre-peer.ts'

const MIB = 1024 * 1024

function met(chunkBytes = Number.POSITIVE_INFINITY): { mesh: Mesh; a: Host; b: Host } {
  const mesh = new Mesh()
  mesh.network.chunkBytes = chunkBytes
  const a = mesh.host({ name: 'a', groups: ['chat'] }).start()
  const b = mesh.host({ name: 'b', groups: ['chat'] }).start()
  mesh.run(30)
  a.takeStory()
  b.takeStory()
  return { mesh, a, b }
}

function messagesOf(host: Host): Message[] {
  return host.log.flatMap(({ event }) => ('message' in event ? [event.message] : []))
}

describe('a message', () => {
  const FRAMES: readonly (readonly [string, Uint8Array[]])[] = [
    ['one empty frame', [new Uint8Array()]],
    ['only empty frames', [new Uint8Array(), new Uint8Array(), new Uint8Array()]],
    ['every byte', [Uint8Array.from({ length: 256 }, (_, i) => i)]],
    ['what looks like a header', [Uint8Array.of(0xaa, 0xa1, 1, 2, 0, 1)]],
    ['255 and 256 bytes', [new Uint8Array(255).fill(1), new Uint8Array(256).fill(2)]],
    ['64 KiB', [new Uint8Array(65_536).fill(3), Uint8Array.of(1)]],
    ['1,024 frames', Array.from({ length: 1_024 }, (_, i) => new Uint8Array(i % 3).fill(i))],
    ['16 MiB', [new Uint8Array(16 * MIB).fill(7)]],
    ['16 MiB in 1,024 frames', Array.from({ length: 1_024 }, () => new Uint8Array(16_384))],
  ]

  it.each(FRAMES)('of %s arrives with exactly its frames', (_what, frames) => {
    const { mesh, a, b } = met()
    a.whisper(b, ...frames)
    mesh.run(5)
    a.shout('chat', ...frames)
    mesh.run(5)
    const [whisper, shout] = messagesOf(b)
    for (const message of [whisper!, shout!]) {
      expect(message.frameCount).toBe(frames.length)
      expect(message.byteLength).toBe(frames.reduce((sum, frame) => sum + frame.length, 0))
      frames.forEach((frame, i) => {
        expect(Buffer.compare(message.frame(i), frame)).toBe(0)
      })
    }
  })

  it('arrives with its frames however the network cuts the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 }), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.integer({ min: 1, max: 400 }),
        (messages, chunkBytes) => {
          const { mesh, a, b } = met(chunkBytes)
          for (const frames of messages) a.whisper(b, ...frames)
          mesh.run(20)
          expect(messagesOf(b).map((each) => each.frames().map((f) => [...f]))).toEqual(
            messages.map((frames) => frames.map((frame) => [...frame])),
          )
        },
      ),
      { seed: 7, numRuns: 60 },
    )
  })

  it('reads as text, as bytes, and frame by frame', () => {
    const { mesh, a, b } = met()
    a.whisper(b, 'hé', 'llo')
    mesh.run(5)
    const message = messagesOf(b)[0]!
    expect(message.text()).toBe('héllo')
    expect(message.bytes()).toEqual(utf8Encode('héllo'))
    expect(message.frames()).toEqual([utf8Encode('hé'), utf8Encode('llo')])
    expect(() => message.frame(2)).toThrow(RangeError)
    expect(() => message.frame(-1)).toThrow(RangeError)
    expect(() => message.frame(Number.NaN)).toThrow(RangeError)
  })

  it('without any content frame is an empty message', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: 'F'.repeat(32) }).listen()
    stranger.meet(a!)
    stranger.say({ kind: 'whisper' })
    mesh.run(5)
    const message = messagesOf(a!)[0]!
    expect([message.frameCount, message.byteLength, message.text()]).toEqual([0, 0, ''])
  })

  it('that a broken link cut in half does not arrive, and what comes after it is a gap', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: 'F'.repeat(32) }).listen()
    const line = stranger.meet(a!)
    // WHISPER with MORE, and the first bytes of 300.
    line.socket.write([
      Uint8Array.of(1, 6, 0xaa, 0xa1, 2, 2, 0, 2, 2, 0, 0, 0, 0, 0, 0, 1, 44),
      new Uint8Array(100),
    ])
    mesh.run(5)
    line.socket.destroy()
    stranger.dial(a!)
    stranger.say({ kind: 'whisper', sequence: 3 }, 'three')
    mesh.run(5)
    expect(a!.story).toEqual(['enter stranger', 'warning sequence-gap', 'exit stranger protocol'])
  })

  it('over the limits ends the connection, and neither the peer nor the node', () => {
    const mesh = new Mesh()
    const limits = { messageBytes: 1_000, messageFrames: 4 }
    const a = mesh.host({ limits }).start()
    const stranger = new ZrePeer(mesh, { id: 'F'.repeat(32) }).listen()
    stranger.meet(a)
    for (const frames of [['x'.repeat(2_000)], ['1', '2', '3', '4']]) {
      stranger.say({ kind: 'whisper' }, ...frames)
      mesh.run(5)
      expect(stranger.line!.ended).toBe('reset')
      stranger.sequence--
      stranger.dial(a)
    }
    stranger.say({ kind: 'whisper' }, '1', '2', '3')
    mesh.run(5)
    expect(a.story).toEqual([
      'enter stranger',
      'warning zmtp-message-size',
      'warning zmtp-message-frames',
      'whisper stranger: 1 | 2 | 3',
    ])
  })
})

describe('a whisper', () => {
  it('reaches one peer and nobody else', () => {
    const mesh = new Mesh()
    const [a, b, c] = mesh.start('a', 'b', 'c')
    mesh.run(20)
    expect(a!.whisper(b!, 'psst')).toBe('accepted')
    mesh.run(5)
    expect(b!.story.at(-1)).toBe('whisper a: psst')
    expect(c!.story).toEqual(['enter a', 'enter b'])
  })

  it('to nobody is refused: unknown, only heard of, or gone', () => {
    const mesh = new Mesh()
    const [a, b] = mesh.start('a', 'b')
    new ZrePeer(mesh, { id: 'F'.repeat(32) }).listen().beacon()
    mesh.run(20)
    expect(a!.whisper('0'.repeat(32))).toBe('no-such-peer')
    expect(a!.whisper('F'.repeat(32))).toBe('no-such-peer')
    b!.stop()
    mesh.run(100)
    expect(a!.whisper(b!)).toBe('no-such-peer')
  })
})

describe('a shout', () => {
  it('reaches the members of its group, and not its sender', () => {
    const mesh = new Mesh()
    const hosts = ['a', 'b', 'c', 'd'].map((name) =>
      mesh.host({ name, groups: name === 'd' ? ['Chat'] : ['chat'] }).start(),
    )
    mesh.run(30)
    for (const host of hosts) host.takeStory()
    expect(hosts[0]!.shout('chat', 'hi')).toEqual({ accepted: 2, full: [] })
    mesh.run(5)
    expect(hosts.map((host) => host.story)).toEqual([
      [],
      ['shout a chat: hi'],
      ['shout a chat: hi'],
      [],
    ])
  })

  it('may come from outside the group', () => {
    const { mesh, a, b } = met()
    a.leave('chat')
    mesh.run(5)
    a.shout('chat', 'from outside')
    mesh.run(5)
    expect(b.story).toEqual(['leave a chat', 'shout a chat: from outside'])
  })

  it('to a group without members reaches nobody', () => {
    const { a } = met()
    expect(a.shout('empty', 'hi')).toEqual({ accepted: 0, full: [] })
  })

  it('that was sent before our leave arrived is counted and not told', () => {
    const { mesh, a, b } = met()
    b.leave('chat')
    a.shout('chat', 'too late')
    mesh.run(5)
    expect(b.story).toEqual([])
    expect(b.engine.metrics().mesh.strayShouts).toBe(1)
  })
})

describe('order', () => {
  it('is kept per sender, across whispers, shouts, joins and leaves', () => {
    const { mesh, a, b } = met(7)
    const expected: string[] = []
    for (let i = 0; i < 50; i++) {
      a.whisper(b, `w${i}`)
      a.join(`g${i}`)
      a.shout('chat', `s${i}`)
      a.leave(`g${i}`)
      expected.push(`whisper a: w${i}`, `join a g${i}`, `shout a chat: s${i}`, `leave a g${i}`)
      if (i % 7 === 0) mesh.run(1)
    }
    mesh.run(50)
    expect(b.story).toEqual(expected)
  })

  it('holds for messages sent before the link is open', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: 'F'.repeat(32) })
    stranger.meet(a!) // its own mailbox is closed
    for (let i = 0; i < 5; i++) expect(a!.whisper(stranger, `${i}`)).toBe('accepted')
    stranger.listen()
    mesh.run(1_000)
    expect(stranger.received.map(({ kind, sequence }) => [kind, sequence])).toEqual([
      ['hello', 1],
      ...[2, 3, 4, 5, 6].map((sequence) => ['whisper', sequence]),
    ])
  })
})

describe('counters', () => {
  it('count messages and bytes of each peer, in and out', () => {
    const { mesh, a, b } = met()
    a.whisper(b, 'abc')
    a.shout('chat', 'de')
    mesh.run(5)
    const [out] = a.engine.metrics().peers
    const [into] = b.engine.metrics().peers
    expect(out).toMatchObject({ messagesOut: 2, bytesOut: 5, messagesLost: 0, links: 1 })
    expect(into).toMatchObject({ messagesIn: 2, linkedToUs: true, link: 'open' })
    expect(into!.bytesIn).toBeGreaterThanOrEqual(5)
    expect(b.engine.metrics().mesh).toMatchObject({ messagesIn: 2, messagesLost: 0 })
  })

  it('count what one side wrote as what the other side read', () => {
    const { mesh, a, b } = met()
    a.whisper(b, new Uint8Array(100_000))
    mesh.run(5)
    a.stop()
    mesh.run(50)
    const [one, two] = [a.engine.metrics().mesh, b.engine.metrics().mesh]
    expect(one.bytesOut).toBe(two.bytesIn)
    expect(one.bytesOut).toBeGreaterThan(100_000)
  })

  it('do not count an event of a warning twice', () => {
    const codes = (log: readonly { event: EngineEvent }[]): string[] =>
      log.flatMap(({ event }) => (event.type === 'warning' ? [event.code] : []))
    const { mesh, a } = met()
    mesh.datagram(new Uint8Array(3), { address: '10.0.0.9', port: 1 }, a)
    mesh.run(5)
    expect(codes(a.log)).toEqual(['beacon-signature'])
    expect(a.engine.metrics().warnings).toEqual({ 'beacon-signature': 1 })
  })
})
