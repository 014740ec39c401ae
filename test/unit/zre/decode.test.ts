/** What a peer may not send. */
import { describe, expect, it } from 'vitest'
import type { ZreLimits } from '../../../src/zre/decode.ts'
import { decodeZre } from '../../../src/zre/decode.ts'
import type { ZreInvalidCode } from '../../../src/zre/message.ts'
import { ZRE_INVALID_CODES } from '../../../src/zre/message.ts'
import { bytesOf, LIMITS } from './vectors.ts'

function decode(hex: string, limits: ZreLimits = LIMITS): ReturnType<typeof decodeZre> {
  const bytes = bytesOf(hex)
  return decodeZre(bytes, 0, bytes.length, limits)
}

/** A HELLO with these groups, headers, or both, as hex. */
function hello(groups: string, headers = '00000000'): string {
  return `aaa1 01 02 0001 00 ${groups} 00 00 ${headers}`
}

const EMPTY_GROUP = '00000000'
const GROUP = '00000001 67'
const HEADER = '01 68 00000001 76'

const INVALID: readonly (readonly [fact: string, hex: string, code: ZreInvalidCode])[] = [
  ['an empty frame has no signature', '', 'zre-signature'],
  ['signature AA A0 is zgossip, not ZRE', 'aaa0 06 02 0001', 'zre-signature'],
  ['signature A1 AA is not ZRE', 'a1aa 06 02 0001', 'zre-signature'],
  ['version 1 is refused', 'aaa1 06 01 0001', 'zre-version'],
  ['version 3 is refused', 'aaa1 06 03 0001', 'zre-version'],
  [
    'an unknown command of another version is a matter of version',
    'aaa1 63 03 0001',
    'zre-version',
  ],
  ['command 0 does not exist', 'aaa1 00 02 0001', 'zre-command'],
  ['command 11 does not exist', 'aaa1 0b 02 0001', 'zre-command'],
  ['command 255 does not exist', 'aaa1 ff 02 0001', 'zre-command'],
  ['SHOUT needs a group', 'aaa1 03 02 0001', 'zre-truncated'],
  ['SHOUT to an empty name is refused', 'aaa1 03 02 0001 00', 'zre-group-name'],
  ['JOIN of an empty name is refused', 'aaa1 04 02 0001 00 01', 'zre-group-name'],
  ['LEAVE of an empty name is refused', 'aaa1 05 02 0001 00 01', 'zre-group-name'],
  ['ELECT in an empty name is refused', 'aaa1 08 02 0001 00 00', 'zre-group-name'],
  ['a HELLO may not list an empty name', hello(`00000001 ${EMPTY_GROUP}`), 'zre-group-name'],
  [
    'a HELLO may not list a group of 256 bytes',
    hello(`00000001 00000100 ${'67'.repeat(256)}`),
    'zre-group-name',
  ],
  ['a lone continuation byte is no group name', 'aaa1 03 02 0001 01 80', 'zre-text'],
  ['an overlong slash is no group name', 'aaa1 03 02 0001 02 c0af', 'zre-text'],
  ['a UTF-8 surrogate is no group name', 'aaa1 04 02 0001 03 eda080 01', 'zre-text'],
  ['a cut character is no group name', 'aaa1 03 02 0001 02 e282', 'zre-text'],
  ['a long name is checked too', `aaa1 03 02 0001 64 ${'61'.repeat(99)}ff`, 'zre-text'],
  ['an id that is not text is refused in ELECT', 'aaa1 08 02 0001 01 67 01 ff', 'zre-text'],
  ['an id that is not text is refused in LEADER', 'aaa1 09 02 0001 01 67 01 ff', 'zre-text'],
  ['an endpoint must be text', 'aaa1 01 02 0001 01 ff 00000000 00 00 00000000', 'zre-text'],
  ['a name must be text', 'aaa1 01 02 0001 00 00000000 00 01 ff 00000000', 'zre-text'],
  ['groups in HELLO must be text', hello('00000001 00000001 ff'), 'zre-text'],
  ['header names must be text', hello('00000000', '00000001 01 ff 00000000'), 'zre-text'],
  ['header values must be text', hello('00000000', '00000001 01 68 00000001 ff'), 'zre-text'],
  ['a HELLO may not end after its endpoint', 'aaa1 01 02 0001 00', 'zre-truncated'],
  ['a HELLO may not end after its name', 'aaa1 01 02 0001 00 00000000 00 00', 'zre-truncated'],
  ['a group may not reach beyond the frame', hello('00000001 ffffffff'), 'zre-truncated'],
  [
    'a header value may not reach beyond the frame',
    hello('00000000', '00000001 01 68 7fffffff'),
    'zre-truncated',
  ],
]

describe('invalid frames', () => {
  it.each(INVALID)('%s', (_fact, hex, code) => {
    expect(decode(hex)).toMatchObject({ kind: 'invalid', code })
  })

  it('every code has an example here or in the limits below', () => {
    const seen = new Set<string>(INVALID.map(([, , code]) => code))
    seen.add('zre-trailing-bytes') // vectors.test.ts
    seen.add('zre-hello-limit')
    expect([...seen].sort()).toEqual([...ZRE_INVALID_CODES].sort())
  })
})

describe('limits of HELLO', () => {
  const OVER = { kind: 'invalid', code: 'zre-hello-limit' }

  it('a HELLO of exactly the allowed bytes passes, one more byte does not', () => {
    const bytes = bytesOf(hello(`00000001 ${GROUP}`))
    const at = { ...LIMITS, helloBytes: bytes.length }
    const below = { ...LIMITS, helloBytes: bytes.length - 1 }
    expect(decodeZre(bytes, 0, bytes.length, at).kind).toBe('hello')
    expect(decodeZre(bytes, 0, bytes.length, below)).toMatchObject(OVER)
  })

  it('as many groups as allowed pass, one more does not', () => {
    const limits = { ...LIMITS, helloGroups: 2 }
    expect(decode(hello(`00000002 ${GROUP.repeat(2)}`), limits).kind).toBe('hello')
    expect(decode(hello(`00000003 ${GROUP.repeat(3)}`), limits)).toMatchObject(OVER)
  })

  it('as many headers as allowed pass, one more does not', () => {
    const limits = { ...LIMITS, helloHeaders: 2 }
    expect(decode(hello('00000000', `00000002 ${HEADER.repeat(2)}`), limits).kind).toBe('hello')
    expect(decode(hello('00000000', `00000003 ${HEADER.repeat(3)}`), limits)).toMatchObject(OVER)
  })

  it('2³²−1 groups or headers are over the limit', () => {
    expect(decode(hello('ffffffff'))).toMatchObject(OVER)
    expect(decode(hello('00000000', 'ffffffff'))).toMatchObject(OVER)
  })

  it('without a useful limit, a count is measured against the bytes that are left', () => {
    const limits = { helloBytes: 2 ** 32, helloGroups: 2 ** 32, helloHeaders: 2 ** 32 }
    expect(decode(hello('ffffffff'), limits)).toMatchObject({ code: 'zre-truncated' })
    expect(decode(hello('00000000', 'ffffffff'), limits)).toMatchObject({ code: 'zre-truncated' })
  })

  it('16 MiB of empty group names end at the first limit', () => {
    const bytes = new Uint8Array(16 * 1024 * 1024)
    bytes.set(bytesOf('aaa1 01 02 0001 00 00400000'))
    expect(decodeZre(bytes, 0, bytes.length, LIMITS)).toMatchObject(OVER)
  })

  it('limits of HELLO do not concern other commands', () => {
    const limits = { helloBytes: 0, helloGroups: 0, helloHeaders: 0 }
    expect(decode('aaa1 03 02 0001 01 67', limits).kind).toBe('shout')
  })
})

describe('repeated entries of HELLO', () => {
  it('a group that is listed twice is kept once, in its first place', () => {
    const groups = '00000003 00000001 61 00000001 62 00000001 61'
    expect(decode(hello(groups))).toMatchObject({ groups: ['a', 'b'] })
  })

  it('a header that is sent twice has its first value, as in C Zyre', () => {
    const headers = '00000002 01 68 00000001 31 01 68 00000001 32'
    expect(decode(hello('00000000', headers))).toMatchObject({ headers: new Map([['h', '1']]) })
  })
})
