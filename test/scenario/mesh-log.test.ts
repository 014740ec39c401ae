/**
 * The mesh-wide log on simulated networks: wrong clocks, loss, partitions, broken links, nodes that die, collectors that
 * are slow or vanish. Each test is a sentence of what the log promises.
 */
import { describe, expect, it } from 'vitest'
import type { RandomStream, Simulation } from '../../sim/index.ts'
import { meshLog } from '../../src/log/mesh-log.ts'
import type { LogRecord } from '../../src/log/record.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import { loggingCluster, Reader, subscriptionsOf, writtenBy } from '../support/log-reading.ts'

const HOUR_MS = 3_600_000
const WIRELESS = {
  weather: { latencyMs: { distribution: 'exponential', min: 1, mean: 5 }, jitterMs: 3 },
} as const
const ROUGH = { weather: { ...WIRELESS.weather, loss: 0.05 } }

/**
 * An application that logs whatever it says and hears, with a vector clock: how many of each node's records had been
 * written in its past, its own among them.
 */
class Gossip {
  readonly #nodes: readonly MeshNode[]
  readonly #clocks: number[][]
  readonly #random: RandomStream

  constructor(sim: Simulation, nodes: readonly MeshNode[]) {
    this.#random = sim.random('gossip')
    this.#nodes = nodes
    this.#clocks = nodes.map(() => nodes.map(() => 0))
    for (const [i, node] of nodes.entries()) {
      const hear = (text: string): void => {
        const theirs = JSON.parse(text) as number[]
        this.#clocks[i] = this.#clocks[i]!.map((count, j) => Math.max(count, theirs[j]!))
        this.#log(i, 'heard')
      }
      node.on('whisper', ({ message }) => hear(message.text()))
      node.on('shout', ({ message }) => hear(message.text()))
    }
  }

  /** Somebody says something to somebody, or to all. */
  say(): void {
    const random = this.#random
    const from = random.below(this.#nodes.length)
    this.#log(from, 'said')
    const node = this.#nodes[from]!
    const text = JSON.stringify(this.#clocks[from])
    const peers = node.peers()
    if (peers.length === 0 || random.chance(0.2)) node.tryShout('all', text)
    else node.tryWhisper(random.pick(peers).id, text)
  }

  /** Nothing was given before what was in its past. */
  expectOrdered(records: readonly LogRecord[]): number {
    const given = this.#nodes.map(() => 0)
    const wrong: string[] = []
    for (const { fields, name } of records) {
      const clock = fields['clock'] as number[] | undefined
      if (clock === undefined) continue
      given[Number(name.slice(1))]!++
      const missing = clock.findIndex((count, j) => given[j]! < count)
      if (missing >= 0) wrong.push(`${name} ${clock} before a record of n${missing}`)
    }
    expect(wrong).toEqual([])
    return given.reduce((sum, count) => sum + count)
  }

  #log(i: number, msg: string): void {
    const clock = this.#clocks[i]!
    clock[i]!++
    meshLog(this.#nodes[i]!).record('info', msg, { clock: [...clock] })
  }
}

describe('with wrong clocks', () => {
  it('every collector gives what was caused by a message after all that had caused it', async () => {
    const { sim, nodes } = await loggingCluster(20, { networks: [WIRELESS] })
    sim.jumpClock('n1', HOUR_MS)
    sim.jumpClock('n2', -HOUR_MS)
    sim.setClockRate('n3', 1.02)
    sim.setClockRate('n4', 0.98)
    const readers = [0, 1, 2].map((i) => new Reader(nodes[i]!, { level: 30 }))
    const gossip = new Gossip(sim, nodes)
    await sim.run(2_000)
    for (let i = 0; i < 1_500; i++) {
      if (i === 500) sim.jumpClock('n5', -HOUR_MS / 2)
      if (i === 700) sim.jumpClock('n6', HOUR_MS / 6)
      if (i === 900) sim.jumpClock('n1', -2 * HOUR_MS)
      gossip.say()
      await sim.run(5)
    }
    await sim.run(5_000)
    const counts = readers.map(({ records }) => gossip.expectOrdered(records))
    expect(counts).toEqual([counts[0], counts[0], counts[0]])
    expect(counts[0]).toBeGreaterThan(5_000)
    for (const { records } of readers) expect(records.filter(({ late }) => late)).toEqual([])
    // All collectors show one order.
    const order = ({ records }: Reader): string => {
      return records.map(({ name, seq }) => `${name}-${seq}`).join()
    }
    expect(order(readers[1]!)).toBe(order(readers[0]!))
    expect(order(readers[2]!)).toBe(order(readers[0]!))
    await sim.stop()
  })

  it('points out whose clock is wrong, and by how much', async () => {
    const { sim, nodes } = await loggingCluster(5, { networks: [WIRELESS] })
    sim.jumpClock('n1', HOUR_MS)
    sim.jumpClock('n2', -HOUR_MS)
    sim.setClockRate('n3', 1.1)
    const reader = new Reader(nodes[0]!)
    await sim.run(10_000)
    sim.jumpClock('n4', -90_000)
    await sim.run(20_000)
    const told = new Map<string, number>()
    for (const entry of reader.entries) {
      if (entry.type === 'clock') told.set(entry.name, entry.offsetMs)
    }
    expect([...told.keys()].toSorted()).toEqual(['n1', 'n2', 'n3', 'n4'])
    for (const [name, offsetMs] of [
      ['n1', HOUR_MS],
      ['n2', -HOUR_MS],
      ['n3', 3_000],
      ['n4', -90_000],
    ] as const) {
      expect(Math.abs(told.get(name)! - offsetMs), name).toBeLessThan(1_100)
    }
    await sim.stop()
  })

  it('gives what was logged before it began, whatever the clocks say', async () => {
    const { sim, nodes } = await loggingCluster(3)
    sim.jumpClock('n0', HOUR_MS)
    await sim.run(60_000)
    for (const node of nodes.slice(1)) meshLog(node).record('warn', 'before')
    await sim.run(1_000)
    const reader = new Reader(nodes[0]!, { sinceMs: 10_000, level: 40 })
    await sim.run(2_000)
    expect(reader.records.map(({ name, msg }) => `${name} ${msg}`).toSorted()).toEqual([
      'n1 before',
      'n2 before',
    ])
    await sim.stop()
  })
})

describe('with loss, partitions and broken links', () => {
  it('tells every gap exactly: given and lost are all that was written, each once, in order', async () => {
    const { sim, nodes } = await loggingCluster(
      10,
      { networks: [ROUGH] },
      { ring: { records: 800 } },
    )
    const readers = [0, 1].map((i) => new Reader(nodes[i]!, { sinceMs: HOUR_MS }))
    const random = sim.random('writers')
    const write = async (ms: number): Promise<void> => {
      for (let at = 0; at < ms; at += 20) {
        for (const node of nodes) if (random.chance(0.5)) meshLog(node).record('info', 'tick')
        await sim.run(20)
      }
    }
    await write(5_000)
    for (const short of [5_000, 50_000]) {
      const heal = sim.partition(['n0', 'n2', 'n3', 'n4'], ['n1', 'n5', 'n6'])
      await write(short)
      heal()
      await write(5_000)
    }
    for (let i = 0; i < 30; i++) {
      sim.resetConnections(random.pick(nodes))
      await write(1_000)
    }
    sim.heal()
    sim.setWeather('calm')
    await sim.run(60_000)
    for (const reader of readers) {
      for (const node of nodes) reader.expectAllOf(node.id, writtenBy(node))
      expect(reader.lost.size).toBeGreaterThan(0)
      expect(reader.records.length).toBeGreaterThan(20_000)
    }
    await sim.stop()
  })

  it.each(['n0', 'n1'])(
    'goes on without loss or duplicates when all links of %s break',
    async (name) => {
      const { sim, nodes } = await loggingCluster(3)
      const reader = new Reader(nodes[0]!, { sinceMs: HOUR_MS })
      for (let i = 0; i < 3_000; i++) {
        if (i % 1_000 === 500) sim.resetConnections(name)
        for (const node of nodes) meshLog(node).record('info', 'tick')
        await sim.run(5)
      }
      await sim.run(10_000)
      for (const node of nodes) reader.expectAllOf(node.id, writtenBy(node))
      expect(reader.lost.size).toBe(0)
      expect(reader.of(nodes[1]!.id).length).toBeGreaterThan(3_000)
      await sim.stop()
    },
  )
})

describe('a link that breaks in one direction', () => {
  it.each([
    ['from the collector', 'n0', 'n1'],
    ['to the collector', 'n1', 'n0'],
  ])('%s costs no record', async (_name, from, to) => {
    const { sim, nodes } = await loggingCluster(3)
    const reader = new Reader(nodes[0]!, { sinceMs: HOUR_MS })
    const exits: string[] = []
    nodes[0]!.on('exit', ({ peer }) => exits.push(peer.name))
    const write = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        meshLog(nodes[1]!).record('info', 'tick')
        await sim.run(5)
      }
    }
    await write(200)
    const heal = sim.disturb([from], [to], { reset: 1 })
    await write(100)
    heal()
    await write(2_000)
    await sim.run(5_000)
    reader.expectAllOf(nodes[1]!.id, writtenBy(nodes[1]!))
    expect(reader.lost.size).toBe(0)
    // Who dials is not told that its link had to be made anew.
    expect(exits).toEqual(from === 'n0' ? [] : expect.arrayContaining(['n1']))
    await sim.stop()
  })
})

describe('collectors', () => {
  /** Each writer logs 10,000 records, one per ms: each 50th of `trouble`, each 100th a warning. */
  async function writeALot(
    sim: Simulation,
    writers: readonly MeshNode[],
    onRound: (round: number) => void,
  ): Promise<void> {
    for (let i = 0; i < 10_000; i++) {
      const level = i % 100 === 0 ? 'warn' : 'info'
      const group = i % 50 === 0 ? 'trouble' : 'peace'
      for (const node of writers) meshLog(node).record(level, 'tick', { group })
      if (i % 10 === 0) await sim.run(10)
      if (i % 1_000 === 0) onRound(i / 1_000)
    }
    await sim.run(3_000)
  }

  const outboxOf = (node: MeshNode): number => {
    return Math.max(...node.metrics().peers.map(({ outboxMessages }) => outboxMessages))
  }

  it('that read slowly, or vanish, cost the others and the sources nothing', async () => {
    const { sim, nodes } = await loggingCluster(8, {}, { ring: { records: 2_000 } })
    const writers = nodes.slice(4)
    const slow = new Reader(nodes[0]!, { sinceMs: HOUR_MS })
    const vanishing = new Reader(nodes[1]!)
    const warnings = new Reader(nodes[2]!, { level: 40 })
    const trouble = new Reader(nodes[2]!, { group: 'trouble' })
    const all = new Reader(nodes[3]!, { sinceMs: HOUR_MS })
    await sim.run(1_000)
    slow.pause()
    await writeALot(sim, writers, (round) => {
      if (round === 3) sim.kill('n1')
      for (const node of writers) expect(outboxOf(node)).toBeLessThan(8)
    })
    for (const { id } of writers) {
      expect(all.of(id).filter(({ msg }) => msg === 'tick').length).toBe(10_000)
      expect([warnings.of(id).length, trouble.of(id).length]).toEqual([100, 200])
    }
    for (const node of writers) all.expectAllOf(node.id, writtenBy(node))
    expect([all, warnings, trouble].flatMap(({ lost }) => [...lost])).toEqual([])
    expect(vanishing.records.length).toBeGreaterThan(0)
    slow.resume()
    await sim.run(10_000)
    for (const node of writers) slow.expectAllOf(node.id, writtenBy(node))
    for (const { id } of writers) expect(slow.lost.get(id)).toBeGreaterThan(1_000)
    // The one that vanished is forgotten.
    expect(subscriptionsOf(writers)).toEqual([4, 4, 4, 4])
    for (const { collector } of [slow, warnings, trouble, all]) collector.close()
    await sim.run(1_000)
    expect(subscriptionsOf(writers)).toEqual([0, 0, 0, 0])
    expect([slow.isOver, all.isOver]).toEqual([true, true])
    await sim.stop()
  })

  it('of 20 nodes with 1,000 records a second each lose nothing', async () => {
    const { sim, nodes } = await loggingCluster(20)
    const reader = new Reader(nodes[0]!)
    await sim.run(1_000)
    const before = nodes.map((node) => reader.of(node.id).length)
    for (let ms = 0; ms < 3_000; ms++) {
      for (const node of nodes) meshLog(node).record('info', 'request served', { ms })
      await sim.run(1)
    }
    await sim.run(2_000)
    expect(reader.lost.size).toBe(0)
    const counts = nodes.map((node, i) => reader.of(node.id).length - before[i]!)
    expect(counts).toEqual(nodes.map(() => 3_000))
    await sim.stop()
  })
})

describe('a node that dies', () => {
  it.each([
    // For a batch to gather.
    [100, 100],
    [1_000, 450],
  ])(
    'of %d records a second leaves what it logged until %d ms before, given before it is gone',
    async (perSecond, gatherMs) => {
      const { sim, nodes } = await loggingCluster(4)
      const reader = new Reader(nodes[0]!)
      await sim.run(1_000)
      const everyMs = 1_000 / perSecond
      for (let ms = 0; ms < 2_000; ms += everyMs) {
        for (const node of nodes) meshLog(node).record('info', String(ms))
        await sim.run(everyMs)
      }
      sim.kill('n3')
      await sim.run(5_000)
      const { id } = nodes[3]!
      const last = Number(reader.of(id).at(-1)!.msg)
      // The last one before, and a millisecond on the way.
      expect(last).toBeGreaterThanOrEqual(2_000 - everyMs - gatherMs - 1)
      const gone = reader.entries.findIndex((entry) => entry.type === 'gone' && entry.node === id)
      const lastAt = reader.entries.findLastIndex(
        (each) => each.type === 'record' && each.node === id,
      )
      expect(gone).toBeGreaterThan(lastAt)
      await sim.stop()
    },
  )

  it('leaves the error that it died of, and all before, however much it logged', async () => {
    const { sim, nodes } = await loggingCluster(4)
    const reader = new Reader(nodes[0]!)
    await sim.run(1_000)
    for (let ms = 0; ms < 1_234; ms++) {
      meshLog(nodes[3]!).record('info', String(ms))
      await sim.run(1)
    }
    meshLog(nodes[3]!).record('fatal', 'out of memory')
    await sim.run(5)
    sim.kill('n3')
    await sim.run(5_000)
    const messages = reader.of(nodes[3]!.id).map(({ msg }) => msg)
    expect(messages.slice(-2)).toEqual(['1233', 'out of memory'])
    await sim.stop()
  })

  it('is told as gone after its last records, however long these had to wait', async () => {
    const { sim, nodes } = await loggingCluster(4)
    const reader = new Reader(nodes[0]!, { windowMs: 10_000 })
    await sim.run(12_000)
    // Nobody knows what it may have logged in between.
    sim.freeze('n2')
    meshLog(nodes[3]!).record('info', 'my last words')
    await sim.run(30)
    sim.kill('n3')
    await sim.run(5_000)
    expect(nodes[0]!.peer(nodes[3]!.id)).toBeUndefined()
    expect(reader.of(nodes[3]!.id).at(-1)?.msg).not.toBe('my last words')
    await sim.run(10_000)
    const ofIt = reader.entries.filter((entry) => 'node' in entry && entry.node === nodes[3]!.id)
    expect(ofIt.slice(-2)).toMatchObject([{ msg: 'my last words' }, { type: 'gone', name: 'n3' }])
    await sim.stop()
  })

  it('comes back as another one, whose records begin at 1', async () => {
    const { sim, nodes } = await loggingCluster(3)
    const reader = new Reader(nodes[0]!)
    await sim.run(1_000)
    meshLog(nodes[2]!).record('info', 'first life')
    await sim.run(100)
    sim.kill('n2')
    await sim.run(2_000)
    const again = await sim.restart('n2')
    meshLog(again).record('info', 'second life')
    await sim.run(3_000)
    expect(again.id).not.toBe(nodes[2]!.id)
    expect(reader.of(again.id)[0]).toMatchObject({ seq: 1, name: 'n2', msg: 'second life' })
    reader.expectAllOf(again.id, writtenBy(again))
    expect(reader.of(nodes[2]!.id).at(-1)?.msg).toBe('first life')
    await sim.stop()
  })
})
