import { describe, expect, it } from 'vitest'
import type { NodeRow, RowNumbers } from '../../cli/monitor/rows.ts'
import { painter } from '../../cli/render/style.ts'
import { textWidth } from '../../cli/render/width.ts'
import { COLUMN_KEYS, COLUMNS } from '../../cli/top/columns.ts'
import { compact, compactMs } from '../../cli/top/numbers.ts'
import { topRecord } from '../../cli/top/record.ts'
import { type Order, sorted, summaryOf, tableOf, UNLIMITED } from '../../cli/top/table.ts'
import { handleKey, screenOf, shownOf, type View } from '../../cli/top/view.ts'
import { idOf } from './made-snapshot.ts'

const plain = painter(false)
const byName: Order = { column: 'name', reverse: false }

function numbers(fields: Partial<RowNumbers> = {}): RowNumbers {
  return {
    at: 0,
    peers: 2,
    sees: 'alive',
    meanRoundTripMs: undefined,
    rates: { messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0, drops: 0 },
    queueMessages: 0,
    queueBytes: 0,
    blocked: 0,
    drops: 0,
    warnings: 0,
    hasNewWarnings: false,
    loopDelayMs: undefined,
    uptimeMs: undefined,
    ...fields,
  }
}

function row(name: string, fields: Partial<NodeRow> = {}): NodeRow {
  const usual = { state: 'alive', silence: undefined, roundTripMs: 0.412 } as const
  return { id: idOf(name), name, ...usual, numbers: numbers(), ...fields }
}

const busy = numbers({
  peers: 3,
  rates: { messagesIn: 1_234, messagesOut: 12.34, bytesIn: 45_678, bytesOut: 512, drops: 3 },
  queueMessages: 3_000,
  drops: 12_345,
  warnings: 7,
  loopDelayMs: 23.45,
})

const ROWS: readonly NodeRow[] = [
  row('kitchen', { numbers: busy, state: 'evasive' }),
  row('hall', {
    numbers: undefined,
    roundTripMs: undefined,
    silence: { kind: 'mute', since: new Date(2026, 0, 1, 12, 3, 19).getTime() },
  }),
  row('attic'),
  row('zyre', { numbers: undefined, silence: { kind: 'foreign' } }),
]

describe('a number', () => {
  it.each([
    [undefined, '-'],
    [0, '0'],
    [0.01, '<0.1'],
    [0.4, '0.4'],
    [9.94, '9.9'],
    [9.96, '10'],
    [345, '345'],
    [999.4, '999'],
    [999.6, '1.0k'],
    [1_000, '1k'],
    [1_234, '1.2k'],
    [99_960, '100k'],
    [999_600, '1.0M'],
    [Number.MAX_SAFE_INTEGER, '9.0P'],
  ])('%s is %s', (value, text) => {
    expect(compact(value)).toBe(text)
  })

  it.each([
    [undefined, '-'],
    [0, '0.00'],
    [0.3123, '0.31'],
    [9.999, '10.0'],
    [12.34, '12.3'],
    [99.96, '100'],
    [12_345, '12k'],
  ])('of milliseconds, %s is %s', (value, text) => {
    expect(compactMs(value)).toBe(text)
  })

  it('never has more than five characters', () => {
    for (let value = 0.001; value <= Number.MAX_SAFE_INTEGER; value *= 1.07) {
      expect(compact(value).length, String(value)).toBeLessThanOrEqual(5)
      expect(compactMs(value).length, String(value)).toBeLessThanOrEqual(5)
    }
  })
})

describe('the table', () => {
  it('has what matters most in 80 columns', () => {
    expect(tableOf(ROWS, byName, plain, 80)).toEqual([
      'NAME       ID   PEERS STATE     RTT MSG IN MSG OUT  B IN B OUT QUEUE DROPS WARN',
      'attic      6174     2 alive    0.41      0       0     0     0     0     0    0',
      'hall       6861     - alive       - no answer since 12:03:19',
      'kitchen    6B69     3 evasive  0.41   1.2k      12   46k   512    3k   12k    7',
      'zyre       7A79     - alive    0.41 not an earshot node: no numbers',
    ])
  })

  it('has everything in 200 columns', () => {
    expect(tableOf(ROWS, byName, plain, 200)).toEqual([
      'NAME        ID        PEERS  SEES     STATE      RTT  MSG IN  MSG OUT   B IN  B OUT  QUEUE  DROPS  DROP/S  WARN   LOOP',
      'attic       61747469      2  alive    alive     0.41       0        0      0      0      0      0       0     0      -',
      'hall        68616C6C      -  -        alive        -  no answer since 12:03:19',
      'kitchen     6B697463      3  alive    evasive   0.41    1.2k       12    46k    512     3k    12k     3.0     7   23.4',
      'zyre        7A797265      -  -        alive     0.41  not an earshot node: no numbers',
    ])
  })

  it.each([10, 20, 40, 60, 79, 90, 100, 120, 200])('keeps within %s columns', (width) => {
    const rows = [...ROWS, row('a name that is far too long for a table of any kind')]
    for (const line of tableOf(rows, byName, plain, width)) {
      expect(textWidth(line), line).toBeLessThanOrEqual(Math.max(width, 18))
    }
  })

  it('keeps its place when numbers change', () => {
    const quiet = tableOf([row('a'), row('b')], byName, plain, 80)
    const loud = tableOf([row('a', { numbers: busy }), row('b')], byName, plain, 80)
    expect(loud[0]).toBe(quiet[0])
    expect(loud[2]).toBe(quiet[2])
  })

  it('shows what a stranger calls itself, harmless', () => {
    const [, line] = tableOf([row('a\u001b[2J\nb')], byName, plain, UNLIMITED)
    expect(line).toContain('a\\x1b[2J\\nb')
    expect(line).not.toContain('\u001b')
  })

  it('is in colour where it is wanted, and as wide', () => {
    const coloured = tableOf(ROWS, byName, painter(true), 80)
    expect(coloured[3]).toContain('\u001b[33mevasive\u001b[39m')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the colours.
    const bare = coloured.map((line) => line.replace(/\u001b\[\d+m/g, '').trimEnd())
    expect(bare).toEqual(tableOf(ROWS, byName, plain, 80))
  })

  it('has a line above it that sums it up', () => {
    const at = new Date(2026, 0, 1, 9, 5, 7).getTime()
    expect(summaryOf({ at, rows: ROWS })).toBe(
      '09:05:07  4 nodes, 2 no answer  12 msg/s, 512 B/s, 3k queued, 3.0 drops/s',
    )
  })
})

describe('the order', () => {
  const names = (order: Order): string[] => sorted(ROWS, order).map(({ name }) => name)

  it('is ascending for texts, descending for numbers, worst first for states; unknown is last', () => {
    expect(names(byName)).toEqual(['attic', 'hall', 'kitchen', 'zyre'])
    expect(names({ column: 'queue', reverse: false })).toEqual(['kitchen', 'attic', 'hall', 'zyre'])
    expect(names({ column: 'state', reverse: false })[0]).toBe('kitchen')
    expect(names({ column: 'rtt', reverse: false }).at(-1)).toBe('hall')
  })

  it('reversed still has the unknown last', () => {
    expect(names({ column: 'name', reverse: true })).toEqual(['zyre', 'kitchen', 'hall', 'attic'])
    expect(names({ column: 'queue', reverse: true })).toEqual(['attic', 'kitchen', 'hall', 'zyre'])
  })

  it.each(COLUMN_KEYS)('by %s exists, with a key of its own', (column) => {
    expect(names({ column, reverse: false })).toHaveLength(4)
    const letters = COLUMNS.map(({ letter }) => letter)
    expect(new Set([...letters, 'q', 'h', 'r']).size).toBe(letters.length + 3)
  })
})

describe('a key', () => {
  const size = { columns: 80, rows: 8 }
  const many = Array.from({ length: 10 }, (_, i) => row(`node${i}`))
  const start: View = { order: byName, first: 0, isHelpShown: false, frame: 0 }
  const press = (...keys: readonly string[]): View | 'quit' => {
    const shown = shownOf({ at: 0, rows: many }, 3, size)
    return keys.reduce<View | 'quit'>((view, key) => {
      return view === 'quit' ? view : handleKey(view, key, shown)
    }, start)
  }

  it.each([
    [['right'], { order: { column: 'id', reverse: false } }],
    [['left'], { order: { column: 'warnings', reverse: false } }],
    [['>', '>', '<'], { order: { column: 'id', reverse: false } }],
    [['u'], { order: { column: 'queue', reverse: false } }],
    [['u', 'r'], { order: { column: 'queue', reverse: true } }],
    [['r', 'r'], { order: byName }],
    [['down', 'down', 'up'], { first: 1 }],
    [['pagedown'], { first: 4 }],
    [['pagedown', 'pagedown', 'pagedown'], { first: 6 }],
    [['pagedown', 'pageup', 'pageup'], { first: 0 }],
    [['h'], { isHelpShown: true }],
    [['?', 'escape'], { isHelpShown: false }],
    [['end'], { frame: 2 }],
    [['end', ']', '['], { frame: 1 }],
    [['end', 'home', '['], { frame: 0 }],
    [['x', '7', ''], start],
    // Not shown at this width: the order goes on from where it would be.
    [['e', 'right'], { order: { column: 'state', reverse: false } }],
    [['e', 'left'], { order: { column: 'peers', reverse: false } }],
  ])('%j does what the help says', (keys, view) => {
    expect(press(...keys)).toMatchObject(view)
  })

  it.each([['q'], ['escape']])('%s quits', (key) => {
    expect(press(key)).toBe('quit')
  })
})

describe('the screen', () => {
  const view: View = { order: byName, first: 0, isHelpShown: false, frame: 0 }
  const frame = { at: 0, rows: Array.from({ length: 10 }, (_, i) => row(`node${i}`)) }

  it.each([
    [80, 24],
    [200, 50],
    [40, 6],
    [20, 2],
  ])('of %s × %s fits, last column free, the keys on the last line', (columns, rows) => {
    for (const shown of [undefined, { at: 0, rows: [] }, frame]) {
      const lines = screenOf(shown, undefined, view, { columns, rows }, plain)
      expect(lines).toHaveLength(rows)
      for (const line of lines) expect(textWidth(line)).toBeLessThan(columns)
      expect(lines.at(-1)).toMatch(/^←→/)
    }
  })

  it('says which rows it shows when not all fit', () => {
    const size = { columns: 80, rows: 8 }
    const lines = screenOf(frame, undefined, { ...view, first: 9 }, size, plain)
    expect(lines[1]).toContain('rows 7–10')
    expect(lines[3]).toMatch(/^node6 /)
    expect(lines[6]).toMatch(/^node9 /)
  })

  it('explains all columns, in 80 × 24', () => {
    const shown = { ...view, isHelpShown: true }
    const lines = screenOf(frame, 5, shown, { columns: 80, rows: 24 }, plain)
    for (const { title } of COLUMNS) expect(lines.join('\n')).toContain(` ${title} `)
    for (const line of lines) expect(line).not.toContain('…')
  })
})

describe('a record', () => {
  it('has all fields, null where they are unknown', () => {
    const full = topRecord(ROWS[0]!, 9)
    const empty = topRecord(ROWS[1]!, 9)
    expect(full).toMatchObject({
      type: 'earshot.top/1',
      node: { id: idOf('kitchen'), name: 'kitchen' },
      state: 'evasive',
      silence: null,
      roundTripMs: 0.412,
      messagesInPerSecond: 1_234,
      dropsPerSecond: 3,
      loopDelayMs: 23.45,
      meanRoundTripMs: null,
    })
    expect(Object.keys(empty)).toEqual(Object.keys(full))
    expect(empty).toMatchObject({
      time: '1970-01-01T00:00:00.009Z',
      at: 9,
      state: 'alive',
      silence: { kind: 'mute', since: expect.stringMatching(/Z$/) },
      peers: null,
      messagesInPerSecond: null,
    })
  })
})
