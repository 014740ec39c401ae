import { describe, expect, it } from 'vitest'
import { toHex, utf8Encode } from '../../../src/base/bytes.ts'
import { encodeCommand } from '../../../src/zmtp/command.ts'
import type { ConnectionInput } from '../../../src/zmtp/connection.ts'
import { encodeMetadata } from '../../../src/zmtp/metadata.ts'
import { NullMechanism } from '../../../src/zmtp/null-mechanism.ts'
import {
  bytesOf,
  drain,
  feed,
  feedBytewise,
  GREETING_OF_DEALER,
  GREETING_OF_ROUTER,
  IDENTITY,
  newAcceptor,
  newDialler,
  READY_OF_DEALER,
  READY_OF_ROUTER,
  readyAcceptor,
  summaryOf,
  takeOutput,
} from './helpers.ts'

/** A short command frame. */
function commandFrame(name: string, data: Uint8Array = new Uint8Array(0)): string {
  const body = encodeCommand(name, data)
  expect(body.length).toBeLessThan(256)
  return `04 ${body.length.toString(16).padStart(2, '0')} ${toHex(body)}`
}

function peerOf(input: ConnectionInput | undefined): ConnectionInput & { kind: 'offer' | 'ready' } {
  if (input?.kind !== 'offer' && input?.kind !== 'ready') throw new Error('no peer in there')
  return input
}

describe('a dialler', () => {
  it('sends READY as soon as it has the greeting, and is ready with the ROUTER’s', () => {
    const connection = newDialler()
    feed(connection, GREETING_OF_ROUTER)
    expect(connection.state).toBe('handshake')
    expect(toHex(takeOutput(connection).subarray(64))).toBe(toHex(bytesOf(READY_OF_DEALER)))
    const [input] = feed(connection, READY_OF_ROUTER)
    expect(connection.state).toBe('ready')
    const { kind, peer } = peerOf(input)
    expect(kind).toBe('ready')
    expect(peer.socketType).toBe('ROUTER')
    expect(peer.identity).toHaveLength(0)
  })

  it.each(['DEALER', 'REP', 'router', 'ROUTER ', ''])('refuses a peer that is a "%s"', (type) => {
    const connection = newDialler()
    feed(connection, GREETING_OF_ROUTER)
    const ready = commandFrame('READY', encodeMetadata(type, new Uint8Array(0)))
    expect(summaryOf(feed(connection, ready))).toEqual(['zmtp-socket-type'])
  })
})

describe('an acceptor', () => {
  it('offers the dialler with its identity, and sends READY only when it is accepted', () => {
    const connection = newAcceptor()
    feed(connection, GREETING_OF_DEALER)
    takeOutput(connection)
    connection.handleBytes(bytesOf(READY_OF_DEALER))
    const { kind, peer } = peerOf(connection.poll())
    expect(kind).toBe('offer')
    expect(peer.socketType).toBe('DEALER')
    expect(toHex(peer.identity)).toBe(toHex(IDENTITY))
    expect([...peer.properties.keys()]).toEqual(['socket-type', 'identity'])
    expect(connection.state).toBe('offered')
    expect(connection.poll()).toEqual({ kind: 'needMore' })
    expect(takeOutput(connection)).toHaveLength(0)
    connection.accept()
    expect(connection.state).toBe('ready')
    expect(toHex(takeOutput(connection))).toBe(toHex(bytesOf(READY_OF_ROUTER)))
  })

  it('reads nothing behind an offer until it is accepted', () => {
    const connection = newAcceptor()
    connection.handleBytes(bytesOf(`${GREETING_OF_DEALER} ${READY_OF_DEALER} 00 01 aa`))
    expect(connection.poll().kind).toBe('offer')
    expect(connection.poll().kind).toBe('needMore')
    connection.handleBytes(bytesOf('00 01 bb'))
    expect(connection.poll().kind).toBe('needMore')
    connection.accept()
    expect(summaryOf(drain(connection))).toEqual([['aa'], ['bb']])
  })

  it('holds no more behind an offer than the handshake may have', () => {
    const connection = newAcceptor({ handshakeBytes: 200 })
    connection.handleBytes(bytesOf(GREETING_OF_DEALER + READY_OF_DEALER))
    expect(connection.poll().kind).toBe('offer')
    connection.handleBytes(new Uint8Array(76))
    expect(connection.poll().kind).toBe('needMore')
    connection.handleBytes(new Uint8Array(1))
    expect(connection.poll()).toMatchObject({ kind: 'invalid', code: 'zmtp-handshake-size' })
    expect(connection.bufferedBytes).toBe(0)
  })

  it.each(['ROUTER', 'REQ', 'SUB', 'dealer', ''])('refuses a peer that is a "%s"', (type) => {
    const connection = newAcceptor()
    feed(connection, GREETING_OF_DEALER)
    takeOutput(connection)
    const ready = commandFrame('READY', encodeMetadata(type, IDENTITY))
    expect(summaryOf(feed(connection, ready))).toEqual(['zmtp-socket-type'])
    // RFC 37 "The Socket-Type Property": by an ERROR.
    expect(toHex(takeOutput(connection))).toMatch(/^041a054552524f5213/)
  })

  it('refuses a peer that names no socket type', () => {
    const inputs = feed(newAcceptor(), `${GREETING_OF_DEALER} ${commandFrame('READY')}`)
    expect(summaryOf(inputs)).toEqual(['zmtp-socket-type'])
  })

  it('takes READY in a long frame as well', () => {
    const ready = encodeCommand('READY', encodeMetadata('DEALER', IDENTITY))
    const size = ready.length.toString(16).padStart(16, '0')
    const inputs = feed(newAcceptor(), `${GREETING_OF_DEALER} 06 ${size} ${toHex(ready)}`)
    expect(summaryOf(inputs)).toEqual(['offer'])
  })
})

it('two of our own connections shake hands in any split of their bytes', () => {
  for (const step of [1, 2, 3, 10, 11, 12, 63, 64, 65, 1000]) {
    const dialler = newDialler()
    const acceptor = newAcceptor()
    const seen: string[] = []
    for (let quiet = 0; quiet < 2; ) {
      const before = seen.length
      let moved = 0
      for (const [from, to] of [
        [dialler, acceptor],
        [acceptor, dialler],
      ] as const) {
        const bytes = takeOutput(from)
        moved += bytes.length
        for (let i = 0; i < bytes.length; i += step) {
          seen.push(...feed(to, bytes.subarray(i, i + step)).map(({ kind }) => kind))
        }
      }
      quiet = moved === 0 && before === seen.length ? quiet + 1 : 0
    }
    expect(seen).toEqual(['offer', 'ready'])
    expect([dialler.state, acceptor.state]).toEqual(['ready', 'ready'])
  }
})

describe('the handshake', () => {
  it.each([
    ['a message', '00 00', 'zmtp-handshake'],
    ['a long message, announced', '02 ffffffffffffffff', 'zmtp-handshake'],
    ['a command that is no part of NULL', commandFrame('HELLO'), 'zmtp-handshake'],
    ['a PING', '04 07 04 50494e47 0000', 'zmtp-handshake'],
    ['reserved flag bits', '0c 00', 'zmtp-frame-flags'],
    ['MORE on a command', '05 00', 'zmtp-frame-flags'],
    ['an empty command', '04 00', 'zmtp-command'],
    ['a command with an empty name', '04 01 00', 'zmtp-command'],
    ['a command whose name is longer than itself', '04 03 05 5245', 'zmtp-command'],
    ['an ERROR', '04 0a 05 4552524f52 03 343030', 'zmtp-peer-error'],
    ['a command near 2⁶⁴ bytes', '06 ffffffffffffffff', 'zmtp-handshake-size'],
    ['a command of 2⁶³ bytes', '06 8000000000000000', 'zmtp-handshake-size'],
    ['a command one byte too long', '06 0000000000000fb8', 'zmtp-handshake-size'],
  ])('does not stand %s', (_title, hex, code) => {
    const bytes = bytesOf(hex)
    for (const connection of [newAcceptor(), newDialler()]) {
      feed(connection, GREETING_OF_DEALER)
      expect(summaryOf(feed(connection, bytes))).toEqual([code])
      expect(connection.bufferedBytes).toBe(0)
    }
    const bytewise = newAcceptor()
    feed(bytewise, GREETING_OF_DEALER)
    expect(summaryOf(feedBytewise(bytewise, bytes)).slice(0, 1)).toEqual([code])
  })

  it('counts every byte from the first one on', () => {
    const whole = bytesOf(GREETING_OF_DEALER + READY_OF_DEALER)
    const enough = newAcceptor({ handshakeBytes: whole.length })
    expect(summaryOf(feed(enough, whole))).toEqual(['offer'])
    const short = newAcceptor({ handshakeBytes: whole.length - 1 })
    expect(summaryOf(feed(short, whole))).toEqual(['zmtp-handshake-size'])
  })

  it('waits for a command within the limit without memory for it', () => {
    const connection = newAcceptor()
    feed(connection, `${GREETING_OF_DEALER} 06 0000000000000f00`)
    expect(connection.state).toBe('handshake')
    expect(connection.bufferedBytes).toBeLessThan(256)
  })

  it('gets the same from single bytes', () => {
    const connection = newAcceptor()
    const inputs = feedBytewise(connection, GREETING_OF_DEALER + READY_OF_DEALER)
    expect(summaryOf(inputs)).toEqual(['offer'])
    expect(toHex(peerOf(inputs[0]).peer.identity)).toBe(toHex(IDENTITY))
    expect(connection.bufferedBytes).toBe(0)
  })

  it('hands out identity and properties as copies, not as views that pin a chunk', () => {
    const chunk = Buffer.from(bytesOf(GREETING_OF_DEALER + READY_OF_DEALER))
    const connection = newAcceptor()
    connection.handleBytes(chunk)
    const { peer } = peerOf(connection.poll())
    expect(peer.identity.buffer).not.toBe(chunk.buffer)
    expect(peer.identity.buffer.byteLength).toBe(17)
  })

  it('passes on why a peer gave up, printable and bounded', () => {
    const reason = `Bad\n${String.fromCharCode(27)}[31m${'x'.repeat(150)}`
    const data = Uint8Array.of(reason.length, ...utf8Encode(reason))
    const [input] = feed(newDialler(), `${GREETING_OF_ROUTER} ${commandFrame('ERROR', data)}`)
    expect(input).toMatchObject({ kind: 'invalid', code: 'zmtp-peer-error' })
    const text = input?.kind === 'invalid' ? input.reason : ''
    expect(text).toMatch(/^[\x20-\x7e]+$/)
    expect(text).toContain('Bad??[31mxxx')
    expect(text.length).toBeLessThan(120)
  })
})

describe('an invalid connection', () => {
  it('stays so, with the same answer, and holds nothing', () => {
    const connection = newAcceptor()
    const [first] = feed(connection, '00')
    expect(first).toMatchObject({ kind: 'invalid', code: 'zmtp-unversioned' })
    connection.handleBytes(bytesOf(GREETING_OF_DEALER))
    expect(connection.poll()).toBe(first)
    expect(connection.state).toBe('invalid')
    expect(connection.bufferedBytes).toBe(0)
  })
})

describe('misuse is an assertion', () => {
  it('sending before the handshake is complete', () => {
    expect(() => newDialler().reserveFrame(1, false)).toThrow('assertion')
    expect(() => newDialler().writeFrame(new Uint8Array(1), false)).toThrow('assertion')
    expect(() => newDialler().writeFrame(new Uint8Array(100_000), false)).toThrow('assertion')
    expect(() => newDialler().writePing(0, new Uint8Array(0))).toThrow('assertion')
  })

  it('accepting without an offer, or twice', () => {
    expect(() => newAcceptor().accept()).toThrow('assertion')
    expect(() => readyAcceptor().accept()).toThrow('assertion')
  })

  it('a mechanism for two connections', () => {
    const mechanism = new NullMechanism()
    mechanism.begin('dialler', new Uint8Array(1))
    expect(() => mechanism.begin('dialler', new Uint8Array(1))).toThrow('assertion')
  })
})
