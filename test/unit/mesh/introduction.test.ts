import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../../src/base/bytes.ts'
import { DEFAULT_LIMITS } from '../../../src/base/limits.ts'
import { readMessage } from '../../../src/mesh/introduction.ts'
import { encodeZre, zreLength } from '../../../src/zre/encode.ts'
import type { Hello } from '../../../src/zre/message.ts'

function hello(fields: Partial<Hello> = {}): Hello {
  return {
    kind: 'hello',
    sequence: 1,
    endpoint: 'tcp://10.0.0.1:49152',
    groups: ['a', 'b'],
    status: 2,
    name: 'one',
    headers: new Map([['X-A', '1']]),
    ...fields,
  }
}

function encoded(message: Hello): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(zreLength(message)))
  encodeZre(message, writer)
  return writer.bytes
}

function read(bytes: Uint8Array, limits = DEFAULT_LIMITS) {
  return readMessage(bytes, 0, bytes.length, limits)
}

describe('an introduction', () => {
  it('is what the HELLO says, with the headers as a record', () => {
    expect(read(encoded(hello()))).toEqual({
      ...hello(),
      named: { address: '10.0.0.1', port: 49_152 },
      record: { 'X-A': '1' },
    })
  })

  it('that was read before is the same again, wherever it lies', () => {
    const bytes = encoded(hello())
    const first = read(bytes)
    const moved = new Uint8Array([9, 9, ...bytes, 9])
    expect(readMessage(moved, 2, moved.length - 1, DEFAULT_LIMITS)).toBe(first)
    bytes[5] = 7
    expect(read(bytes)).toMatchObject({ sequence: 7 })
    expect(first).toMatchObject({ sequence: 1 })
  })

  it('differs where any byte does', () => {
    for (let i = 0; i < 3_000; i++) {
      expect(read(encoded(hello({ name: `n${i}` })))).toMatchObject({ name: `n${i}` })
    }
  })

  it('is held against the limits of whoever reads it', () => {
    const bytes = encoded(hello())
    expect(read(bytes).kind).toBe('hello')
    expect(read(bytes, { ...DEFAULT_LIMITS, helloGroups: 1 })).toMatchObject({
      kind: 'invalid',
      code: 'zre-hello-limit',
    })
    expect(read(bytes).kind).toBe('hello')
  })
})
