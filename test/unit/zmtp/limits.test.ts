import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../../src/base/bytes.ts'
import { COMMAND_BYTES_MAX } from '../../../src/zmtp/command.ts'
import type { ConnectionInput, ZmtpConnection } from '../../../src/zmtp/connection.ts'
import { bytesOf, feed, feedBytewise, LIMITS, readyAcceptor, summaryOf } from './helpers.ts'

/** What a length that is only announced may cost; `message-assembler.ts` has the reason. */
const ANNOUNCED_BYTES_MAX = 16 * 1024

function size8(length: number): string {
  return length.toString(16).padStart(16, '0')
}

function expectInvalid(connection: ZmtpConnection, hex: string, code: string): void {
  expect(summaryOf(feed(connection, hex)).at(-1)).toBe(code)
  expect(connection.state).toBe('invalid')
  expect(connection.bufferedBytes).toBe(0)
}

describe('the size of a message', () => {
  it.each([
    ['limit + 1', size8(1001)],
    ['2³²', '0000000100000000'],
    ['2³² + 1, whose low half is within the limit', '0000000100000001'],
    ['2⁵³', '0020000000000000'],
    ['2⁶³', '8000000000000000'],
    ['2⁶⁴ − 1', 'ffffffffffffffff'],
    ['2⁶⁴ − 9, where header and size would wrap to 0', 'fffffffffffffff7'],
  ])('is refused at %s, before a byte of it is here', (_title, size) => {
    for (const flags of ['02', '03']) {
      expectInvalid(readyAcceptor({ messageBytes: 1000 }), `${flags} ${size}`, 'zmtp-message-size')
    }
    const bytewise = feedBytewise(readyAcceptor({ messageBytes: 1000 }), `02 ${size}`)
    expect(summaryOf(bytewise)).toEqual(['zmtp-message-size'])
    const followed = `02 ${size} ${'00'.repeat(2000)}`
    expectInvalid(readyAcceptor({ messageBytes: 1000 }), followed, 'zmtp-message-size')
  })

  it('is good at the limit, in one frame or in several', () => {
    const connection = readyAcceptor({ messageBytes: 300 })
    const one = feed(connection, `02 ${size8(300)} ${'aa'.repeat(300)}`)
    expect(summaryOf(one)).toEqual([['aa'.repeat(300)]])
    const two = `01 64 ${'bb'.repeat(100)} 00 c8 ${'cc'.repeat(200)}`
    for (const inputs of [feed(connection, two), feedBytewise(connection, two)]) {
      expect(summaryOf(inputs)).toEqual([['bb'.repeat(100), 'cc'.repeat(200)]])
    }
  })

  it('counts all frames of a message together', () => {
    const first = `01 64 ${'bb'.repeat(100)}`
    const tooMuch = `${first} 00 c9`
    expectInvalid(readyAcceptor({ messageBytes: 300 }), tooMuch, 'zmtp-message-size')
    const whole = `${tooMuch} ${'cc'.repeat(201)}`
    expectInvalid(readyAcceptor({ messageBytes: 300 }), whole, 'zmtp-message-size')
  })

  it('starts anew with each message', () => {
    const connection = readyAcceptor({ messageBytes: 10 })
    const message = '01 05 0102030405 00 05 0607080910'
    expect(feed(connection, message.repeat(100))).toHaveLength(100)
    expect(feedBytewise(connection, message.repeat(3))).toHaveLength(3)
  })
})

it('limits change between messages, and never within one', () => {
  const connection = readyAcceptor({ messageBytes: 2 })
  feed(connection, '01 01 aa')
  expect(() => connection.setLimits(LIMITS)).toThrow('between messages')
  feed(connection, '00 01 bb')
  connection.setLimits(LIMITS)
  expect(summaryOf(feed(connection, '00 03 010203'))).toEqual([['010203']])
})

describe('the frames of a message', () => {
  it('are good up to the limit', () => {
    const bytes = `${'01 00'.repeat(7)} 00 00`
    for (const feeding of [feed, feedBytewise]) {
      const inputs = feeding(readyAcceptor({ messageFrames: 8 }), bytes)
      expect(summaryOf(inputs)).toEqual([Array(8).fill('')])
    }
  })

  it('are refused at one more', () => {
    const bytes = `${'01 00'.repeat(8)} 00 00`
    expectInvalid(readyAcceptor({ messageFrames: 8 }), bytes, 'zmtp-message-frames')
    expect(summaryOf(feedBytewise(readyAcceptor({ messageFrames: 8 }), bytes))[0]).toBe(
      'zmtp-message-frames',
    )
  })
})

describe('memory', () => {
  it('does not follow an announced length', () => {
    const connection = readyAcceptor({ messageBytes: 2 ** 40 })
    feed(connection, `02 ${size8(2 ** 40)}`)
    expect(connection.bufferedBytes).toBe(0)
    feed(connection, 'aa')
    expect(connection.bufferedBytes).toBeLessThanOrEqual(ANNOUNCED_BYTES_MAX)
  })

  it('is at most sixteen times what was received', () => {
    const connection = readyAcceptor()
    feed(connection, `02 ${size8(1_000_000)}`)
    for (let received = 100; received < 1_000_000; received += 100) {
      connection.handleBytes(new Uint8Array(100))
      expect(connection.poll().kind).toBe('needMore')
      expect(connection.bufferedBytes).toBeLessThanOrEqual(
        Math.max(ANNOUNCED_BYTES_MAX, 16 * received),
      )
    }
    expect(connection.bufferedBytes).toBe(1_000_000)
  })

  it('of a large frame is one buffer, in place of the pieces once a sixteenth is here', () => {
    const sent = new Uint8Array(1_000_000).map((_, i) => i * 31 + (i >>> 8))
    const connection = readyAcceptor()
    const bytes = concatBytes([bytesOf(`02 ${size8(sent.length)}`), sent])
    const held: number[] = []
    let message: ConnectionInput | undefined
    for (let at = 0; at < bytes.length; at += 20_000) {
      message = feed(connection, bytes.slice(at, at + 20_000)).at(-1)
      held.push(connection.bufferedBytes)
    }
    expect(held.slice(0, 5)).toEqual([19_991, 39_991, 59_991, 1_000_000, 1_000_000])
    expect(message).toHaveProperty('bytes', sent)
    expect(connection.bufferedBytes).toBe(0)
  })

  it('is exactly that of a small announced frame', () => {
    const connection = readyAcceptor()
    feed(connection, '00 c8 aa')
    expect(connection.bufferedBytes).toBe(200)
  })
})

describe('a command after the handshake', () => {
  it('is read up to COMMAND_BYTES_MAX', () => {
    const connection = readyAcceptor()
    feed(connection, `06 ${size8(COMMAND_BYTES_MAX)} 01 58 ${'00'.repeat(COMMAND_BYTES_MAX - 2)}`)
    expect(connection.ignoredCommands).toBe(1)
    expect(connection.bufferedBytes).toBe(0)
  })

  it.each([
    ['one byte more', size8(COMMAND_BYTES_MAX + 1)],
    ['2⁶⁴ − 1 bytes', 'ffffffffffffffff'],
  ])('is refused at %s', (_title, size) => {
    expectInvalid(readyAcceptor(), `06 ${size}`, 'zmtp-command-size')
  })
})
