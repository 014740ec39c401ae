/** One table drives decoding, encoding, round trips and truncation. White space in the hex separates fields. */
import { fromHex } from '../../../src/base/bytes.ts'
import type { ZreLimits } from '../../../src/zre/decode.ts'
import type { ZreMessage } from '../../../src/zre/message.ts'

export interface Vector {
  readonly title: string
  readonly hex: string
  readonly message: ZreMessage
}

/** Small, so that tests reach them. */
export const LIMITS: ZreLimits = { helloBytes: 1_024, helloGroups: 8, helloHeaders: 8 }

export function bytesOf(hex: string): Uint8Array {
  return fromHex(hex.replace(/\s/g, ''))!
}

const LONG = 'n'.repeat(255)
const LONG_HEX = '6e'.repeat(255)

export const VECTORS: readonly Vector[] = [
  {
    title: 'HELLO of alice (C Zyre, capture "basic")',
    hex: `aaa1 01 02 0001 15 7463703a2f2f31302e37372e302e313a3439313532 00000001 00000004 43484154 01
      05 616c696365 00000002 07 582d48454c4c4f 00000007 576f726c642031 06 582d524f4c45 00000006 73656e736f72`,
    message: {
      kind: 'hello',
      sequence: 1,
      endpoint: 'tcp://10.77.0.1:49152',
      groups: ['CHAT'],
      status: 1,
      name: 'alice',
      headers: new Map([
        ['X-HELLO', 'World 1'],
        ['X-ROLE', 'sensor'],
      ]),
    },
  },
  {
    title: 'HELLO with nothing in it still has both counts',
    hex: 'aaa1 01 02 0001 00 00000000 00 00 00000000',
    message: {
      kind: 'hello',
      sequence: 1,
      endpoint: '',
      groups: [],
      status: 0,
      name: '',
      headers: new Map(),
    },
  },
  {
    title: 'HELLO with empty header names and values, status 255 and text beyond ASCII',
    hex: `aaa1 01 02 0001 00 00000002 00000003 e697a5 00000002 c3a9 ff 04 f09f9880
      00000002 00 00000000 01 61 00000003 e282ac`,
    message: {
      kind: 'hello',
      sequence: 1,
      endpoint: '',
      groups: ['日', 'é'],
      status: 255,
      name: '😀',
      headers: new Map([
        ['', ''],
        ['a', '€'],
      ]),
    },
  },
  {
    title: 'HELLO with a header named __proto__',
    hex: 'aaa1 01 02 0001 00 00000000 00 00 00000001 09 5f5f70726f746f5f5f 00000001 78',
    message: {
      kind: 'hello',
      sequence: 1,
      endpoint: '',
      groups: [],
      status: 0,
      name: '',
      headers: new Map([['__proto__', 'x']]),
    },
  },
  {
    title: 'HELLO with a name and a group of 255 bytes',
    hex: `aaa1 01 02 0001 00 00000001 000000ff ${LONG_HEX} 00 ff ${LONG_HEX} 00000000`,
    message: {
      kind: 'hello',
      sequence: 1,
      endpoint: '',
      groups: [LONG],
      status: 0,
      name: LONG,
      headers: new Map(),
    },
  },
  {
    title: 'WHISPER',
    hex: 'aaa1 02 02 0002',
    message: { kind: 'whisper', sequence: 2 },
  },
  {
    title: 'WHISPER with the highest sequence number',
    hex: 'aaa1 02 02 ffff',
    message: { kind: 'whisper', sequence: 65_535 },
  },
  {
    title: 'SHOUT',
    hex: 'aaa1 03 02 0005 04 43484154',
    message: { kind: 'shout', sequence: 5, group: 'CHAT' },
  },
  {
    title: 'SHOUT to a group of 255 bytes',
    hex: `aaa1 03 02 0100 ff ${LONG_HEX}`,
    message: { kind: 'shout', sequence: 256, group: LONG },
  },
  {
    title: 'SHOUT to a group beyond ASCII, a byte-order mark and a NUL included',
    hex: 'aaa1 03 02 0100 0b efbbbf 61 00 c3a9 f09f9880',
    message: { kind: 'shout', sequence: 256, group: '\ufeffa\0é😀' },
  },
  {
    title: 'JOIN',
    hex: 'aaa1 04 02 0006 05 4558545241 02',
    message: { kind: 'join', sequence: 6, group: 'EXTRA', status: 2 },
  },
  {
    title: 'LEAVE',
    hex: 'aaa1 05 02 0007 04 43484154 03',
    message: { kind: 'leave', sequence: 7, group: 'CHAT', status: 3 },
  },
  {
    title: 'LEAVE with status 0, one after 255',
    hex: 'aaa1 05 02 0000 01 67 00',
    message: { kind: 'leave', sequence: 0, group: 'g', status: 0 },
  },
  {
    title: 'PING',
    hex: 'aaa1 06 02 0008',
    message: { kind: 'ping', sequence: 8 },
  },
  {
    title: 'PING-OK',
    hex: 'aaa1 07 02 0009',
    message: { kind: 'ping-ok', sequence: 9 },
  },
  {
    title: 'ELECT (C Zyre, capture "elect")',
    hex: 'aaa1 08 02 0002 04 5445414d 20 4541433230394242353335363430433241423445313833314138394343433630',
    message: {
      kind: 'elect',
      sequence: 2,
      group: 'TEAM',
      challengerId: 'EAC209BB535640C2AB4E1831A89CCC60',
    },
  },
  {
    title: 'LEADER (C Zyre, capture "elect")',
    hex: 'aaa1 09 02 0004 04 5445414d 20 3432384439443339303330433436393541424536423041314138433041423431',
    message: {
      kind: 'leader',
      sequence: 4,
      group: 'TEAM',
      leaderId: '428D9D39030C4695ABE6B0A1A8C0AB41',
    },
  },
  {
    title: 'LEADER without an id',
    hex: 'aaa1 09 02 0004 01 67 00',
    message: { kind: 'leader', sequence: 4, group: 'g', leaderId: '' },
  },
  {
    title: 'GOODBYE',
    hex: 'aaa1 0a 02 000a',
    message: { kind: 'goodbye', sequence: 10 },
  },
]
