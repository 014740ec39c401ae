import { describe, expect, it } from 'vitest'
import { toHex } from '../../../src/base/bytes.ts'
import type { Beacon } from '../../../src/zre/beacon.ts'
import { BEACON_PORT, decodeBeacon, encodeBeacon } from '../../../src/zre/beacon.ts'
import { bytesOf } from './vectors.ts'

const ID = 'EAC209BB535640C2AB4E1831A89CCC60'
const ID_HEX = ID.toLowerCase()
const KEY_HEX = `01${'00'.repeat(30)}ff`

const BEACONS: readonly (readonly [string, string, Beacon])[] = [
  ['version 1', `5a5245 01 ${ID_HEX} c000`, { kind: 'beacon', version: 1, id: ID, port: 49_152 }],
  ['a farewell', `5a5245 01 ${ID_HEX} 0000`, { kind: 'beacon', version: 1, id: ID, port: 0 }],
  [
    'version 3',
    `5a5245 03 ${ID_HEX} ffff ${KEY_HEX}`,
    { kind: 'beacon', version: 3, id: ID, port: 65_535, publicKey: bytesOf(KEY_HEX) },
  ],
]

it('beacons go to UDP port 5670', () => {
  expect(BEACON_PORT).toBe(5670)
})

describe.each(BEACONS)('%s', (_title, hex, beacon) => {
  const bytes = bytesOf(hex)

  it('decodes', () => {
    expect(decodeBeacon(bytes)).toEqual(beacon)
  })

  it('encodes to the same bytes', () => {
    expect(toHex(encodeBeacon(beacon))).toBe(toHex(bytes))
  })

  it('is invalid when cut anywhere', () => {
    for (let end = 0; end < bytes.length; end++) {
      expect(decodeBeacon(bytes.subarray(0, end))).toMatchObject({
        kind: 'invalid',
        code: end < 3 ? 'beacon-signature' : 'beacon-length',
      })
    }
  })
})

it.each([
  ['a version 1 beacon has no byte more', `5a5245 01 ${ID_HEX} c000 00`, 'beacon-length'],
  ['a version 1 beacon has no key', `5a5245 01 ${ID_HEX} c000 ${KEY_HEX}`, 'beacon-length'],
  ['a version 3 beacon has a key', `5a5245 03 ${ID_HEX} c000`, 'beacon-length'],
  [
    'a version 3 beacon has no byte more',
    `5a5245 03 ${ID_HEX} c000 ${KEY_HEX} 00`,
    'beacon-length',
  ],
  ['version 0 does not exist', `5a5245 00 ${ID_HEX} c000`, 'beacon-version'],
  ['version 2 does not exist', `5a5245 02 ${ID_HEX} c000`, 'beacon-version'],
  ['version 255 does not exist', `5a5245 ff ${ID_HEX} c000`, 'beacon-version'],
  ['lower case is not the signature', `7a7265 01 ${ID_HEX} c000`, 'beacon-signature'],
  ['an empty datagram is no beacon', '', 'beacon-signature'],
  ['the key of zeros is none', `5a5245 03 ${ID_HEX} c000 ${'00'.repeat(32)}`, 'beacon-key'],
  [
    'a key that starts with 0 is none, as for C Zyre',
    `5a5245 03 ${ID_HEX} c000 00${'01'.repeat(31)}`,
    'beacon-key',
  ],
])('%s', (_fact, hex, code) => {
  expect(decodeBeacon(bytesOf(hex))).toMatchObject({ kind: 'invalid', code })
})

it('datagrams up to the largest are refused by their length alone', () => {
  const bytes = new Uint8Array(65_507)
  bytes.set(bytesOf('5a524503'))
  expect(decodeBeacon(bytes)).toMatchObject({ code: 'beacon-length' })
})

it('a decoded key is a copy, also out of a Buffer', () => {
  const datagram = Buffer.from(bytesOf(`5a5245 03 ${ID_HEX} c000 ${KEY_HEX}`))
  const beacon = decodeBeacon(datagram)
  datagram.fill(0xee)
  expect(beacon).toMatchObject({ publicKey: bytesOf(KEY_HEX) })
})

it('a key that others would refuse is not sent', () => {
  const send = (publicKey: Uint8Array) => () =>
    encodeBeacon({ kind: 'beacon', version: 3, id: ID, port: 1, publicKey })
  expect(send(new Uint8Array(32))).toThrow('does not start with 0')
  expect(send(Uint8Array.of(1))).toThrow('32 bytes')
})
