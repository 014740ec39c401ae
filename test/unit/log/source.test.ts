/** A source by itself, on virtual time: what subscribers can cost it, and what it says at its end. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { LogFilter } from '../../../src/log/filter.ts'
import { Ring } from '../../../src/log/ring.ts'
import { LogSource } from '../../../src/log/source.ts'
import type { Batch } from '../../../src/log/wire.ts'

afterEach(() => vi.restoreAllMocks())

class Bench {
  now = 0
  readonly ring: Ring
  readonly source: LogSource
  /** By subscription. */
  readonly batches = new Map<number, Batch[]>()
  /** How often a record was read in each run of the timer. */
  readonly reads: number[] = []
  readonly #turn: (() => void)[] = []
  #alarm: { readonly at: number; readonly callback: () => void } | undefined

  constructor(records: number) {
    this.ring = new Ring({ records, bytes: 1e9 }, (each) => this.source.handleOverwritten(each))
    const clock = {
      now: () => this.now,
      wallNow: () => this.now,
      setTimer: (at: number, callback: () => void) => {
        this.#alarm = { at, callback }
        return { cancel: () => {} }
      },
      endOfTurn: (callback: () => void) => void this.#turn.push(callback),
    }
    const ticks = (): number => this.now + 1
    this.source = new LogSource({ ring: this.ring, clock, batchBytes: 50_000, ticks })
  }

  write(count: number, msg = 'tick', level = 30): void {
    for (let i = 0; i < count; i++) {
      const written = { ticks: this.now, at: this.now, time: 0 }
      void this.ring.push(written, level, { msg, i }).text
      this.source.handleRecord(level)
    }
  }

  endTurn(): void {
    for (const callback of this.#turn.splice(0)) callback()
  }

  subscribe(id: number, filter: LogFilter): void {
    const batches: Batch[] = []
    this.batches.set(id, batches)
    const wanted = { filter, sinceMs: 1e9, pulseMs: 500, sentAt: this.now }
    this.source.subscribe(`peer ${id}`, { kind: 'subscribe', id, ...wanted }, (message) => {
      if (message.kind === 'batch') batches.push(message)
      return true
    })
  }

  ack(id: number): void {
    const batch = this.batches.get(id)!.length
    this.source.handleAck(`peer ${id}`, { kind: 'ack', id, batch, sentAt: this.now })
  }

  run(ms: number): void {
    const parse = vi.spyOn(JSON, 'parse')
    const end = this.now + ms
    while (this.#alarm !== undefined && this.#alarm.at <= end) {
      const { at, callback } = this.#alarm
      this.#alarm = undefined
      this.now = Math.max(this.now, at)
      parse.mockClear()
      callback()
      this.reads.push(parse.mock.calls.length)
    }
    this.now = end
    parse.mockRestore()
  }

  records(id: number): number {
    return this.batches.get(id)!.reduce((sum, { records }) => sum + records.length, 0)
  }

  lost(id: number): number {
    return this.batches.get(id)!.reduce((sum, { lost }) => sum + lost, 0)
  }
}

describe('filters that fit nothing', () => {
  it('cost a little at a time, and keep nobody else from being served', () => {
    const bench = new Bench(20_000)
    bench.write(20_000)
    for (let id = 1; id <= 60; id++) bench.subscribe(id, { fields: { no: id } })
    bench.subscribe(99, { level: 40 })
    bench.run(1_000)
    expect(Math.max(...bench.reads)).toBeLessThan(5_000)
    expect(bench.batches.get(99)![0]).toMatchObject({ caughtUp: true, next: 20_001 })
    // Each has been told that somebody is there.
    expect([...bench.batches.values()].filter(({ length }) => length === 0)).toEqual([])
    for (let i = 0; i < 60; i++) {
      bench.run(1_000)
      for (let id = 1; id <= 60; id++) bench.ack(id)
    }
    for (const batches of bench.batches.values()) {
      expect(batches.at(-1)).toMatchObject({ caughtUp: true, next: 20_001, lost: 0 })
    }
  })

  it('cost as much where they search long records for a word', () => {
    const bench = new Bench(5_000)
    bench.write(5_000, 'x'.repeat(6_400))
    bench.subscribe(1, { traces: true })
    bench.run(0)
    expect(bench.batches.get(1)![0]!.next).toBeLessThan(500)
  })

  it('are not served more by being subscribed again and again', () => {
    const bench = new Bench(20_000)
    bench.write(20_000)
    for (let i = 0; i < 50; i++) {
      bench.subscribe(1, { fields: { no: i } })
      bench.run(0)
    }
    expect(bench.reads.reduce((sum, count) => sum + count)).toBeLessThan(5_000)
  })

  it('are shared by those who ask the same', () => {
    const bench = new Bench(1_000)
    for (let id = 1; id <= 4; id++) bench.subscribe(id, { fields: { no: id } })
    bench.run(1_000)
    bench.write(100)
    bench.reads.length = 0
    bench.run(1_000)
    expect(bench.reads.reduce((sum, count) => sum + count)).toBe(100)
  })

  it('do not have records read as they are overwritten: what may have been wanted counts as lost', () => {
    const bench = new Bench(10)
    for (let id = 1; id <= 4; id++) bench.subscribe(id, { level: 30, fields: { no: id } })
    bench.subscribe(5, { level: 40, fields: { no: 5 } })
    bench.run(1_000)
    const parse = vi.spyOn(JSON, 'parse')
    bench.write(1_000)
    expect(parse).not.toHaveBeenCalled()
    bench.run(1_000)
    expect([bench.lost(1), bench.lost(5)]).toEqual([990, 0])
  })
})

describe('records', () => {
  it.each([
    [5, 200],
    [100, 100],
    [400, 500],
    [1_000, 450],
    [2_000, 225],
    [5_000, 100],
  ])('of which there are %d a second leave every %d ms', (perSecond, everyMs) => {
    const bench = new Bench(20_000)
    bench.subscribe(1, {})
    for (let i = 0; i < 5 * perSecond; i++) {
      bench.write(1)
      bench.run(1_000 / perSecond)
      bench.ack(1)
    }
    const times = bench.batches.get(1)!.map(({ wall }) => wall)
    const gaps = times.slice(-8).map((time, i, all) => time - all[i - 1]!)
    for (const gap of gaps.slice(1)) expect(Math.abs(gap - everyMs)).toBeLessThan(everyMs / 10)
  })

  it('of errors leave at the end of the turn, with all that was gathering', () => {
    const bench = new Bench(1_000)
    bench.subscribe(1, {})
    bench.run(1_200)
    bench.ack(1)
    bench.write(5)
    bench.run(30)
    bench.write(5)
    bench.write(1, 'ouch', 50)
    bench.write(1, 'farewell', 60)
    expect(bench.records(1)).toBe(5)
    bench.endTurn()
    expect(bench.records(1)).toBe(12)
    expect(bench.batches.get(1)!.at(-1)!.wall).toBe(bench.now)
  })

  it('of errors gather as others do, once there is a storm of them', () => {
    const bench = new Bench(20_000)
    bench.subscribe(1, {})
    bench.run(1_000)
    const before = bench.batches.get(1)!.length
    for (let i = 0; i < 1_000; i++) {
      bench.write(1, 'ouch', 50)
      bench.endTurn()
      bench.ack(1)
      bench.run(1)
    }
    bench.run(300)
    expect(bench.records(1)).toBe(1_000)
    expect(bench.batches.get(1)!.length - before).toBeLessThan(15)
  })

  it('of errors leave as soon again when the storm is over', () => {
    const bench = new Bench(20_000)
    bench.subscribe(1, {})
    for (let i = 0; i < 100; i++) {
      bench.write(1, 'ouch', 50)
      bench.endTurn()
    }
    bench.run(2_000)
    bench.ack(1)
    bench.write(1, 'ouch', 50)
    bench.endTurn()
    expect(bench.records(1)).toBe(101)
  })
})

describe('a source that stops', () => {
  it('sends what the credit did not allow in one batch more: the newest, and how many it could not send', () => {
    const bench = new Bench(20_000)
    bench.subscribe(1, {})
    bench.write(10_000)
    bench.run(1_000)
    expect(bench.batches.get(1)!).toHaveLength(4)
    const sent = bench.records(1)
    bench.write(1, 'last words')
    bench.source.stop()
    const [final] = bench.batches.get(1)!.slice(4)
    expect(final).toMatchObject({ batch: 5, final: true, next: 10_002, caughtUp: true })
    expect(final!.records.at(-1)!.text).toContain('last words')
    expect(final!.records.length).toBeGreaterThan(300)
    expect(final!.lost).toBe(10_001 - sent - final!.records.length)
  })

  it('sends its last words to all, however much it had to read for others', () => {
    const bench = new Bench(20_000)
    bench.write(20_000)
    for (let id = 1; id <= 10; id++) bench.subscribe(id, { fields: { no: id } })
    bench.subscribe(99, {})
    bench.source.stop()
    expect(bench.batches.get(99)!.at(-1)).toMatchObject({ final: true, next: 20_001 })
    expect(bench.records(99)).toBeGreaterThan(700)
  })

  it('and owes nobody anything says no more', () => {
    const bench = new Bench(100)
    bench.subscribe(1, {})
    bench.write(10)
    bench.run(100)
    const { length } = bench.batches.get(1)!
    bench.source.stop()
    bench.write(1)
    bench.run(1_000)
    expect(bench.batches.get(1)).toHaveLength(length)
  })
})
