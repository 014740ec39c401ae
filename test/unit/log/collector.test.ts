/** What sources may do to a collector, by malice or mischance: nobody holds the others up, or fills its memory. */
import { describe, expect, it } from 'vitest'
import type { LogEntry } from '../../../src/log/entries.ts'
import { EntryQueue, OVERFULL_WEIGHT } from '../../../src/log/entry-queue.ts'
import { CollectorBench } from '../../support/collector-bench.ts'

/** Reads along; gives the numbers of the records of a node that were given so far. */
function reading(bench: CollectorBench): {
  readonly entries: LogEntry[]
  of(node: string): number
} {
  const entries: LogEntry[] = []
  const run = async (): Promise<void> => {
    for await (const entry of bench.collector) entries.push(entry)
  }
  void run()
  return {
    entries,
    of: (node) => entries.filter((each) => each.type === 'record' && each.node === node).length,
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a record waits no longer than the window', () => {
  it('though another source always has an earlier one', async () => {
    const bench = new CollectorBench()
    const { of } = reading(bench)
    for (const node of ['honest', 'slow']) bench.enter(node)
    bench.batch('honest', [1e9])
    for (let i = 1; i <= 30; i++) {
      bench.batch('slow', [i], { upTo: i - 1 })
      bench.run(100)
      await settle()
      expect(of('honest')).toBe(i >= 10 ? 1 : 0)
    }
    expect(of('slow')).toBeGreaterThan(25)
  })

  it('though somebody without a log enters all the time', async () => {
    const bench = new CollectorBench()
    const { of } = reading(bench)
    bench.enter('honest')
    for (let i = 0; i < 10; i++) {
      bench.enter(`mute ${i}`)
      bench.batch('honest', [1_000 * i + 1])
      bench.run(900)
    }
    await settle()
    expect(of('honest')).toBeGreaterThanOrEqual(8)
  })

  it('or five seconds, though another one’s past has no end', async () => {
    const bench = new CollectorBench()
    const { of } = reading(bench)
    for (const node of ['honest', 'endless']) bench.enter(node)
    bench.batch('honest', [1e9])
    for (let i = 1; i <= 80; i++) {
      bench.batch('endless', [i], { caughtUp: false })
      bench.run(100)
      await settle()
      if (i < 45) expect(of('honest')).toBe(0)
    }
    expect(of('honest')).toBe(1)
  })
})

describe('what nobody reads', () => {
  it('stays bounded, though one comes and goes and says all it may each time', async () => {
    const bench = new CollectorBench({ sinceMs: 60_000 })
    for (let i = 0; i < 1_000; i++) {
      bench.enter('again')
      for (let n = 0; n < 4; n++)
        bench.batch(
          'again',
          Array.from({ length: 512 }, () => i + 1),
        )
      bench.run(10)
      bench.collector.handleExit('again')
    }
    const entries = await bench.entries()
    expect(entries.length).toBeGreaterThan(100_000)
    expect(entries.length).toBeLessThan(210_000)
  })

  it('comes to one entry a node about what was lost', async () => {
    const bench = new CollectorBench()
    const raw = { ticks: 1, time: 0, level: 30, text: '{"msg":"x"}' }
    const foreign = (node: string, seq: number): void => {
      bench.collector.handleForeign({ node, name: node }, { ...raw, seq })
    }
    for (let seq = 1; seq <= 45_000; seq++) foreign('flood', seq)
    bench.run(2_000)
    for (let seq = 1; seq <= 500_000; seq++) foreign(seq % 2 === 0 ? 'flood' : 'other', seq)
    const entries = await bench.entries()
    expect(entries.length).toBeLessThan(OVERFULL_WEIGHT + 10)
    const lost = entries.reduce((sum, each) => sum + (each.type === 'lost' ? each.count : 0), 0)
    expect(lost + entries.filter(({ type }) => type === 'record').length).toBe(545_000)
  })
})

describe('a record of a time that is nonsense', () => {
  it('makes none of those that follow late', async () => {
    const bench = new CollectorBench()
    bench.ticks = 1_000
    for (const node of ['mad', 'sane']) bench.enter(node)
    bench.batch('mad', [2 ** 50])
    bench.batch('sane', [10])
    bench.run(2_000)
    bench.batch('sane', [900])
    bench.run(2_000)
    const records = (await bench.entries()).filter((entry) => entry.type === 'record')
    expect(records.map(({ ticks, late }) => [ticks, late])).toEqual([
      [10, false],
      [2 ** 50, false],
      [900, false],
    ])
  })
})

describe('a source that refuses', () => {
  it('is asked to go on where it was, when it is here again', () => {
    const bench = new CollectorBench({ sinceMs: 1_000 })
    bench.enter('full')
    bench.batch('full', [1, 2, 3])
    bench.collector.handleRefused('full')
    bench.enter('full')
    expect(bench.sent.at(-1)!.message).toMatchObject({ kind: 'subscribe', after: 3 })
  })
})

describe('a reader that never reads', () => {
  it('is told at last how much it was not told', async () => {
    const queue = new EntryQueue()
    const text = { node: 'a', name: 'a', seq: 1, ticks: 1, time: 1, level: 30, msg: '', fields: {} }
    queue.give({ type: 'record', ...text, late: false }, OVERFULL_WEIGHT)
    for (let i = 0; i < 10_000; i++) {
      const who = { node: `node ${i}`, name: `node ${i}` }
      queue.give({ type: 'source', ...who })
      queue.give({ type: 'lost', ...who, count: 2 })
      queue.give({ type: 'gone', ...who })
    }
    let count = 0
    let entries = 0
    for (let entry = queue.take(); entry !== undefined; entry = queue.take()) {
      entries++
      if (entry.type === 'lost') count += entry.count
    }
    expect(count).toBe(40_000)
    expect(entries).toBeLessThan(5_000)
  })
})

describe('losses and clocks', () => {
  it('of one node that follow each other unread are one entry', async () => {
    const bench = new CollectorBench()
    bench.enter('a')
    for (let i = 1; i <= 4; i++) bench.batch('a', [], { lost: 2 })
    expect((await bench.entries()).filter(({ type }) => type === 'lost')).toEqual([
      { type: 'lost', node: 'a', name: 'a', count: 8 },
    ])
  })
})

describe('a collection of what there is', () => {
  it('says who has not answered, or not to the end', async () => {
    const bench = new CollectorBench({ follow: false, sinceMs: 1_000 })
    for (const node of ['mute', 'whole', 'broken']) bench.enter(node)
    bench.batch('whole', [1])
    bench.batch('broken', [2], { caughtUp: false })
    bench.run(10_000)
    const told = (await bench.entries()).map(({ type, node }) => `${type} ${node}`)
    expect(told.toSorted()).toEqual([
      'cut broken',
      'record broken',
      'record whole',
      'source broken',
      'source whole',
      'unanswered mute',
    ])
  })

  it('ends, though somebody without a log enters all the time', async () => {
    const bench = new CollectorBench({ follow: false })
    let isOver = false
    const run = async (): Promise<void> => {
      for await (const _ of bench.collector);
      isOver = true
    }
    void run()
    for (let i = 0; i < 5; i++) {
      bench.enter(`mute ${i}`)
      bench.run(900)
      await settle()
    }
    expect(isOver).toBe(true)
  })
})
