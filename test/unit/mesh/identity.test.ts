import { describe, expect, it } from 'vitest'
import { peerIdToBytes } from '../../../src/base/peer-id.ts'
import { encodeBeacon } from '../../../src/zre/beacon.ts'
import { BEACON_PORT, type Host, Mesh } from '../../support/mesh.ts'
import { identityOf, ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)
const ELSEWHERE = '10.0.0.66'

function met(): { mesh: Mesh; a: Host; stranger: ZrePeer } {
  const mesh = new Mesh()
  const a = mesh.host({ name: 'a' }).start()
  const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
  stranger.beaconUntil(600_000)
  stranger.meet(a)
  mesh.run(2_000)
  a.takeStory()
  stranger.received.length = 0
  return { mesh, a, stranger }
}

/** The stranger answers PINGs, as a living peer does. */
function answerPings(stranger: ZrePeer): void {
  stranger.onMessage = ({ kind }) => {
    if (kind === 'ping') stranger.say({ kind: 'ping-ok' })
  }
}

describe("a dialler's identity", () => {
  it.each([
    ['one byte', Uint8Array.of(1)],
    ['the bare UUID', peerIdToBytes(STRANGER)],
    ['18 bytes', Uint8Array.of(1, ...peerIdToBytes(STRANGER), 0)],
    ['17 bytes that start with 0', Uint8Array.of(0, ...peerIdToBytes(STRANGER))],
    ['255 bytes', new Uint8Array(255).fill(1)],
  ])('of %s is refused before it gets our READY', (_what, identity) => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER })
    const line = stranger.dial(a!, identity)
    expect([line.ended, line.zmtp.state]).toEqual(['reset', 'greeting'])
    expect(a!.story).toEqual(['warning identity-malformed'])
    expect(a!.engine.metrics().peers).toEqual([])
    expect(a!.engine.metrics().mesh).toMatchObject({ connectionsRefused: 1, handshakes: 0 })
  })

  it('of nothing is a visitor: it gets our READY and is closed, and nobody has entered', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const line = new ZrePeer(mesh, { id: STRANGER }).dial(a!, new Uint8Array())
    expect([line.ended, line.zmtp.state]).toEqual(['closed', 'ready'])
    expect(a!.story).toEqual([])
    expect(a!.sockets.size).toBe(0)
    const { mesh: counted, peers, warnings } = a!.engine.metrics()
    expect([peers, warnings]).toEqual([[], {}])
    expect(counted).toMatchObject({ visitors: 1, connectionsRefused: 0, handshakesAccepted: 1 })
  })

  it('that is our own is refused', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const line = new ZrePeer(mesh, { id: STRANGER }).dial(a!, identityOf(a!.id))
    expect(line.ended).toBe('reset')
    expect(a!.story).toEqual(['warning identity-own'])
  })
})

describe('a second connection with the identity of a peer', () => {
  it('from the same address takes over, and the old one is closed', () => {
    const { mesh, a, stranger } = met()
    const old = stranger.line!
    stranger.dial(a)
    expect(old.ended).toBe('reset')
    stranger.say({ kind: 'whisper' }, 'on the new one')
    mesh.run(5)
    expect(a.story).toEqual(['whisper stranger: on the new one'])
  })

  it('goes on where the old one was: libzmq redials without a word', () => {
    const { mesh, a, stranger } = met()
    stranger.say({ kind: 'whisper' }, 'two')
    mesh.run(5)
    stranger.line!.socket.destroy()
    mesh.run(100)
    stranger.dial(a)
    stranger.say({ kind: 'whisper' }, 'three')
    mesh.run(5)
    expect(a.story).toEqual(['whisper stranger: two', 'whisper stranger: three'])
    expect(a.warnings()).toEqual([])
  })

  it('may be sent messages of any size, as the old one could', () => {
    const { mesh, a, stranger } = met()
    stranger.line!.socket.destroy()
    stranger.dial(a)
    stranger.say({ kind: 'whisper' }, 'x'.repeat(1_000_000))
    mesh.run(5)
    expect(a.story.map((line) => line.length)).toEqual(['whisper stranger: '.length + 1_000_000])
  })

  it('finds the gap when a message was lost between the two', () => {
    const { mesh, a, stranger } = met()
    stranger.line!.socket.destroy()
    stranger.dial(a)
    stranger.sequence++
    stranger.say({ kind: 'whisper' })
    mesh.run(5)
    expect(a.story).toEqual(['warning sequence-gap', 'exit stranger protocol'])
  })

  it('from elsewhere is refused while the holder answers', () => {
    const { mesh, a, stranger } = met()
    answerPings(stranger)
    const holder = stranger.line!
    const line = stranger.call(a, undefined, ELSEWHERE)
    stranger.line = holder
    mesh.run(2_000)
    expect([holder.ended, line.ended, line.zmtp.state]).toEqual([undefined, 'reset', 'handshake'])
    expect(a.story).toEqual(['warning identity-conflict'])
  })

  it('from elsewhere is refused without a word when the peer is known to be there as well', () => {
    const { mesh, a, stranger } = met()
    answerPings(stranger)
    const holder = stranger.line!
    a.engine.handleDatagram(
      encodeBeacon({ kind: 'beacon', version: 1, id: STRANGER, port: stranger.port }),
      { address: ELSEWHERE, port: BEACON_PORT },
      mesh.now,
    )
    const line = stranger.call(a, undefined, ELSEWHERE)
    stranger.line = holder
    mesh.run(2_000)
    expect([holder.ended, line.ended]).toEqual([undefined, 'reset'])
    expect(a.story).toEqual([])
  })

  it('from elsewhere may try again later, and then meet a holder that is silent', () => {
    const { mesh, a, stranger } = met()
    answerPings(stranger)
    const holder = stranger.line!
    stranger.call(a, undefined, ELSEWHERE)
    stranger.line = holder
    mesh.run(2_000)
    stranger.onMessage = () => {}
    const line = stranger.call(a, undefined, ELSEWHERE)
    mesh.run(1_100)
    expect([holder.ended, line.zmtp.state]).toEqual(['reset', 'ready'])
    expect(a.warnings()).toEqual(['identity-conflict'])
  })

  it('from elsewhere is accepted when the holder stays silent', () => {
    const { mesh, a, stranger } = met()
    const holder = stranger.line!
    const line = stranger.call(a, undefined, ELSEWHERE)
    mesh.run(990)
    expect(line.zmtp.state).toBe('handshake')
    mesh.run(20)
    expect([holder.ended, line.zmtp.state]).toEqual(['reset', 'ready'])
    stranger.say({ kind: 'whisper' }, 'moved')
    mesh.run(5)
    expect(a.story).toEqual(['whisper stranger: moved'])
  })

  it('from elsewhere is accepted at once when the holder hangs up', () => {
    const { mesh, a, stranger } = met()
    const holder = stranger.line!
    const line = stranger.call(a, undefined, ELSEWHERE)
    mesh.run(100)
    holder.socket.destroy()
    mesh.run(10)
    expect(line.zmtp.state).toBe('ready')
    expect(a.story).toEqual([])
  })

  it('that gives up while it is held back is forgotten', () => {
    const { mesh, a, stranger } = met()
    const holder = stranger.line!
    stranger.call(a, undefined, ELSEWHERE)
    mesh.run(100)
    stranger.line!.socket.destroy()
    stranger.line = holder
    mesh.run(5_000)
    expect(holder.ended).toBeUndefined()
    stranger.say({ kind: 'whisper' }, 'still here')
    mesh.run(5)
    expect(a.story).toContain('whisper stranger: still here')
  })

  it('a third one is refused while two are at odds', () => {
    const { mesh, a, stranger } = met()
    stranger.call(a, undefined, ELSEWHERE)
    mesh.run(100)
    const third = stranger.dial(a, undefined, '10.0.0.67')
    expect(third.ended).toBe('reset')
    expect(a.warnings()).toEqual(['identity-conflict'])
  })

  it('does not let the newcomer speak before it is decided', () => {
    const { mesh, a, stranger } = met()
    const line = stranger.call(a, undefined, ELSEWHERE)
    mesh.run(50)
    // A frame without waiting for READY.
    line.socket.write([Uint8Array.of(0, 6, 0xaa, 0xa1, 6, 2, 0, 2)])
    mesh.run(5_000)
    expect(line.ended).toBeUndefined()
    expect(a.story.filter((each) => !each.includes('evasive'))).toEqual([])
  })
})

it('two nodes with one identity do not enter with each other', () => {
  const mesh = new Mesh()
  const a = mesh.host({ name: 'a', id: STRANGER }).start()
  const b = mesh.host({ name: 'b', id: STRANGER }).start()
  mesh.run(10_000)
  expect([a.story, b.story]).toEqual([[], []])
})

it('of two nodes with one identity a third one keeps the first, without flapping', () => {
  const mesh = new Mesh()
  const [c] = mesh.start('c')
  mesh.host({ name: 'a', id: STRANGER }).start()
  mesh.run(2_000)
  mesh.host({ name: 'b', id: STRANGER }).start()
  mesh.run(20_000)
  expect(c!.engine.peers().map(({ name }) => name)).toEqual(['a'])
  expect(c!.story.filter((line) => line.startsWith('exit'))).toEqual([])
  expect(c!.warnings()).toContain('identity-conflict')
})
