/**
 * Hostile and broken input, numbered as in `ATTACKS.md`: what a connection makes of it. Every case ends with
 * a verdict, never with an exception, and without memory for what was only announced.
 */
import { describe, expect, it } from 'vitest'
import { EMPTY_BYTES, toHex, utf8Encode } from '../../../src/base/bytes.ts'
import { encodeCommand } from '../../../src/zmtp/command.ts'
import type { ZmtpConnection } from '../../../src/zmtp/connection.ts'
import {
  bytesOf,
  feed,
  feedBytewise,
  GREETING_OF_DEALER,
  GREETING_OF_ROUTER,
  newAcceptor,
  newDialler,
  READY_OF_DEALER,
  READY_OF_ROUTER,
  readyAcceptor,
  readyDialler,
  summaryOf,
  takeOutput,
} from './helpers.ts'

const MIB = 1024 * 1024

function expectRefused(connection: ZmtpConnection, bytes: string | Uint8Array, code: string): void {
  expect(summaryOf(feed(connection, bytes)).at(-1)).toBe(code)
  expect(connection.state).toBe('invalid')
  expect(connection.bufferedBytes).toBe(0)
}

/** An acceptor that waits for a READY; the bytes of one with `properties` and nothing else. */
function greetedAcceptor(): ZmtpConnection {
  const connection = newAcceptor()
  feed(connection, GREETING_OF_DEALER)
  return connection
}

function longCommand(body: Uint8Array): string {
  return `06 ${body.length.toString(16).padStart(16, '0')} ${toHex(body)}`
}

function readyWith(properties: string): string {
  return longCommand(encodeCommand('READY', bytesOf(properties)))
}

describe('framing', () => {
  it('1: a greeting that turns into a ZMTP 1.0 frame of 0xDA00 bytes is refused at its tenth byte', () => {
    const connection = newAcceptor()
    const bytes = `ff ff ff ff ff ff ff ff da 00 ${'41'.repeat(5000)}`
    expectRefused(connection, bytes, 'zmtp-signature')
  })

  it('2: a frame of nearly 2⁶⁴ bytes is refused by its header (CVE-2019-6250)', () => {
    for (const size of ['ffffffffffffffff', 'fffffffffffffff0', 'ffffffffffffff00']) {
      expectRefused(readyAcceptor(), `02 ${size} ${'41'.repeat(100)}`, 'zmtp-message-size')
      expectRefused(greetedAcceptor(), `06 ${size} ${'41'.repeat(100)}`, 'zmtp-handshake-size')
    }
  })

  it('3: a ZMTP 1.0 peer with two messages over 8,192 bytes is refused at its first byte (CVE-2021-20235)', () => {
    const frame = `ff 0000000000002001 00 ${'41'.repeat(8192)}`
    expectRefused(newAcceptor(), `01 00 ${frame} ${frame}`, 'zmtp-unversioned')
  })

  it('4: a frame of 2⁶³ bytes, or of one more than the limit, is refused by its header', () => {
    for (const size of ['8000000000000000', '00000000000f4241']) {
      expectRefused(readyAcceptor({ messageBytes: 1_000_000 }), `02 ${size}`, 'zmtp-message-size')
    }
  })

  it('5: who announces 16 MiB and sends nothing costs nothing', () => {
    const connection = readyAcceptor({ messageBytes: 16 * MIB })
    feed(connection, '02 0000000001000000')
    expect(connection.state).toBe('ready')
    expect(connection.bufferedBytes).toBe(0)
    feed(connection, '41')
    expect(connection.bufferedBytes).toBeLessThanOrEqual(16 * 1024)
  })

  it('6: a connection fed one byte at a time gets through handshake and messages, holding only what is unfinished', () => {
    const connection = newAcceptor()
    const message = `01 02 aaaa 02 0000000000000100 ${'bb'.repeat(256)}`
    const inputs = feedBytewise(connection, GREETING_OF_DEALER + READY_OF_DEALER + message)
    expect(summaryOf(inputs)).toEqual(['offer', ['aaaa', 'bb'.repeat(256)]])
    expect(connection.bufferedBytes).toBe(0)
  })

  it('7: an endless message ends at the limit of frames, or of bytes', () => {
    expectRefused(readyAcceptor(), '01 00'.repeat(100_000), 'zmtp-message-frames')
    const connection = readyAcceptor({ messageBytes: 1000 })
    expectRefused(connection, `01 c8 ${'41'.repeat(200)}`.repeat(10), 'zmtp-message-size')
  })

  it('8: reserved flag bits and MORE on a command are refused', () => {
    for (const flags of ['08', '10', '20', '40', '80', 'f8', '05', '07']) {
      expectRefused(readyAcceptor(), `${flags} 00`, 'zmtp-frame-flags')
      expectRefused(greetedAcceptor(), `${flags} 00`, 'zmtp-frame-flags')
    }
  })

  it('9: a message that its sender never finishes is never handed out (CVE-2021-20234)', () => {
    const connection = readyAcceptor()
    expect(feed(connection, `01 01 aa ${'01 01 bb'.repeat(50)} 00 05 cc`)).toEqual([])
    expect(connection.bufferedBytes).toBeLessThan(1024)
  })

  it('10: a flood of empty frames is a flood of empty messages, with nothing held', () => {
    const connection = readyAcceptor()
    const inputs = feed(connection, '00 00'.repeat(50_000))
    expect(inputs).toHaveLength(50_000)
    expect(inputs.every((input) => input.kind === 'message' && input.byteLength === 0)).toBe(true)
    expect(connection.bufferedBytes).toBe(0)
  })
})

describe('greeting and NULL', () => {
  it('11: who connects and stays silent costs one small chunk for our greeting (CVE-2020-15166)', () => {
    const connection = newAcceptor()
    expect(connection.poll()).toEqual({ kind: 'needMore' })
    expect(connection.bufferedBytes).toBe(0)
    expect(connection.outputHeldBytes).toBeLessThanOrEqual(1024)
  })

  it('12: the old protocol’s 01 00 08 00 is refused at its first byte', () => {
    expectRefused(newAcceptor(), '01 00 08 00', 'zmtp-unversioned')
  })

  it('13: major versions 0 to 2 are refused, version 9 is spoken to in ours', () => {
    for (const major of ['00', '01', '02']) {
      expectRefused(newAcceptor(), `ff 0000000000000001 7f ${major}`, 'zmtp-version')
    }
    const connection = newAcceptor()
    const greeting = GREETING_OF_DEALER.replace('7f 03 01', '7f 09 07')
    expect(summaryOf(feed(connection, greeting + READY_OF_DEALER))).toEqual(['offer'])
  })

  it('14: another mechanism is refused, garbage in padding and filler is not', () => {
    const curve = GREETING_OF_DEALER.replace('4e554c4c00', '4355525645')
    expectRefused(newAcceptor(), curve, 'zmtp-mechanism')
    const connection = newAcceptor()
    const mechanism = `4e554c4c${'00'.repeat(16)}`
    const garbage = `ff deadbeefdeadbeef 7f 03 01 ${mechanism} aa ${'bb'.repeat(31)}`
    expect(summaryOf(feed(connection, garbage + READY_OF_DEALER))).toEqual(['offer'])
  })

  it('15: READY with an empty name, a value beyond its end, or a name twice is refused', () => {
    expectRefused(greetedAcceptor(), readyWith('00 00000000'), 'zmtp-metadata')
    expectRefused(greetedAcceptor(), readyWith('01 61 ffffffff 00'), 'zmtp-metadata')
    expectRefused(greetedAcceptor(), readyWith('01 61 00000000 01 41 00000000'), 'zmtp-metadata')
  })

  it('15: READY with 10⁵ properties is refused by its header', () => {
    const properties = '01 61 00000000'.repeat(100_000)
    expectRefused(greetedAcceptor(), readyWith(properties), 'zmtp-handshake-size')
  })

  it('16: a message before READY, a second READY, and ERROR are refused', () => {
    expectRefused(greetedAcceptor(), '00 01 41', 'zmtp-handshake')
    expectRefused(readyAcceptor(), READY_OF_DEALER, 'zmtp-handshake')
    expectRefused(greetedAcceptor(), READY_OF_DEALER + READY_OF_DEALER, 'zmtp-handshake')
    const error = longCommand(encodeCommand('ERROR', utf8Encode('\x06denied')))
    expectRefused(greetedAcceptor(), error, 'zmtp-peer-error')
    expectRefused(readyAcceptor(), error, 'zmtp-peer-error')
  })

  it('17: a socket type other than our counterpart’s is refused', () => {
    expectRefused(newAcceptor(), GREETING_OF_DEALER + READY_OF_ROUTER, 'zmtp-socket-type')
    expectRefused(newDialler(), GREETING_OF_ROUTER + READY_OF_DEALER, 'zmtp-socket-type')
  })

  it('18: a PING with more than 16 bytes of context is refused', () => {
    const ping = encodeCommand('PING', new Uint8Array(2 + 17))
    expectRefused(readyAcceptor(), longCommand(ping), 'zmtp-heartbeat')
  })

  it('18: a flood of PINGs has one PONG waiting at any time', () => {
    const connection = readyAcceptor()
    const ping = longCommand(encodeCommand('PING', new Uint8Array(2 + 16)))
    for (let i = 0; i < 100; i++) {
      feed(connection, ping.repeat(100))
      expect(connection.outputBytes).toBe(23)
    }
    expect(connection.bufferedBytes).toBe(0)
  })

  it('18: a PONG that never comes costs nothing here: deadlines are the engine’s', () => {
    const connection = readyDialler()
    for (let i = 0; i < 100; i++) connection.writePing(10, EMPTY_BYTES)
    expect(takeOutput(connection)).toHaveLength(100 * 9)
    expect(connection.bufferedBytes).toBe(0)
    expect(connection.state).toBe('ready')
  })

  it('19: a huge subscription, or its cancel, is refused by its header; a small one is ignored (CVE-2021-20236)', () => {
    for (const name of ['SUBSCRIBE', 'CANCEL']) {
      const huge = longCommand(encodeCommand(name, new Uint8Array(100_000)))
      expectRefused(readyAcceptor(), huge, 'zmtp-command-size')
      const connection = readyAcceptor()
      const small = longCommand(encodeCommand(name, new Uint8Array(100)))
      expect(feed(connection, small.repeat(1000))).toEqual([])
      expect(connection.ignoredCommands).toBe(1000)
      expect(connection.bufferedBytes).toBe(0)
    }
  })

  it('20: metadata and messages in one chunk: the metadata is a copy that does not pin it (CVE-2021-20237)', () => {
    const connection = newAcceptor()
    const chunk = bytesOf(`${GREETING_OF_DEALER} ${READY_OF_DEALER} ${'00 01 41'.repeat(1000)}`)
    const [offer, ...messages] = feed(connection, chunk)
    if (offer?.kind !== 'offer') throw new Error('no offer')
    for (const value of offer.peer.properties.values()) {
      expect(value.buffer.byteLength).toBe(value.length)
    }
    expect(messages).toHaveLength(1000)
    expect(connection.bufferedBytes).toBe(0)
  })
})
