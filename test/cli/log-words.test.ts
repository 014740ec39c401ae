/** How log records and traces are chosen, put together, and written for people. */
import { describe, expect, it } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import { escapeText } from '../../cli/render/escape.ts'
import { clockWords, LogLines } from '../../cli/render/log-lines.ts'
import { painter } from '../../cli/render/style.ts'
import { TraceLines, traceRecord } from '../../cli/render/trace-lines.ts'
import { textWidth } from '../../cli/render/width.ts'
import { filterOf, passes } from '../../cli/views/record-filter.ts'
import { Traces } from '../../cli/views/traces.ts'
import type { LogRecord } from '../../src/index.ts'
import { runInside } from './host.ts'

const ADA = 'A'.repeat(32)
const BEN = 'B'.repeat(32)
const CY = 'C'.repeat(32)
const NAMES: Readonly<Record<string, string>> = { [ADA]: 'ada', [BEN]: 'ben', [CY]: 'cy' }
const plain = painter(false)

function made(fields: Partial<LogRecord> = {}): LogRecord {
  return {
    type: 'record',
    node: ADA,
    name: 'ada',
    seq: 1,
    ticks: 1_024,
    time: 0,
    level: 30,
    msg: 'hello',
    fields: {},
    late: false,
    ...fields,
  }
}

describe('a log record as a line', () => {
  const line = (fields: Partial<LogRecord>, isTerminal = false): string => {
    return new LogLines(isTerminal, plain).record(made(fields), new Date(0)).slice(14)
  }

  it('has level, node, message and fields', () => {
    expect(line({ level: 40, fields: { port: 80, on: true, none: null } })).toBe(
      'WARN   ada       hello  port=80 on=true none=null',
    )
    expect(line({})).toBe('INFO   ada       hello')
    expect(line({ msg: '', fields: { a: 'b' } })).toBe('INFO   ada       a=b')
  })

  it('has quotes around what could be read as something else', () => {
    expect(line({ fields: { a: '', b: 'x y', c: 'x=y', d: { e: [1] } } })).toBe(
      'INFO   ada       hello  a="" b="x y" c="x=y" d={"e":[1]}',
    )
  })

  it('holds nothing that a terminal obeys', () => {
    expect(
      line({ name: '\u001b]0;x\u0007', msg: 'a\nb\u202e', fields: { 'k\u001b': '\u001b[2J' } }),
    ).toBe('INFO   \\x1b]0;x\\x07  a\\nb\\u202e  k\\x1b=\\x1b[2J')
  })

  it('leaves out what pino repeats, and shortens ids and errors', () => {
    const err = { type: 'TypeError', message: 'no hat', stack: 'TypeError: no hat\n    at x' }
    expect(line({ fields: { pid: 1, hostname: 'x', peer: BEN, err } })).toBe(
      'INFO   ada       hello  peer=BBBBBBBB err="TypeError: no hat"',
    )
  })

  it('is cut on a terminal only', () => {
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`field${i}`, 'x'.repeat(1_000)]),
    )
    const long = { msg: 'x'.repeat(10_000), fields: many }
    expect(textWidth(line(long, true))).toBeLessThan(1_600)
    expect(line(long, true)).toMatch(/ … 84 more$/)
    expect(line(long).length).toBeGreaterThan(110_000)
  })

  it('says how many are missing', () => {
    const lost = (count: number): string => {
      return new LogLines(false, plain).lost({ type: 'lost', node: ADA, name: 'ada', count })
    }
    expect(lost(12).trim()).toBe('ada       … 12 records lost')
    expect(lost(1)).toContain('1 record lost')
  })
})

it.each([
  [3_600_000, '1 h 0 min ahead'],
  [-3_599_999, '1 h 0 min behind'],
  [1_200, '1.2 s ahead'],
  [-250_000, '4 min 10 s behind'],
  [59_960, '1 min 0 s ahead'],
  [400.2 * 86_400_000, '400 d 5 h ahead'],
])('a clock that is off by %i ms is %s', (offsetMs, words) => {
  expect(clockWords({ type: 'clock', node: ADA, name: 'ada', offsetMs })).toBe(
    `clock of ada is ${words}`,
  )
  expect(clockWords({ type: 'clock', node: ADA, name: 'ada', offsetMs: 10 })).toBe(
    'clock of ada is right again',
  )
})

describe('a filter', () => {
  const shows = (record: Partial<LogRecord>, values: object, groups: string[] = []): boolean => {
    return passes(filterOf({ level: 'info', ...values }, groups), made(record))
  }

  it.each([
    [{ level: 20 }, {}, false],
    [{ level: 30 }, {}, true],
    [{ level: 35 }, { level: 'warn' }, false],
    [{ fields: { port: 80 } }, { field: ['port=80'] }, true],
    [{ fields: { port: '80' } }, { field: ['port=80'] }, false],
    [{ fields: { port: '80' } }, { field: ['port="80"'] }, true],
    [{ fields: { a: 'x=y', on: true } }, { field: ['a=x=y', 'on=true'] }, true],
    [{}, { peer: ['ad'] }, true],
    [{}, { peer: ['ben', 'aaaa'] }, true],
    [{}, { peer: ['ben'] }, false],
    [{ msg: 'timed out' }, { grep: '^t.*out' }, true],
    [{ msg: 'Timed out' }, { grep: '^t.*out' }, false],
    [{ msg: 'Timed out' }, { grep: '^t.*out', ignoreCase: true }, true],
    [{ fields: { peer: BEN } }, { grep: BEN }, true],
  ])('of %j with %j is %s', (record, values, shown) => {
    expect(shows(record, values)).toBe(shown)
  })

  it('of groups lets those through that say one of them', () => {
    expect(shows({ fields: { group: 'x' } }, {}, ['x', 'y'])).toBe(true)
    expect(shows({ fields: { group: 'z' } }, {}, ['x', 'y'])).toBe(false)
    expect(shows({}, {}, ['x'])).toBe(false)
  })

  it.each([
    [['logs', '--grep', '('], '--grep: Invalid regular expression'],
    [['logs', '--field', 'port'], "field 'port' is invalid: expected NAME=VALUE"],
    [['replay', 'x', '--grep', '['], '--grep: Invalid regular expression'],
  ])('that is none is a usage error: %j', async (args, text) => {
    const { code, err } = await runInside(args)
    expect(code).toBe(ExitCode.usage)
    expect(err).toContain(text)
    expect(err.split('\n')).toHaveLength(2)
  })
})

describe('traces', () => {
  /** `stage` as `node` reports it, `ms` after the beginning. */
  function report(
    node: string,
    stage: string,
    ms: number,
    peer?: string,
    group?: string,
  ): LogRecord {
    const trace = `${ADA.slice(0, 12)}-1`
    return made({
      node,
      name: NAMES[node]!,
      ticks: ms * 1_024,
      fields: {
        event: 'trace',
        trace,
        stage,
        bytes: 5,
        ...(peer && { peer }),
        ...(group && { group }),
      },
    })
  }

  const shout = (...at: readonly string[]): LogRecord[] => [
    report(ADA, 'sent', 0, undefined, 'x'),
    ...at.flatMap((peer, i) => [
      report(ADA, 'accepted', 1, peer, 'x'),
      report(ADA, 'written', 2, peer, 'x'),
      report(peer, 'received', 4 + i, ADA, 'x'),
      report(peer, 'handled', 5 + i, ADA, 'x'),
    ]),
  ]

  function assembled(records: readonly LogRecord[], now: number): Traces {
    const traces = new Traces()
    for (const record of records) traces.add(record, 0, now)
    return traces
  }

  it('of a whisper are complete when it was handled, in whatever order that is told', () => {
    const records = [
      report(BEN, 'handled', 5, ADA),
      report(BEN, 'received', 4, ADA),
      report(ADA, 'written', 2, BEN),
      report(ADA, 'accepted', 1, BEN),
    ]
    const traces = assembled(records, 0)
    expect(traces.settled(0)).toEqual([])
    traces.add(report(ADA, 'sent', 0, BEN), 0, 0)
    const [trace] = traces.settled(0)
    expect(traceRecord(trace!)).toMatchObject({
      type: 'earshot.trace/1',
      kind: 'whisper',
      from: { id: ADA, name: 'ada' },
      complete: true,
      receivers: [
        {
          name: 'ben',
          outcome: 'handled',
          stages: { accepted: 1, written: 2, received: 4, handled: 5 },
        },
      ],
    })
    expect(
      new TraceLines(false, plain).lines(trace!).map((each) => each.replace(/^[\d:.]+/, '')),
    ).toEqual([
      '  whisper from ada, 5 bytes',
      '  ben       accepted 1.00  written 1.00  received 2.00  handled 1.00  = 5.00 ms',
    ])
    expect(traces.settled(0)).toEqual([])
  })

  it('of a shout wait a moment for receivers that took it late, and fit a terminal', () => {
    const traces = assembled(shout(BEN, CY), 0)
    expect(traces.settled(0)).toEqual([])
    const [trace] = traces.settled(1_000)
    const lines = new TraceLines(true, plain).lines(trace!)
    expect(lines[0]).toMatch(/ shout from ada to x, 2 receivers, 5 bytes$/)
    // The slowest is first.
    expect(lines.slice(1).map((each) => each.trim().split(' ')[0])).toEqual(['cy', 'ben'])
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(80)
  })

  it('tell what did not arrive', () => {
    const traces = assembled(
      [
        ...shout(BEN),
        report(ADA, 'accepted', 1, CY, 'x'),
        report(ADA, 'dropped', 9, 'D'.repeat(32), 'x'),
        report(ADA, 'accepted', 1, 'E'.repeat(32), 'x'),
        report(ADA, 'failed', 9, 'E'.repeat(32), 'x'),
      ],
      0,
    )
    expect(traces.settled(1_000)).toEqual([])
    const [trace] = traces.settled(5_000)
    expect(traceRecord(trace!)).toMatchObject({
      complete: false,
      receivers: [
        { outcome: 'handled' },
        { id: CY, outcome: 'accepted' },
        { outcome: 'dropped' },
        { outcome: 'failed' },
      ],
    })
    const lines = new TraceLines(false, plain).lines(trace!)
    expect(lines[1]).toContain('accepted 1.00  (nothing heard of it since)')
    expect(lines.find((line) => line.includes('failed'))).toMatch(
      /accepted 1\.00 {2}failed 8\.00 *$/,
    )
  })

  it('count by corrected clocks where the clock of the mesh is not agreed on, and never backwards', () => {
    const traces = new Traces()
    traces.add(report(ADA, 'sent', 0, BEN), 1_000, 0)
    traces.add(report(ADA, 'written', 2, BEN), 1_002, 0)
    traces.add(report(BEN, 'received', 3_600_000, ADA), 1_015, 0)
    traces.add(report(BEN, 'handled', 3_600_000.5, ADA), 1_015, 0)
    const [trace] = traces.settled(0)
    expect(trace!.receivers[0]!.stages).toEqual({ written: 2, received: 15, handled: 15.5 })
    traces.add(report(ADA, 'sent', 0, BEN), 1_000, 0)
    traces.add(report(BEN, 'received', -1, ADA), 999, 0)
    expect(traces.settled(5_000)[0]!.receivers[0]!.stages).toEqual({ received: 0 })
  })

  it('believe only those who have to do with the message', () => {
    const forged = [
      report(CY, 'sent', 0, BEN),
      report(BEN, 'handled', 0, CY),
      made({ fields: { event: 'trace', trace: 1, stage: 'sent' } }),
      made({ fields: { event: 'trace', trace: `${ADA.slice(0, 12)}-1`, stage: 'eaten' } }),
    ]
    expect(assembled(forged, 0)).toHaveLength(0)
  })

  it('believe nobody who calls another by another name, or by what is no id', () => {
    const calling = (record: LogRecord, peerName: string): LogRecord => {
      return { ...record, fields: { ...record.fields, peerName } }
    }
    const records = [
      ...shout(BEN, CY),
      calling(report(CY, 'received', 4, ADA, 'x'), 'mallory'),
      calling(report(ADA, 'written', 2, BEN, 'x'), 'mallory'),
      // Of this one nobody else says anything.
      calling(report(ADA, 'failed', 2, 'D'.repeat(32), 'x'), 'dot'),
      report(ADA, 'accepted', 1, '\u001b[2J', 'x'),
    ]
    const [trace] = assembled(records, 0).settled(5_000)
    const names = [trace!.from, ...trace!.receivers].map(({ name }) => name)
    expect(names).toEqual(['ada', 'ben', 'cy', 'dot'])
  })

  it('hold nothing that a terminal obeys, even where an id is none', () => {
    const id = '\u001b]0;x\u0007'
    const stages = { handled: 1 }
    const receivers = [{ id, name: undefined, stages }]
    const trace = { trace: id, from: { id, name: '' }, group: id, bytes: 1, time: 0 }
    const lines = new TraceLines(true, plain).lines({ ...trace, isSentKnown: true, receivers })
    expect(escapeText(lines.join(''))).toBe(lines.join(''))
  })

  it('are written with a time, whatever a clock has shown', () => {
    const traces = new Traces()
    traces.add(report(ADA, 'sent', 0, BEN), 9e15, 0)
    expect(traceRecord(traces.settled(5_000)[0]!)).toMatchObject({
      time: '1970-01-01T00:00:00.000Z',
    })
  })

  it('are bounded: the oldest are told as they are', () => {
    const traces = new Traces()
    for (let i = 0; i < 10_010; i++) {
      const fields = { event: 'trace', trace: `${ADA.slice(0, 12)}-${i}`, stage: 'sent', bytes: 1 }
      traces.add(made({ fields }), i, 0)
    }
    expect(traces).toHaveLength(10_000)
    expect(traces.settled(0)).toHaveLength(10)
  })
})
