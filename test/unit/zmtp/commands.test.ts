import { describe, expect, it } from 'vitest'
import { EMPTY_BYTES, toHex } from '../../../src/base/bytes.ts'
import {
  bytesOf,
  feed,
  feedBytewise,
  READY_OF_DEALER,
  readyAcceptor,
  readyDialler,
  summaryOf,
  takeOutput,
} from './helpers.ts'

const PING = '04 50494e47'
const PONG = '04 504f4e47'
const CONTEXT_16 = '000102030405060708090a0b0c0d0e0f'

describe('PING', () => {
  it.each([
    ['no context', `04 07 ${PING} 0000`, `04 05 ${PONG}`],
    ['a TTL', `04 07 ${PING} ffff`, `04 05 ${PONG}`],
    ['a context', `04 08 ${PING} 0000 aa`, `04 06 ${PONG} aa`],
    ['a context of 16 bytes', `04 17 ${PING} 0000 ${CONTEXT_16}`, `04 15 ${PONG} ${CONTEXT_16}`],
    ['a long frame', `06 0000000000000008 ${PING} 0000 aa`, `04 06 ${PONG} aa`],
  ])('with %s is answered by PONG with the same context', (_title, ping, pong) => {
    for (const feeding of [feed, feedBytewise]) {
      const connection = readyAcceptor()
      expect(feeding(connection, ping)).toEqual([])
      expect(toHex(takeOutput(connection))).toBe(toHex(bytesOf(pong)))
      expect(connection.bufferedBytes).toBe(0)
    }
  })

  it('is answered between the frames of a message, as libzmq sends it', () => {
    const connection = readyAcceptor()
    const ping = `04 08 ${PING} 0000 aa`
    const bytes = `01 01 11 ${ping} 01 01 22 ${ping} 00 01 33`
    expect(summaryOf(feed(connection, bytes))).toEqual([['11', '22', '33']])
    expect(toHex(takeOutput(connection))).toBe(toHex(bytesOf(`04 06 ${PONG} aa`)))
    expect(summaryOf(feedBytewise(connection, bytes))).toEqual([['11', '22', '33']])
  })

  it.each([
    ['17 bytes of context', `04 18 ${PING} 0000 ${CONTEXT_16} aa`],
    ['no TTL', `04 05 ${PING}`],
    ['half a TTL', `04 06 ${PING} 00`],
  ])('with %s is invalid', (_title, ping) => {
    expect(summaryOf(feed(readyAcceptor(), ping))).toEqual(['zmtp-heartbeat'])
  })

  it('waits with its PONG while a message of ours is half written', () => {
    const connection = readyDialler()
    connection.writeFrame(bytesOf('aa'), true)
    feed(connection, `04 07 ${PING} 0000`)
    connection.writeFrame(bytesOf('bb'), false)
    feed(connection, EMPTY_BYTES)
    expect(toHex(takeOutput(connection))).toBe(toHex(bytesOf(`01 01 aa 00 01 bb 04 05 ${PONG}`)))
  })
})

describe('a flood of PINGs', () => {
  const ping = (context: number) => `04 08 ${PING} 0000 ${context.toString(16).padStart(2, '0')}`

  it('has one PONG waiting, never two', () => {
    const connection = readyAcceptor()
    for (let i = 0; i < 1000; i++) feed(connection, ping(i & 0xff).repeat(50))
    expect(connection.outputBytes).toBe(8)
  })

  it('is answered with the newest context once the waiting PONG was taken', () => {
    const connection = readyAcceptor()
    feed(connection, `${ping(1)} ${ping(2)} ${ping(3)}`)
    expect(toHex(takeOutput(connection))).toBe(toHex(bytesOf(`04 06 ${PONG} 01`)))
    feed(connection, '00 00')
    expect(toHex(takeOutput(connection))).toBe(toHex(bytesOf(`04 06 ${PONG} 03`)))
    feed(connection, '00 00')
    expect(takeOutput(connection)).toHaveLength(0)
  })
})

describe('our own PING', () => {
  it('has a TTL in tenths of a second and a context', () => {
    const connection = readyDialler()
    connection.writePing(0x0102, bytesOf('aabb'))
    expect(toHex(takeOutput(connection))).toBe(toHex(bytesOf(`04 09 ${PING} 0102 aabb`)))
  })

  it('comes back as a pong', () => {
    const inputs = feed(readyDialler(), `04 05 ${PONG} 04 07 ${PONG} aabb`)
    expect(inputs).toEqual([
      { kind: 'pong', context: EMPTY_BYTES },
      { kind: 'pong', context: bytesOf('aabb') },
    ])
  })

  it('is invalid to answer with 17 bytes', () => {
    expect(summaryOf(feed(readyDialler(), `04 16 ${PONG} ${CONTEXT_16} aa`))).toEqual([
      'zmtp-heartbeat',
    ])
  })

  it.each([
    [-1, 0],
    [65_536, 0],
    [0.5, 0],
    [0, 17],
  ])('asserts its bounds: TTL %d, context of %d bytes', (ttl, contextBytes) => {
    expect(() => readyDialler().writePing(ttl, new Uint8Array(contextBytes))).toThrow('assertion')
  })

  it('asserts that it does not interrupt a message', () => {
    const connection = readyDialler()
    connection.writeFrame(bytesOf('aa'), true)
    expect(() => connection.writePing(0, EMPTY_BYTES)).toThrow('assertion')
  })
})

describe('other commands', () => {
  it.each([
    ['SUBSCRIBE', '04 0b 09 535542534352494245 41'],
    ['CANCEL', '04 08 06 43414e43454c 41'],
    ['one nobody knows', '04 03 01 58 00'],
    ['one in lower case', '04 07 04 70696e67 0000'],
    ['a name with strange characters', '04 03 02 00ff'],
  ])('are ignored and counted: %s', (_title, hex) => {
    const connection = readyAcceptor()
    expect(summaryOf(feed(connection, `${hex} 00 01 aa ${hex}`))).toEqual([['aa']])
    expect(connection.ignoredCommands).toBe(2)
    expect(connection.outputBytes).toBe(0)
  })

  it.each([
    ['a second READY', READY_OF_DEALER, 'zmtp-handshake'],
    ['an ERROR', '04 0a 05 4552524f52 03 343030', 'zmtp-peer-error'],
    ['an empty command', '04 00', 'zmtp-command'],
    ['an empty name', '04 01 00', 'zmtp-command'],
    ['a name longer than the command', '04 03 05 5049', 'zmtp-command'],
  ])('are invalid: %s', (_title, hex, code) => {
    const connection = readyAcceptor()
    expect(summaryOf(feed(connection, `00 01 aa ${hex} 00 01 bb`))).toEqual([['aa'], code])
    expect(connection.bufferedBytes).toBe(0)
  })
})
