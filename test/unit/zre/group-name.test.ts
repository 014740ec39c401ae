import { describe, expect, it } from 'vitest'
import { utf8Encode } from '../../../src/base/bytes.ts'
import { groupNameBytes, isGroupName, readGroupName } from '../../../src/zre/group-name.ts'

describe('isGroupName', () => {
  it.each([
    ['one character', 'a'],
    ['255 bytes of ASCII', 'a'.repeat(255)],
    ['254 bytes of two-byte characters', 'é'.repeat(127)],
    ['255 bytes of three-byte characters', '日'.repeat(85)],
    ['252 bytes of four-byte characters', '😀'.repeat(63)],
    ['spaces', ' '],
  ])('accepts %s', (_what, name) => {
    expect(isGroupName(name)).toBe(true)
  })

  it.each([
    ['the empty name', ''],
    ['256 bytes of ASCII', 'a'.repeat(256)],
    ['256 bytes of two-byte characters', 'é'.repeat(128)],
    ['258 bytes of three-byte characters', '日'.repeat(86)],
    ['256 bytes of four-byte characters', '😀'.repeat(64)],
    ['the first half of a surrogate pair', 'a\ud83d'],
    ['the second half of a surrogate pair', '\ude00a'],
    ['a name with a NUL, where C would cut it off', 'a\0b'],
    ['a surrogate pair in the wrong order', '\ude00\ud83d'],
  ])('refuses %s', (_what, name) => {
    expect(isGroupName(name)).toBe(false)
  })
})

describe('readGroupName', () => {
  function read(bytes: Uint8Array): string | undefined {
    return readGroupName(bytes, 0, bytes.length)
  }

  it('tells thousands of names apart, although it remembers only a few', () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `group-${i}`)
    for (let round = 0; round < 2; round++) {
      for (const name of names) expect(read(utf8Encode(name))).toBe(name)
    }
  })

  it('tells names apart that share their hash', () => {
    // 31 × 'A' + 'a' = 31 × 'B' + 'B'
    const names = ['Aa', 'BB', 'AaAa', 'BBBB', 'AaBB', 'BBAa']
    for (const name of [...names, ...names]) expect(read(utf8Encode(name))).toBe(name)
  })

  it('does not hold on to the bytes it was given, a Buffer or not', () => {
    // Two names that share their hash: the second finds what was kept for the first.
    const bytes = utf8Encode('Ca')
    expect(read(bytes)).toBe('Ca')
    bytes.set(utf8Encode('DB'))
    expect(read(bytes)).toBe('DB')
    const buffer = Buffer.from('Ea')
    expect(read(buffer)).toBe('Ea')
    buffer.set(utf8Encode('FB'))
    expect(read(buffer)).toBe('FB')
  })

  it('gives back the very same text for a name it has just read', () => {
    const bytes = utf8Encode('日本')
    expect(read(bytes)).toBe(read(bytes.slice()))
  })

  it('says again that malformed bytes are malformed', () => {
    const bytes = Uint8Array.of(0x61, 0xff)
    expect([read(bytes), read(bytes)]).toEqual([undefined, undefined])
  })
})

describe('groupNameBytes', () => {
  it('gives the UTF-8 of thousands of names, although it remembers only a few', () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `é-${i}`)
    for (let round = 0; round < 2; round++) {
      for (const name of names) expect(groupNameBytes(name)).toEqual(utf8Encode(name))
    }
  })

  it('gives the bytes again for the same name, and no bytes for the empty one', () => {
    expect(groupNameBytes('CHAT')).toBe(groupNameBytes('CHAT'))
    expect(groupNameBytes('')).toHaveLength(0)
  })
})
