/**
 * MessagePack by the specification's examples and forms: each line a value and its bytes. Drives
 * decoding, the round trip, every prefix, and trailing bytes.
 */
import { fromHex } from '../../../../src/base/bytes.ts'

export interface Vector {
  readonly name: string
  readonly hex: string
  readonly value: unknown
  /** Present when our encoder writes the value in another, shorter form. */
  readonly encodedHex?: string
}

export const VECTORS: readonly Vector[] = [
  { name: 'nil', hex: 'c0', value: null },
  { name: 'false', hex: 'c2', value: false },
  { name: 'true', hex: 'c3', value: true },
  { name: 'positive fixint, least', hex: '00', value: 0 },
  { name: 'positive fixint, greatest', hex: '7f', value: 127 },
  { name: 'negative fixint, least', hex: 'e0', value: -32 },
  { name: 'negative fixint, greatest', hex: 'ff', value: -1 },
  { name: 'uint 8', hex: 'cc80', value: 128 },
  { name: 'uint 8 holding a small number', hex: 'cc01', value: 1, encodedHex: '01' },
  { name: 'uint 16', hex: 'cd0100', value: 256 },
  { name: 'uint 32', hex: 'ceffffffff', value: 4_294_967_295 },
  {
    name: 'uint 64 within the safe integers',
    hex: 'cf001fffffffffffff',
    value: Number.MAX_SAFE_INTEGER,
    encodedHex: 'cb433fffffffffffff',
  },
  { name: 'uint 64 beyond', hex: 'cfffffffffffffffff', value: 2n ** 64n - 1n },
  { name: 'int 8', hex: 'd080', value: -128 },
  { name: 'int 16', hex: 'd18000', value: -32_768 },
  { name: 'int 32', hex: 'd280000000', value: -2_147_483_648 },
  { name: 'int 64 small', hex: 'd3ffffffffffffffff', value: -1, encodedHex: 'ff' },
  { name: 'int 64 beyond', hex: 'd38000000000000000', value: -(2n ** 63n) },
  { name: 'float 32', hex: 'ca3fc00000', value: 1.5, encodedHex: 'cb3ff8000000000000' },
  { name: 'float 64', hex: 'cb3ff8000000000000', value: 1.5 },
  { name: 'float 64 infinity', hex: 'cb7ff0000000000000', value: Number.POSITIVE_INFINITY },
  { name: 'fixstr, empty', hex: 'a0', value: '' },
  { name: 'fixstr', hex: 'a161', value: 'a' },
  { name: 'fixstr of three-byte characters', hex: 'a6e4bda0e5a5bd', value: '你好' },
  { name: 'fixstr of a four-byte character', hex: 'a4f09f9982', value: '🙂' },
  { name: 'str 8', hex: `d920${'61'.repeat(32)}`, value: 'a'.repeat(32) },
  { name: 'str 16', hex: `da0100${'61'.repeat(256)}`, value: 'a'.repeat(256) },
  { name: 'str 32', hex: 'db0000000161', value: 'a', encodedHex: 'a161' },
  { name: 'bin 8', hex: 'c403010203', value: Uint8Array.of(1, 2, 3) },
  { name: 'bin 8, empty', hex: 'c400', value: new Uint8Array(0) },
  { name: 'bin 16', hex: `c50100${'07'.repeat(256)}`, value: new Uint8Array(256).fill(7) },
  { name: 'bin 32', hex: 'c60000000107', value: Uint8Array.of(7), encodedHex: 'c40107' },
  { name: 'fixarray', hex: '93010203', value: [1, 2, 3] },
  { name: 'array 16', hex: `dc0010${'00'.repeat(16)}`, value: new Array(16).fill(0) },
  { name: 'array 32', hex: 'dd0000000101', value: [1], encodedHex: '9101' },
  { name: 'fixmap', hex: '82a161c3a162c0', value: { a: true, b: null } },
  { name: 'map 16', hex: 'de0001a16101', value: { a: 1 }, encodedHex: '81a16101' },
  { name: 'map 32', hex: 'df00000001a16101', value: { a: 1 }, encodedHex: '81a16101' },
  {
    name: 'keys that are integers',
    hex: '8201a161d1ff0002',
    value: { 1: 'a', '-256': 2 },
    encodedHex: '82a131a161a42d32353602',
  },
  {
    name: 'a key of 64 bits',
    hex: '81cf8000000000000000c0',
    value: { '9223372036854775808': null },
    encodedHex: '81b339323233333732303336383534373735383038c0',
  },
  { name: 'timestamp 32', hex: 'd6ff00000001', value: new Date(1000) },
  { name: 'timestamp 64', hex: 'd7ff1dcd650000000001', value: new Date(1125) },
  {
    name: 'timestamp 96 before 1970',
    hex: 'c70cff1dcd6500ffffffffffffffff',
    value: new Date(-500),
  },
  { name: 'containers in containers', hex: '81a16192919080', value: { a: [[[]], {}] } },
]

export function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  if (bytes === undefined) throw new Error(`not hexadecimal: ${hex}`)
  return bytes
}
