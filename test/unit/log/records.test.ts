import { describe, expect, it } from 'vitest'
import { matches, readFilter } from '../../../src/log/filter.ts'
import { contentOf, levelName, levelOf, readText, textOf } from '../../../src/log/record.ts'
import { type Content, contentOfFields, Ring } from '../../../src/log/ring.ts'

describe('a line of a logger', () => {
  it.each([
    ['{"level":40,"msg":"a"}\n', 40, '{"level":40,"msg":"a"}'],
    ['{"level":"error","msg":"a"}\n', 50, '{"level":"error","msg":"a"}'],
    ['{"time":1,"msg":"no level"}', 30, '{"time":1,"msg":"no level"}'],
    ['plain "text"\n', 30, '{"msg":"plain \\"text\\""}'],
    ['{"level":99999}', 30, '{"level":99999}'],
    ['', 30, '{"msg":""}'],
    ['{\n"msg":\r\n"a"\n}\n', 30, '{ "msg":  "a" }'],
  ])('%j has its level and its text', (line, level, text) => {
    expect([levelOf(line), textOf(line)]).toEqual([level, text])
  })

  it('is cut when it is too long, and says so', () => {
    const text = textOf(`{"msg":"${'x'.repeat(20_000)}"}\n`)
    expect(text.length).toBeLessThan(2_000)
    expect(readText(text)!.fields['cutFrom']).toBe(20_010)
  })
})

describe('a stranger’s record', () => {
  it('is read into message and fields, without a prototype', () => {
    const read = readText('{"level":30,"time":1,"msg":"hi","a":{"b":1},"__proto__":{"c":2}}')!
    expect(read.msg).toBe('hi')
    expect(Object.keys(read.fields).sort()).toEqual(['__proto__', 'a'])
    expect(Object.getPrototypeOf(read.fields)).toBe(null)
  })

  it.each([
    ['no JSON', 'nonsense'],
    ['no object', '[1]'],
    ['too deep', `${'{"a":'.repeat(9)}1${'}'.repeat(9)}`],
    [
      'too many members',
      JSON.stringify(Object.fromEntries(Array.from({ length: 513 }, (_, i) => [i, 0]))),
    ],
    ['too long', JSON.stringify({ msg: 'x'.repeat(17_000) })],
  ])('that is %s is not read', (_title, text) => {
    expect(readText(text)).toBeUndefined()
  })

  it('that cannot be read is a message itself, the beginning of it', () => {
    const deep = `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`
    expect(contentOf(deep)).toEqual({ msg: deep.slice(0, 1_024), fields: {} })
    expect(
      matches({ fields: { a: 1 } }, { seq: 1, ticks: 1, time: 1, level: 30, text: deep }),
    ).toBe(false)
  })

  it('has a message of text, whatever it was', () => {
    expect(readText('{"msg":{"a":1}}')!.msg).toBe('{"a":1}')
  })
})

describe('a filter', () => {
  const record = (level: number, fields: object) => {
    return { seq: 1, ticks: 1, time: 1, level, text: JSON.stringify(fields) }
  }

  it('goes by level, group, fields and traces', () => {
    const said = record(40, { msg: 'x', group: 'g', code: 'c', n: 1 })
    expect(matches({}, said)).toBe(true)
    expect(matches({ level: 40 }, said)).toBe(true)
    expect(matches({ level: 41 }, said)).toBe(false)
    expect(matches({ group: 'g' }, said)).toBe(true)
    expect(matches({ group: 'h' }, said)).toBe(false)
    expect(matches({ fields: { code: 'c', n: 1 } }, said)).toBe(true)
    expect(matches({ fields: { n: '1' } }, said)).toBe(false)
    expect(matches({ traces: true }, said)).toBe(false)
    expect(matches({ traces: true }, record(20, { trace: 't' }))).toBe(true)
    expect(matches({ traces: true }, record(20, { msg: '"trace":' }))).toBe(false)
  })

  it('of a stranger is read within bounds', () => {
    expect(readFilter({ level: 30, group: 'g', fields: { a: 1 }, traces: true, other: 1 })).toEqual(
      {
        level: 30,
        group: 'g',
        fields: { a: 1 },
        traces: true,
      },
    )
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`f${i}`, 1]))
    for (const bad of [
      1,
      null,
      { level: 'x' },
      { group: 1 },
      { group: 'x'.repeat(257) },
      { fields: many },
    ]) {
      expect(readFilter(bad)).toBeUndefined()
    }
    expect(readFilter({ fields: { a: {} } })).toBeUndefined()
  })
})

describe('a level', () => {
  it.each([
    [10, 'trace'],
    [29, 'debug'],
    [30, 'info'],
    [1_000, 'fatal'],
    [0, 'trace'],
  ])('%d is called %s', (level, name) => {
    expect(levelName(level)).toBe(name)
  })
})

describe('the ring', () => {
  const gone: number[] = []
  const ringOf = (records: number, bytes: number): Ring => {
    gone.length = 0
    return new Ring({ records, bytes }, ({ seq }) => void gone.push(seq))
  }
  const push = (ring: Ring, i: number, content: Content = `{"msg":"${i}"}`): void => {
    ring.push({ ticks: 0, at: i * 10, time: 0 }, 30, content)
  }

  it('keeps the newest records, within its number', () => {
    const ring = ringOf(3, 1e6)
    for (const i of [1, 2, 3, 4, 5]) push(ring, i)
    expect(gone).toEqual([1, 2])
    expect([ring.firstSeq, ring.nextSeq, ring.overwritten]).toEqual([3, 6, 2])
    expect([ring.at(2), ring.at(6)]).toEqual([undefined, undefined])
    expect(ring.at(3)!.text).toBe('{"msg":"3"}')
  })

  it('keeps within its bytes, and gives all of them back', () => {
    const ring = ringOf(1_000, 10_000)
    for (let i = 0; i < 500; i++) push(ring, i, `{"msg":"${'x'.repeat(i % 300)}"}`)
    expect(ring.byteLength).toBeLessThanOrEqual(10_000)
    expect(ring.nextSeq - ring.firstSeq).toBeGreaterThan(20)
    const none = ringOf(10, 50)
    push(none, 1)
    expect([none.byteLength, none.firstSeq, none.nextSeq]).toEqual([0, 2, 2])
  })

  it('finds the first record of a time', () => {
    const ring = ringOf(5, 1e6)
    for (let i = 1; i <= 8; i++) push(ring, i)
    expect([0, 40, 55, 60, 80, 81].map((ticks) => ring.seqSince(ticks))).toEqual([4, 4, 6, 6, 8, 9])
  })

  it('counts what is within lists', () => {
    const ring = ringOf(1_000, 100_000)
    const list = new Array(50).fill('x'.repeat(100))
    for (let i = 0; i < 100; i++) push(ring, i, contentOfFields({ msg: 'list', list }))
    expect(ring.byteLength).toBeLessThanOrEqual(100_000)
    expect(ring.overwritten).toBeGreaterThan(75)
  })

  it('makes text of fields, whatever they are', () => {
    const ring = ringOf(5, 1e6)
    const cycle: Record<string, unknown> = { msg: 'round' }
    cycle['self'] = cycle
    push(ring, 1, contentOfFields({ msg: 'plain', n: 1 }))
    push(ring, 2, contentOfFields(cycle))
    push(ring, 3, contentOfFields({ msg: 'big', text: 'x'.repeat(20_000) }))
    push(ring, 4, contentOfFields({ msg: 'odd', value: 1n }))
    expect(ring.at(1)!.text).toBe('{"msg":"plain","n":1}')
    expect(readText(ring.at(2)!.text)!.msg).toBe('round')
    expect(readText(ring.at(3)!.text)!.fields['cutFrom']).toBeGreaterThan(20_000)
    expect(readText(ring.at(4)!.text)!.fields['unreadable']).toContain('BigInt')
  })
})
