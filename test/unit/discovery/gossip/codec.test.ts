/** The messages of zgossip, octet for octet. What is marked so was seen of CZMQ 4.2.1. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../../../src/base/bytes.ts'
import {
  decodeAge,
  encodeAge,
  LIFETIME_MS,
  lifetimeOf,
  TOMBSTONE_MS,
} from '../../../../src/discovery/gossip/age.ts'
import { decodeGossip, isSkippable } from '../../../../src/discovery/gossip/decode.ts'
import { encodeGossip } from '../../../../src/discovery/gossip/encode.ts'
import type { GossipMessage } from '../../../../src/discovery/gossip/message.ts'

const bytesOf = (hex: string): Uint8Array => fromHex(hex.replaceAll(' ', ''))!
const decode = (bytes: Uint8Array) => decodeGossip(bytes, 0, bytes.length)

const VECTORS: readonly (readonly [what: string, hex: string, message: GossipMessage])[] = [
  ['HELLO (seen)', 'aaa0 01 01', { kind: 'hello' }],
  ['PING', 'aaa0 03 01', { kind: 'ping' }],
  ['PONG (seen)', 'aaa0 04 01', { kind: 'pong' }],
  ['INVALID (seen)', 'aaa0 05 01', { kind: 'rejected' }],
  [
    'PUBLISH of a node (seen)',
    `aaa0 02 01 20 3031323334353637383941424344454630313233343536373839414243444546
     00000014 7463703a2f2f3132372e302e302e313a35353535 00000000`.replaceAll('\n', ''),
    {
      kind: 'publish',
      key: '0123456789ABCDEF0123456789ABCDEF',
      value: 'tcp://127.0.0.1:5555',
      ttl: 0,
    },
  ],
  [
    'PUBLISH with a ttl that was left in memory (seen)',
    'aaa0 02 01 01 4b 00000001 56 000003e8',
    { kind: 'publish', key: 'K', value: 'V', ttl: 1_000 },
  ],
  [
    'PUBLISH of an empty value',
    'aaa0 02 01 01 4b 00000000 ffffffff',
    { kind: 'publish', key: 'K', value: '', ttl: 0xffff_ffff },
  ],
  [
    'PUBLISH in UTF-8',
    'aaa0 02 01 02 c3a9 00000003 e282ac 00000000',
    { kind: 'publish', key: 'é', value: '€', ttl: 0 },
  ],
]

describe('the gossip codec', () => {
  it.each(VECTORS)('reads and writes %s', (_what, hex, message) => {
    const bytes = bytesOf(hex)
    expect(decode(bytes)).toEqual(message)
    expect(toHex(encodeGossip(message))).toBe(toHex(bytes))
  })

  it.each(VECTORS)('reads %s anywhere in a chunk', (_what, hex, message) => {
    const bytes = bytesOf(hex)
    const chunk = new Uint8Array(bytes.length + 7).fill(0xaa)
    chunk.set(bytes, 3)
    expect(decodeGossip(chunk, 3, 3 + bytes.length)).toEqual(message)
  })

  it.each(VECTORS)('refuses every beginning of %s', (_what, hex) => {
    const bytes = bytesOf(hex)
    for (let length = 0; length < bytes.length; length++) {
      const code = length < 2 ? 'gossip-signature' : 'gossip-truncated'
      expect(decode(bytes.subarray(0, length))).toMatchObject({ kind: 'invalid', code })
    }
  })

  it.each(VECTORS)('refuses a byte after %s', (_what, hex) => {
    const wanted = { kind: 'invalid', code: 'gossip-trailing-bytes' }
    expect(decode(bytesOf(`${hex} 00`))).toMatchObject(wanted)
  })

  it.each([
    ['gossip-signature', 'aaa1 01 01'],
    ['gossip-signature', 'aba0 01 01'],
    ['gossip-version', 'aaa0 01 02'],
    ['gossip-version', 'aaa0 09 02'],
    ['gossip-command', 'aaa0 00 01'],
    ['gossip-command', 'aaa0 06 01'],
    ['gossip-truncated', 'aaa0 02 01 01 4b ffffffff 56 00000000'],
    ['gossip-limit', 'aaa0 02 01 00 00000001 56 00000000'],
    ['gossip-limit', `aaa0 02 01 01 4b 00000401 ${'56'.repeat(1_025)} 00000000`],
    ['gossip-text', 'aaa0 02 01 01 00 00000001 56 00000000'],
    ['gossip-text', 'aaa0 02 01 01 4b 00000001 0a 00000000'],
    ['gossip-text', 'aaa0 02 01 01 4b 00000001 7f 00000000'],
    ['gossip-text', 'aaa0 02 01 01 ff 00000001 56 00000000'],
  ])('answers %s to %s', (code, hex) => {
    const answer = decode(bytesOf(hex))
    expect(answer).toMatchObject({ kind: 'invalid', code })
    const skippable = code === 'gossip-limit' || code === 'gossip-text'
    expect(answer.kind === 'invalid' && isSkippable(answer)).toBe(skippable)
  })

  it('takes keys of 255 bytes and values of 1,024', () => {
    const message: GossipMessage = {
      kind: 'publish',
      key: 'k'.repeat(255),
      value: 'v'.repeat(1_024),
      ttl: 7,
    }
    expect(decode(encodeGossip(message))).toEqual(message)
  })

  it('never throws, and reads back what it writes, whatever the bytes', () => {
    const heads = fc.constantFrom(...VECTORS.map(([, hex]) => bytesOf(hex)))
    const tampered = fc
      .tuple(heads, fc.array(fc.tuple(fc.nat(63), fc.nat(255)), { maxLength: 4 }))
      .map(([head, changes]) => {
        const bytes = head.slice()
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(tampered, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        const message = decode(bytes)
        if (message.kind !== 'invalid') expect(toHex(encodeGossip(message))).toBe(toHex(bytes))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('age', () => {
  it('goes into 32 bits and comes out again, to the millisecond', () => {
    for (const isAdopted of [false, true]) {
      for (const remainingMs of [0, 1, LIFETIME_MS, TOMBSTONE_MS, 0x7fff_ffff]) {
        const ttl = encodeAge({ remainingMs, isAdopted })
        expect(ttl >>> 0).toBe(ttl)
        expect(decodeAge(ttl)).toEqual({ remainingMs, isAdopted })
      }
    }
    expect(decodeAge(encodeAge({ remainingMs: -5, isAdopted: false })).remainingMs).toBe(0)
    expect(decodeAge(encodeAge({ remainingMs: 2 ** 40, isAdopted: true })).isAdopted).toBe(true)
  })

  it('lets a withdrawal outlive every copy of what it withdraws', () => {
    expect(lifetimeOf('')).toBeGreaterThan(2 * lifetimeOf('tcp://10.0.0.1:1'))
  })
})
