/**
 * The seam for mechanisms that seal frames, tried with a toy: it takes three commands for its handshake, and
 * inverts every bit of a frame behind a mark and a counter. CURVE plugs in at the same places.
 */
import { describe, expect, it } from 'vitest'
import { EMPTY_BYTES, toHex, utf8Encode } from '../../../src/base/bytes.ts'
import { invalid } from '../../../src/base/errors.ts'
import { type Command, encodeCommand } from '../../../src/zmtp/command.ts'
import { type ConnectionInput, ZmtpConnection } from '../../../src/zmtp/connection.ts'
import type {
  ConnectionRole,
  FrameProtection,
  HandshakeStep,
  Mechanism,
  OpenedFrame,
} from '../../../src/zmtp/mechanism.ts'
import { bytesOf, feed, feedBytewise, IDENTITY, LIMITS, summaryOf, takeOutput } from './helpers.ts'

const MARK = 0xee
/** Mark, counter, flags. */
const OVERHEAD_BYTES = 3

class ToyProtection implements FrameProtection {
  readonly overheadBytes = OVERHEAD_BYTES
  sealed = 0
  opened = 0

  seal(bytes: Uint8Array, start: number, end: number, flags: number): void {
    bytes.set([MARK, this.sealed++ & 0xff, flags], start)
    for (let i = start + 2; i < end; i++) bytes[i] = ~bytes[i]!
  }

  open(bytes: Uint8Array, start: number, end: number): OpenedFrame | ReturnType<typeof refuse> {
    if (end - start < OVERHEAD_BYTES || bytes[start] !== MARK) return refuse('not sealed')
    if (bytes[start + 1] !== (this.opened++ & 0xff)) return refuse('opened twice or out of order')
    for (let i = start + 2; i < end; i++) bytes[i] = ~bytes[i]!
    return { kind: 'opened', flags: bytes[start + 2]!, start: start + OVERHEAD_BYTES, end }
  }
}

function refuse(reason: string) {
  return invalid('zmtp-handshake', reason)
}

/** INIT → WELCOME → META (metadata) → READY (metadata). */
class ToyMechanism implements Mechanism {
  readonly name = 'X-TOY'
  readonly protection = new ToyProtection()
  #metadata: Uint8Array = EMPTY_BYTES

  begin(role: ConnectionRole, metadata: Uint8Array): Uint8Array | undefined {
    this.#metadata = metadata
    return role === 'dialler' ? encodeCommand('INIT') : undefined
  }

  handleCommand({ name, data }: Command): HandshakeStep {
    if (name === 'INIT') return { kind: 'continue', reply: encodeCommand('WELCOME') }
    if (name === 'WELCOME')
      return { kind: 'continue', reply: encodeCommand('META', this.#metadata) }
    if (name === 'META' || name === 'READY') return { kind: 'metadata', metadata: data }
    return refuse('not of this handshake')
  }

  accept(): Uint8Array {
    return encodeCommand('READY', this.#metadata)
  }
}

interface Pair {
  readonly dialler: ZmtpConnection
  readonly acceptor: ZmtpConnection
  readonly events: ConnectionInput[]
}

/** Two connections whose toy handshake is complete. */
function newPair(limits: Partial<typeof LIMITS> = {}): Pair {
  const connections = (['dialler', 'acceptor'] as const).map(
    (role) =>
      new ZmtpConnection({
        role,
        identity: role === 'dialler' ? IDENTITY : EMPTY_BYTES,
        mechanism: new ToyMechanism(),
        limits: { ...LIMITS, ...limits },
      }),
  )
  const [dialler, acceptor] = connections as [ZmtpConnection, ZmtpConnection]
  const events: ConnectionInput[] = []
  while (dialler.outputBytes + acceptor.outputBytes > 0) {
    events.push(...feed(acceptor, takeOutput(dialler)), ...feed(dialler, takeOutput(acceptor)))
  }
  return { dialler, acceptor, events }
}

describe('a mechanism that seals frames', () => {
  it('has a handshake of as many commands as it likes', () => {
    const { dialler, acceptor, events } = newPair()
    expect(summaryOf(events)).toEqual(['offer', 'ready'])
    expect([dialler.state, acceptor.state]).toEqual(['ready', 'ready'])
    expect(events[0]).toMatchObject({ peer: { socketType: 'DEALER', identity: IDENTITY } })
  })

  it('seals every frame, MORE included, before its bytes are taken', () => {
    const { dialler } = newPair()
    dialler.writeFrame(bytesOf('00ff'), true)
    dialler.reserveFrame(1, false).u8(0xaa)
    expect(toHex(takeOutput(dialler))).toBe('0005ee00feff00' + '0004ee01ff55')
  })

  it('carries messages of short, long and large frames either way', () => {
    const frames = [
      EMPTY_BYTES,
      new Uint8Array(252).fill(1),
      new Uint8Array(253).fill(2),
      new Uint8Array(50_000).fill(3),
    ]
    const { dialler, acceptor } = newPair()
    for (const [from, to] of [
      [dialler, acceptor],
      [acceptor, dialler],
    ] as const) {
      for (let i = 0; i < 3; i++) {
        frames.forEach((frame, at) => {
          from.writeFrame(frame, at < frames.length - 1)
        })
      }
      const bytes = takeOutput(from)
      expect(toHex(bytes)).not.toContain('02020202')
      const expected = frames.map(toHex)
      expect(summaryOf(feed(to, bytes))).toEqual([expected, expected, expected])
      expect(to.bufferedBytes).toBe(0)
    }
  })

  it('opens each frame exactly once, however it is split', () => {
    const { dialler, acceptor } = newPair()
    for (let i = 0; i < 20; i++) {
      dialler.writeFrame(utf8Encode(`first ${i}`), true)
      dialler.writeFrame(utf8Encode(`second ${i}`), false)
    }
    const inputs = feedBytewise(acceptor, takeOutput(dialler))
    expect(inputs).toHaveLength(20)
    expect(summaryOf(inputs)[19]).toEqual(
      ['first 19', 'second 19'].map((t) => toHex(utf8Encode(t))),
    )
  })

  it('seals PING and PONG as well', () => {
    const { dialler, acceptor } = newPair()
    dialler.writePing(0, bytesOf('abcd'))
    const ping = takeOutput(dialler)
    expect(toHex(ping)).not.toContain('50494e47')
    expect(feed(acceptor, ping)).toEqual([])
    const pong = takeOutput(acceptor)
    expect(toHex(pong)).not.toContain('504f4e47')
    expect(feed(dialler, pong)).toEqual([{ kind: 'pong', context: bytesOf('abcd') }])
  })

  it('never sends a payload by reference: sealing would overwrite the caller’s bytes', () => {
    const { dialler } = newPair()
    const payload = new Uint8Array(100_000)
    dialler.writeFrame(payload, false)
    takeOutput(dialler)
    expect(payload.every((byte) => byte === 0)).toBe(true)
  })

  it('refuses a frame in the clear', () => {
    const { acceptor } = newPair()
    expect(summaryOf(feed(acceptor, '00 03 414141'))).toEqual(['zmtp-handshake'])
    expect(acceptor.bufferedBytes).toBe(0)
  })

  it('does not count its overhead against the limit of a message', () => {
    const { dialler, acceptor } = newPair({ messageBytes: 600 })
    dialler.writeFrame(new Uint8Array(300), true)
    dialler.writeFrame(new Uint8Array(300), false)
    expect(feed(acceptor, takeOutput(dialler))).toHaveLength(1)
    dialler.writeFrame(new Uint8Array(601), false)
    expect(summaryOf(feed(acceptor, takeOutput(dialler)))).toEqual(['zmtp-message-size'])
  })

  it('refuses a sealed command that is too large', () => {
    const { dialler, acceptor } = newPair()
    const protection = new ToyProtection()
    const frame = new Uint8Array(OVERHEAD_BYTES + 5000)
    protection.seal(frame, 0, frame.length, 4)
    expect(dialler.state).toBe('ready')
    const bytes = bytesOf(`02 ${frame.length.toString(16).padStart(16, '0')} ${toHex(frame)}`)
    expect(summaryOf(feed(acceptor, bytes))).toEqual(['zmtp-command-size'])
  })
})
