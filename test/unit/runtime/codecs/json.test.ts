/** JSON: one text, no forbidden keys, nothing of the peer's in a reason. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8Encode } from '../../../../src/base/bytes.ts'
import { json } from '../../../../src/runtime/codecs/json.ts'

const codec = json()

function decodeText(text: string): ReturnType<typeof codec.decode> {
  return codec.decode(utf8Encode(text))
}

test.each([
  ['1', 1],
  [' [1 , 2]\n', [1, 2]],
  ['{"a":{"b":[]}}', { a: { b: [] } }],
  ['"\\ud83d"', '\ud83d'],
  ['"[[[{{{,,,:::"', '[[[{{{,,,:::'],
  ['"\\"[\\\\"', '"[\\'],
  ['{"a":1,"a":2}', { a: 2 }],
])('decodes %s', (text, value) => {
  expect(decodeText(text)).toEqual({ kind: 'value', value })
})

test.each([
  '',
  ' ',
  '{',
  '[1,]',
  '{"a":1}x',
  '"abc',
  '"abc\\',
  "{'a':1}",
  'NaN',
  '\ufeff1',
  '[]]',
  '1 2',
  ']]]]',
])('refuses %j as payload-json, without quoting it', (text) => {
  const result = decodeText(text)
  expect(result).toMatchObject({ kind: 'invalid', code: 'payload-json' })
  if (result.kind === 'invalid' && text.length > 4) expect(result.reason).not.toContain(text)
})

test('refuses malformed UTF-8 inside a string', () => {
  expect(codec.decode(Uint8Array.of(0x22, 0xff, 0x22))).toMatchObject({ code: 'payload-utf8' })
})

test('refuses each prefix of a text', () => {
  const whole = codec.encode({ name: 'ünïcode', list: [1, { deep: null }], text: 'a"b\\c' })
  for (let length = 0; length < whole.length; length++) {
    expect(codec.decode(whole.subarray(0, length)).kind).toBe('invalid')
  }
})

test('refuses a million open brackets without recursion', () => {
  for (const bracket of ['[', '{"a":']) {
    expect(decodeText(bracket.repeat(1_000_000))).toMatchObject({ code: 'payload-depth' })
  }
})

test('knows where a string ends', () => {
  const brackets = '['.repeat(100)
  expect(decodeText(`"\\"${brackets}"`)).toEqual({ kind: 'value', value: `"${brackets}` })
  // Here the backslash is escaped, not the quote.
  expect(decodeText(`["\\\\",${brackets}`)).toMatchObject({ code: 'payload-depth' })
})

test('refuses a flood of empty containers', () => {
  expect(decodeText(`[${'{},'.repeat(300_000)}{}]`)).toMatchObject({ code: 'payload-size' })
})

describe('the key __proto__', () => {
  test.each([
    '{"__proto__":{"polluted":true}}',
    '{"__proto__" \n :1}',
    '[{"a":{"\\u005f_proto__":1}}]',
    '{"\\u005F\\u005f\\u0070\\u0072\\u006F\\u0074\\u006f\\u005f\\u005F":1}',
  ])('is refused as %s', (text) => {
    expect(decodeText(text)).toMatchObject({ kind: 'invalid', code: 'payload-key' })
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test.each([
    '"__proto__"',
    '["__proto__"]',
    '{"a":"__proto__"}',
    '{"__proto":1,"proto__":2}',
    '"\\"__proto__\\":1"',
  ])('is not seen in %s', (text) => {
    expect(decodeText(text).kind).toBe('value')
  })

  test('is refused however it is written, and nothing else is', () => {
    const letters = fc.tuple(
      ...[...'__proto__'].map((letter) =>
        fc.constantFrom(letter, `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`),
      ),
    )
    fc.assert(
      fc.property(
        letters,
        fc.constantFrom('', ' ', '\t\r\n'),
        fc.boolean(),
        (key, space, isKey) => {
          const quoted = `"${key.join('')}"`
          const result = decodeText(isKey ? `[{${quoted}${space}:1}]` : `[{"a":${quoted}${space}}]`)
          expect(result.kind).toBe(isKey ? 'invalid' : 'value')
        },
      ),
      { seed: 7, numRuns: 500 },
    )
  })

  test('is not sent either', () => {
    expect(() => codec.encode(JSON.parse('{"__proto__":1}'))).toThrow('__proto__')
  })
})

test.each([
  ['undefined', undefined],
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['a bigint', 1n],
])('will not encode %s', (_, value) => {
  expect(() => codec.encode(value)).toThrow(TypeError)
})

test('will not encode a cycle', () => {
  const cycle: unknown[] = []
  cycle.push(cycle)
  expect(() => codec.encode(cycle)).toThrow(TypeError)
})
