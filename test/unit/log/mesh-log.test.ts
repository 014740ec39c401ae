import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { Collector } from '../../../src/log/collector.ts'
import type { LogEntry } from '../../../src/log/entries.ts'
import { meshLog } from '../../../src/log/mesh-log.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()

/** All that a collector gives, in short: `name: message`, or the type of another entry with its name. */
function read(collector: Collector): {
  readonly lines: string[]
  readonly entries: LogEntry[]
  readonly done: Promise<void>
} {
  const lines: string[] = []
  const entries: LogEntry[] = []
  const run = async (): Promise<void> => {
    for await (const entry of collector) {
      entries.push(entry)
      lines.push(
        entry.type === 'record' ? `${entry.name}: ${entry.msg}` : `${entry.type} ${entry.name}`,
      )
    }
  }
  return { lines, entries, done: run() }
}

const said = (lines: readonly string[]): string[] => {
  return lines.filter((line) => !line.includes(': peer ') && line.includes(': '))
}

describe('a collector', () => {
  it('gives what nodes log from now on, its own included', async () => {
    const w = world()
    const [a, b, c] = await w.nodes('a', 'b', 'c')
    for (const node of [a!, b!, c!]) meshLog(node)
    const { lines } = read(meshLog(a!).collect())
    await w.run(100)
    meshLog(b!).record('info', 'from b')
    await w.run(10)
    meshLog(c!).record('warn', 'from c', { group: 'g' })
    await w.run(10)
    meshLog(a!).record('error', 'from a')
    await w.until(() => said(lines).length === 3)
    expect(said(lines)).toEqual(['b: from b', 'c: from c', 'a: from a'])
  })

  it('fills in what was logged before, and ends there if it shall', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    for (const node of [a!, b!]) meshLog(node)
    for (let i = 0; i < 2_000; i++) {
      meshLog(i % 2 === 0 ? a! : b!).record('info', String(i))
      await w.run(1)
    }
    await w.run(1_000)
    const { lines, done } = read(meshLog(a!).collect({ sinceMs: 60_000, follow: false }))
    await w.wait(done)
    expect(said(lines).map((line) => Number(line.slice(3)))).toEqual(
      Array.from({ length: 2_000 }, (_, i) => i),
    )
  })
})

describe('a past that is longer than what waits to be read', () => {
  it('comes whole and in order, however late it is read', async () => {
    const w = world()
    const [a, b, c] = await w.nodes('a', 'b', 'c')
    for (const node of [a!, b!, c!]) meshLog(node)
    await w.run(1_000)
    for (let i = 0; i < 30_000; i++) {
      meshLog(i % 2 === 0 ? b! : c!).record('info', String(i))
      if (i % 100 === 0) await w.run(1)
    }
    const collector = meshLog(a!).collect({ sinceMs: 60_000, follow: false, level: 30 })
    await w.run(20_000)
    const { lines, entries, done } = read(collector)
    await w.wait(done)
    expect(said(lines).length).toBe(30_000)
    expect(entries.filter((entry) => entry.type === 'record' && entry.late)).toEqual([])
  })
})

describe('a collector on a host that is late', () => {
  it('does not give up sources whose answers it had no time to read', () => {
    let now = 0
    let alarm: { at: number; callback: () => void } | undefined
    let isClosed = false
    const clock = {
      now: () => now,
      wallNow: () => now,
      setTimer: (at: number, callback: () => void) => {
        alarm = { at, callback }
        return { cancel: () => {} }
      },
      endOfTurn: () => {},
    }
    const closed = (): void => {
      isClosed = true
    }
    const host = { clock, batchBytes: 4_096, ticks: () => now, send: () => true, closed }
    const collector = new Collector(1, host, { follow: false })
    collector.handleEnter({ id: 'A'.repeat(32), name: 'a' })
    now = 3_000
    alarm!.callback()
    expect(isClosed).toBe(false)
    now = alarm!.at
    alarm!.callback()
    expect(isClosed).toBe(true)
  })
})

describe('what an application logs with its own fields', () => {
  it('comes through pino, which takes the log for its destination', async () => {
    const w = world()
    const [a] = await w.nodes('a')
    const log = pino(meshLog(a!))
    log.warn({ port: 80 }, 'hot')
    const { entries, done } = read(meshLog(a!).collect({ sinceMs: 1_000, follow: false }))
    await w.wait(done)
    expect(entries.find(({ type }) => type === 'record')).toMatchObject({
      level: 40,
      msg: 'hot',
      fields: { port: 80 },
    })
  })

  it('is recorded as it was, and calls nobody later', async () => {
    const w = world()
    const [a] = await w.nodes('a')
    const log = meshLog(a!)
    const list = [1]
    const talkative = {
      toJSON: () => {
        log.record('info', 'asked')
        return 'an answer'
      },
    }
    log.record('info', 'x', { list, talkative })
    list.push(2)
    const { entries, done } = read(log.collect({ sinceMs: 1_000, follow: false }))
    await w.wait(done)
    const records = entries.filter((entry) => entry.type === 'record')
    expect(records.map(({ seq, msg, fields }) => [seq, msg, fields])).toEqual([
      [1, 'asked', {}],
      [2, 'x', { list: [1], talkative: 'an answer' }],
    ])
  })

  it('is cut before it is kept, where it is too long, and counted as what it takes', async () => {
    const [a] = await world().nodes('a')
    const log = meshLog(a!)
    for (let i = 0; i < 100; i++) log.record('info', 'x', { text: 'x'.repeat(100_000) })
    expect(log.metrics()).toMatchObject({ records: 100, overwritten: 0 })
    for (let i = 0; i < 1_000; i++) log.record('info', 'x', { text: 'x'.repeat(10_000) })
    expect(log.metrics().overwritten).toBeGreaterThan(500)
    expect(log.metrics().ringBytes).toBeLessThanOrEqual(4 * 1_024 * 1_024)
  })
})

describe('the order', () => {
  it('respects cause and effect through messages, though clocks are an hour wrong and jump back', async () => {
    const w = world()
    const nodes = await w.nodes('slow', 'fast', 'right')
    const [slow, fast, right] = nodes as [(typeof nodes)[0], (typeof nodes)[0], (typeof nodes)[0]]
    w.hosts[0]!.wallAheadMs = -3_600_000
    w.hosts[1]!.wallAheadMs = 3_600_000
    for (const node of nodes) meshLog(node)
    // Each logs what it hears, and says it on: from the fast one to the slow one, to the right one, to the fast one.
    const next = new Map([
      [fast.id, slow],
      [slow.id, right],
      [right.id, fast],
    ])
    for (const node of nodes) {
      node.on('whisper', ({ message }) => {
        const step = Number(message.text()) + 1
        meshLog(node).record('info', `step ${step}`)
        if (step === 30) w.hosts[1]!.wallAheadMs = -50_000
        if (step < 60) node.tryWhisper(next.get(node.id)!.id, String(step))
      })
    }
    const { lines, entries } = read(meshLog(right).collect())
    await w.run(2_000)
    meshLog(fast).record('info', 'step 0')
    fast.tryWhisper(slow.id, '0')
    await w.until(() => said(lines).length === 61)
    expect(said(lines).map((line) => Number(line.split(' ').at(-1)))).toEqual(
      Array.from({ length: 61 }, (_, i) => i),
    )
    expect(entries.filter((entry) => entry.type === 'record' && entry.late)).toEqual([])
  })

  it('is kept for what was logged before a clock that is far ahead was heard of', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    w.hosts[1]!.wallAheadMs = 3_600_000
    for (const node of [a!, b!]) meshLog(node)
    meshLog(a!).record('info', 'before')
    await w.run(1_000)
    meshLog(b!).record('info', 'an hour ahead')
    await b!.whisper(a!.id, 'x')
    await w.run(1_000)
    meshLog(a!).record('info', 'after')
    const { lines, done } = read(meshLog(a!).collect({ sinceMs: 60_000, follow: false }))
    await w.wait(done)
    expect(said(lines)).toEqual(['a: before', 'b: an hour ahead', 'a: after'])
    const since = read(meshLog(a!).collect({ sinceMs: 500, follow: false }))
    await w.wait(since.done)
    expect(said(since.lines)).toEqual([])
  })

  it('points out clocks that are wrong, and how much', async () => {
    const w = world()
    const [a, b, c] = await w.nodes('a', 'b', 'c')
    w.hosts[1]!.wallAheadMs = -3_600_000
    for (const node of [a!, b!, c!]) meshLog(node)
    const collector = meshLog(a!).collect()
    const { entries } = read(collector)
    await w.run(1_000)
    const clocks = () => entries.filter((entry) => entry.type === 'clock')
    expect(clocks()).toMatchObject([{ name: 'b', offsetMs: -3_600_000 }])
    w.hosts[2]!.wallAheadMs = 5_000
    await w.run(10_000)
    expect(clocks()[1]).toMatchObject({ name: 'c', offsetMs: 5_000 })
    expect(collector.sources().map(({ name, offsetMs }) => [name, Math.round(offsetMs!)])).toEqual([
      ['a', 0],
      ['b', -3_600_000],
      ['c', 5_000],
    ])
  })
})

describe('a collector that does not keep up', () => {
  it('costs the source nothing but records of its ring, and is told how many', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    meshLog(a!)
    const log = meshLog(b!, { ring: { records: 1_000 } })
    const collector = meshLog(a!).collect({ own: false, level: 30 })
    await w.run(1_000)
    for (let i = 0; i < 60_000; i++) {
      log.record('info', String(i))
      if (i % 100 === 0) await w.run(5)
    }
    expect(b!.metrics().peers[0]!.outboxBytes).toBeLessThan(512 * 1_024)
    const { entries } = read(collector)
    await w.run(10_000)
    const records = entries.filter((entry) => entry.type === 'record').length
    const lost = entries.reduce((sum, entry) => sum + (entry.type === 'lost' ? entry.count : 0), 0)
    expect(lost).toBeGreaterThan(10_000)
    expect(records + lost).toBe(60_000)
    expect(log.metrics().ringBytes).toBeLessThan(1_000 * 300)
  })

  it('and one that is gone is forgotten', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    meshLog(a!).collect()
    const log = meshLog(b!)
    const ended = meshLog(a!).collect()
    await w.run(100)
    expect(log.metrics().subscriptions).toBe(2)
    ended.close()
    await w.run(100)
    expect(log.metrics().subscriptions).toBe(1)
    await w.wait(a!.stop())
    await w.run(1_000)
    expect(log.metrics().subscriptions).toBe(0)
  })
})

describe('a log that only watches', () => {
  it('sends nothing until somebody wants the log, and then its time', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    for (const node of [a!, b!]) meshLog(node, { marks: false })
    const received = () => {
      const { messagesIn, serviceMessagesIn } = b!.metrics().mesh
      return messagesIn + serviceMessagesIn
    }
    meshLog(a!, { marks: false }).record('info', 'unmarked')
    a!.tryWhisper(b!.id, 'one')
    await w.run(10)
    expect(received()).toBe(1)
    meshLog(a!)
    a!.tryWhisper(b!.id, 'two')
    await w.run(10)
    expect(received()).toBe(3)
  })

  it('hands its records on as they are written, until it is told to end', async () => {
    const w = world()
    const [a] = await w.nodes('a')
    const log = meshLog(a!, { marks: false, ring: { records: 1 } })
    const seen: string[] = []
    const end = log.onRecord(({ seq, text }) => seen.push(`${seq} ${text}`))
    log.record('info', 'one', { n: 1 })
    log.write('{"level":30,"msg":"two"}\n')
    end()
    log.record('info', 'three')
    expect(seen).toEqual(['1 {"n":1,"msg":"one"}', '2 {"level":30,"msg":"two"}'])
  })
})

describe('the end of a node', () => {
  it('leaves its last records with whoever collects', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    meshLog(b!)
    const { lines } = read(meshLog(a!).collect({ own: false }))
    await w.run(1_000)
    meshLog(b!).record('info', 'my last words')
    await w.wait(b!.stop())
    await w.until(() => lines.includes('gone b'))
    expect(lines.slice(-2)).toEqual(['b: my last words', 'gone b'])
  })

  it('leaves there what is logged as it stops, and what was beyond its credit is told as lost', async () => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    const log = meshLog(b!)
    const { entries, lines } = read(meshLog(a!).collect({ own: false, level: 30 }))
    await w.run(1_000)
    b!.onStopping(() => log.record('info', 'stopping'))
    for (let i = 0; i < 10_000; i++) log.record('info', 'much')
    await w.wait(b!.stop())
    await w.until(() => lines.includes('gone b'))
    expect(lines.slice(-2)).toEqual(['b: stopping', 'gone b'])
    const records = entries.filter((entry) => entry.type === 'record' && entry.msg === 'much')
    const lost = entries.reduce((sum, entry) => sum + (entry.type === 'lost' ? entry.count : 0), 0)
    expect(lost).toBeGreaterThan(1_000)
    expect(records.length + lost).toBe(10_000)
  })
})
