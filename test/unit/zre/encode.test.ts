/** What only writing can show; the vectors are in vectors.test.ts. */
import { expect, it } from 'vitest'
import { ByteWriter, toHex } from '../../../src/base/bytes.ts'
import { encodeZre, zreLength } from '../../../src/zre/encode.ts'
import type { Hello, ZreMessage } from '../../../src/zre/message.ts'

const HELLO: Hello = {
  kind: 'hello',
  sequence: 1,
  endpoint: '',
  groups: [],
  status: 0,
  name: '',
  headers: new Map(),
}

function encode(message: ZreMessage, length = zreLength(message)): string {
  const bytes = new Uint8Array(length)
  encodeZre(message, new ByteWriter(bytes))
  return toHex(bytes)
}

it('half of a surrogate pair is measured and written as U+FFFD', () => {
  expect(encode({ ...HELLO, name: 'a\ud800' })).toBe(
    'aaa101020001000000000000' + '0461efbfbd00000000',
  )
  expect(encode({ ...HELLO, name: '\udc00\ud800' })).toContain('06efbfbdefbfbd')
})

it('a name of 256 bytes trips an assertion instead of writing a wrong length', () => {
  expect(() => encode({ ...HELLO, name: 'n'.repeat(256) })).toThrow('at most 255 bytes')
})

it('a group of 256 bytes trips an assertion, also when it has fewer characters', () => {
  expect(() => encode({ kind: 'shout', sequence: 1, group: 'é'.repeat(128) })).toThrow('255 bytes')
})

it('a frame that was reserved too small trips an assertion', () => {
  const message: ZreMessage = { kind: 'join', sequence: 1, group: 'CHAT', status: 1 }
  expect(() => encode(message, zreLength(message) - 1)).toThrow('reserved')
  expect(() => encode({ ...message, group: 'é' }, 8)).toThrow('reserved')
})

it('a header value may be longer than 255 bytes', () => {
  const message = { ...HELLO, headers: new Map([['h', 'v'.repeat(300)]]) }
  expect(zreLength(message)).toBe(17 + 5 + 1 + 300)
  expect(encode(message)).toContain(`01680000012c${'76'.repeat(300)}`)
})
