import { describe, expect, it } from 'vitest'
import { toHex } from '../../../src/base/bytes.ts'
import {
  bytesOf,
  feed,
  feedBytewise,
  GREETING_OF_DEALER,
  GREETING_OF_ROUTER,
  newAcceptor,
  newDialler,
  summaryOf,
  takeOutput,
} from './helpers.ts'

const HEAD = 'ff 0000000000000012 7f'

/** A greeting whose parts can be chosen. */
function greeting({
  padding = '0000000000000012',
  major = '03',
  minor = '01',
  mechanism = '4e554c4c',
  asServer = '00',
  filler = '00'.repeat(31),
}): string {
  return `ff ${padding} 7f ${major} ${minor} ${mechanism.padEnd(40, '0')} ${asServer} ${filler}`
}

describe('our greeting', () => {
  it('of a dialler goes out whole and unprompted, and its first command with it', () => {
    const dialler = newDialler()
    const output = takeOutput(dialler)
    expect(toHex(output.subarray(0, 64))).toBe(toHex(bytesOf(GREETING_OF_DEALER)))
    expect(new TextDecoder().decode(output.subarray(66, 72))).toBe('\u0005READY')
    feed(dialler, GREETING_OF_ROUTER)
    expect(takeOutput(dialler)).toHaveLength(0)
  })

  it('of an acceptor starts with signature and major version, unprompted', () => {
    expect(toHex(takeOutput(newAcceptor()))).toBe('ff00000000000000017f03')
  })

  it('of an acceptor goes on when the peer’s major version is here, and not before', () => {
    const connection = newAcceptor()
    takeOutput(connection)
    feed(connection, HEAD)
    expect(takeOutput(connection)).toHaveLength(0)
    feed(connection, '03')
    const tail = bytesOf(GREETING_OF_ROUTER).subarray(11)
    expect(toHex(takeOutput(connection))).toBe(toHex(tail))
    feed(connection, '01')
    expect(takeOutput(connection)).toHaveLength(0)
  })

  it('of an acceptor is completed even for a peer with another mechanism, which then knows why we close', () => {
    const connection = newAcceptor()
    feed(connection, greeting({ mechanism: '4355525645' }))
    expect(takeOutput(connection)).toHaveLength(64)
  })

  it('of an acceptor stops at its head for a peer that speaks something else', () => {
    const connection = newAcceptor()
    feed(connection, new Uint8Array(64).fill(0x41))
    expect(takeOutput(connection)).toHaveLength(11)
  })
})

describe('the greeting of a peer', () => {
  it.each([
    ['libzmq 4.3', {}],
    ['ZMTP 3.0', { minor: '00' }],
    ['a later minor version', { minor: 'ff' }],
    ['a later major version', { major: '09' }],
    ['padding that is not zero', { padding: 'deadbeefdeadbeef' }],
    ['an as-server octet', { asServer: '01' }],
    ['an as-server octet that is neither 0 nor 1', { asServer: '7c' }],
    ['a filler that is not zero', { filler: 'ab'.repeat(31) }],
  ])('is good with %s', (_title, parts) => {
    const connection = newAcceptor()
    expect(feed(connection, greeting(parts))).toEqual([])
    expect(connection.state).toBe('handshake')
  })

  // The verdict falls with the first byte that decides it: `bytes` ends there.
  it.each([
    ['is ZMTP 1.0 without a version', '01', 'zmtp-unversioned'],
    ['is no ZMTP', '47', 'zmtp-unversioned'],
    ['is a long frame of ZMTP 1.0', 'ff 0000000000000100 00', 'zmtp-signature'],
    ['has the flags of ZMTP 1.0 for its tenth byte', 'ff 0000000000000100 01', 'zmtp-signature'],
    ['is ZMTP 1.0 with a version', `${HEAD} 00`, 'zmtp-version'],
    ['is ZMTP 2.0', `${HEAD} 01`, 'zmtp-version'],
    ['is of major version 2', `${HEAD} 02`, 'zmtp-version'],
    ['has another mechanism', `${HEAD} 03 01 43`, 'zmtp-mechanism'],
    ['has a mechanism in lower case', `${HEAD} 03 01 6e`, 'zmtp-mechanism'],
    ['has a mechanism that ours begins with', `${HEAD} 03 01 4e554c 00`, 'zmtp-mechanism'],
    ['has a mechanism that begins with ours', `${HEAD} 03 01 4e554c4c 32`, 'zmtp-mechanism'],
    [
      'has something behind the zeros of its mechanism',
      `${HEAD} 03 01 4e554c4c ${'00'.repeat(15)} 58`,
      'zmtp-mechanism',
    ],
  ])('is invalid when it %s', (_title, hex, code) => {
    const bytes = bytesOf(hex)
    const connection = newAcceptor()
    expect(feedBytewise(connection, bytes.subarray(0, -1))).toEqual([])
    expect(summaryOf(feed(connection, bytes.subarray(-1)))).toEqual([code])
    expect(summaryOf(feed(newAcceptor(), bytes))).toEqual([code])
  })

  it('may arrive split anywhere', () => {
    const bytes = bytesOf(GREETING_OF_DEALER)
    for (let split = 0; split <= bytes.length; split++) {
      const connection = newAcceptor()
      feed(connection, bytes.subarray(0, split))
      expect(connection.state).toBe(split === bytes.length ? 'handshake' : 'greeting')
      feed(connection, bytes.subarray(split))
      expect(connection.state).toBe('handshake')
      expect(takeOutput(connection)).toHaveLength(64)
    }
  })
})
