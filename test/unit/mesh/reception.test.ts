import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/base/limits.ts'
import { type Host, Mesh, testId } from '../../support/mesh.ts'
import type { Socket } from '../../support/network.ts'
import { identityOf, ZrePeer } from '../../support/zre-peer.ts'

const STRANGER = 'F'.repeat(32)

/** Raw TCP connections to a host; `true` where they have ended. */
function connect(mesh: Mesh, host: Host, count: number, from = '10.0.0.66'): { ended: boolean }[] {
  const lines = Array.from({ length: count }, () => {
    const line: { ended: boolean; socket?: Socket } = { ended: false }
    line.socket = mesh.network.dial(from, host.endpoint, {
      bytes: () => {},
      ended: () => {
        line.ended = true
      },
    })
    return line
  })
  mesh.run(5)
  return lines
}

function send(mesh: Mesh, host: Host, bytes: readonly Uint8Array[]): { ended: boolean } {
  const line = { ended: false }
  const socket = mesh.network.dial('10.0.0.66', host.endpoint, {
    bytes: () => {},
    ended: () => {
      line.ended = true
    },
  })
  socket.write(bytes)
  mesh.run(5)
  return line
}

const open = (lines: readonly { ended: boolean }[]): number =>
  lines.filter(({ ended }) => !ended).length

describe('connections that stay silent', () => {
  it('are greeted all the same: libzmq waits for 11 bytes', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    let greeting = 0
    const bytes = ({ length }: Uint8Array): void => {
      greeting += length
    }
    mesh.network.dial('10.0.0.66', a!.endpoint, { bytes, ended: () => {} })
    mesh.run(5)
    expect(greeting).toBeGreaterThanOrEqual(11)
  })

  it('are dropped after 5 s, and warned about', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const [line] = connect(mesh, a!, 1)
    mesh.run(DEFAULT_LIMITS.handshakeMs - 10)
    expect(line!.ended).toBe(false)
    mesh.run(10)
    expect(line!.ended).toBe(true)
    expect(a!.story).toEqual(['warning handshake-timeout'])
    expect(a!.sockets.size).toBe(0)
  })

  it('are limited to 64 per address; further ones are refused', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    expect(open(connect(mesh, a!, 100))).toBe(64)
    expect(open(connect(mesh, a!, 10, '10.0.0.67'))).toBe(10)
    expect(a!.engine.metrics().warnings).toEqual({ 'half-open-limit': 36 })
    expect(a!.engine.metrics().mesh).toMatchObject({
      connectionsAccepted: 74,
      connectionsRefused: 36,
    })
    mesh.run(6_000)
    expect(a!.sockets.size).toBe(0)
    expect(open(connect(mesh, a!, 100))).toBe(64)
  })

  it('do not keep peers of other addresses out', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    connect(mesh, a!, 1_000)
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    stranger.meet(a!)
    expect(a!.sees(stranger)).toBe(true)
  })

  it('free their place when they hang up, or shake hands', () => {
    const mesh = new Mesh()
    const a = mesh.host({ limits: { halfOpenPerAddress: 2 } }).start()
    for (let i = 0; i < 10; i++) {
      const peer = new ZrePeer(mesh, { id: testId(100 + i), port: 50_000 + i, name: `s${i}` })
      peer.meet(a)
    }
    expect(a.engine.peers()).toHaveLength(10)
    for (let i = 0; i < 10; i++) {
      const socket = mesh.network.dial('10.0.0.66', a.endpoint, {
        bytes: () => {},
        ended: () => {},
      })
      mesh.run(5)
      socket.destroy()
      mesh.run(5)
    }
    expect(a.engine.metrics().warnings['half-open-limit']).toBeUndefined()
  })

  it('cost nothing once they are gone', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    for (let i = 0; i < 50; i++) {
      connect(mesh, a!, 100, `10.0.2.${i + 1}`)
      mesh.run(200)
    }
    mesh.run(10_000)
    expect(a!.sockets.size).toBe(0)
    expect(a!.engine.metrics().peers).toEqual([])
  })
})

describe('connections in all', () => {
  it('are limited', () => {
    const mesh = new Mesh()
    const a = mesh.host({ limits: { inboundConnections: 5 } }).start()
    for (let i = 0; i < 5; i++) connect(mesh, a, 1, `10.0.0.${60 + i}`)
    expect(open(connect(mesh, a, 1, '10.0.0.70'))).toBe(0)
    expect(a.warnings()).toEqual(['inbound-limit'])
    mesh.run(6_000)
    expect(open(connect(mesh, a, 1, '10.0.0.70'))).toBe(1)
  })
})

describe('garbage before the handshake', () => {
  it.each([
    ['the 1.0 attack', [255, 255, 255, 255, 255, 255, 255, 255, 0xda, 0, 65, 65]],
    ['HTTP', [...'GET / HTTP/1.1\r\n'].map((c) => c.charCodeAt(0))],
    ['zeros', new Array(64).fill(0)],
    ['a beacon', [0x5a, 0x52, 0x45, 1]],
    ['version 1', [255, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 0, 0]],
  ])('of %s ends the connection with a warning', (_what, bytes) => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const line = send(mesh, a!, [Uint8Array.from(bytes)])
    expect(line.ended).toBe(true)
    expect(a!.warnings()).toHaveLength(1)
    expect(a!.warnings()[0]).toMatch(/^zmtp-/)
  })

  it('is limited to 4 KiB even when it comes slowly', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER })
    const line = stranger.call(a!, identityOf(STRANGER))
    line.socket.write([new Uint8Array(5_000).fill(4)])
    mesh.run(10)
    expect(line.ended).toBe('reset')
  })

  it('one byte per second does not hold a place for longer than 5 s', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    let ended = false
    const socket = mesh.network.dial('10.0.0.66', a!.endpoint, {
      bytes: () => {},
      ended: () => {
        ended = true
      },
    })
    const greeting = Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3)
    for (let i = 0; i < 6; i++) {
      socket.write([greeting.subarray(i, i + 1)])
      mesh.run(1_000)
    }
    expect(ended).toBe(true)
  })
})

describe('garbage from a peer', () => {
  it.each([
    ['another protocol', [0, 3, 1, 2, 3], 'zre-signature'],
    ['an unknown command', [0, 6, 0xaa, 0xa1, 99, 2, 0, 2], 'zre-command'],
    ['version 3', [0, 6, 0xaa, 0xa1, 6, 3, 0, 2], 'zre-version'],
    ['a cut JOIN', [0, 6, 0xaa, 0xa1, 4, 2, 0, 2], 'zre-truncated'],
    ['an empty message', [0, 0], 'zre-signature'],
    ['a reserved flag', [128, 0], 'zmtp-frame-flags'],
    ['an announced 2^63 bytes', [2, 0x80, 0, 0, 0, 0, 0, 0, 0], 'zmtp-message-size'],
  ])('%s ends its connection, not its presence; it may dial again', (_what, bytes, code) => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    const line = stranger.meet(a!)
    line.socket.write([Uint8Array.from(bytes)])
    mesh.run(5)
    expect(line.ended).toBe('reset')
    expect(a!.story).toEqual(['enter stranger', `warning ${code}`])
    expect(a!.sees(stranger)).toBe(true)
    stranger.dial(a!)
    stranger.say({ kind: 'whisper' }, 'sorry')
    mesh.run(5)
    expect(a!.story.at(-1)).toBe('whisper stranger: sorry')
  })

  it('a command that comes with more frames is believed, with a warning', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    stranger.meet(a!)
    stranger.say({ kind: 'join', group: 'x', status: 1 }, 'what is this?')
    mesh.run(5)
    expect(a!.story.slice(1)).toEqual(['warning unexpected-frames', 'join stranger x'])
  })

  it('on the link that we dialled is ignored: nothing is ever said to us there', () => {
    const mesh = new Mesh()
    const [a] = mesh.start('a')
    const stranger = new ZrePeer(mesh, { id: STRANGER }).listen()
    stranger.meet(a!)
    const { zmtp, socket } = stranger.accepted[0]!
    zmtp.writeFrame(Uint8Array.of(0xaa, 0xa1, 10, 2, 0, 2), false)
    socket.write(zmtp.takeSegments())
    mesh.run(5)
    expect(a!.story).toEqual(['enter stranger'])
    expect(a!.sees(stranger)).toBe(true)
  })
})
