/**
 * A log among strangers: whatever comes on its channels is counted or ignored, never thrown, and never kept without a
 * bound. (`useWorlds` holds that nothing reached the host's `reportUncaught`.)
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8Decode, utf8Encode } from '../../../src/base/bytes.ts'
import type { Collector } from '../../../src/log/collector.ts'
import { type MeshLog, meshLog } from '../../../src/log/mesh-log.ts'
import type { Channel } from '../../../src/runtime/channels.ts'
import { msgpack } from '../../../src/runtime/codecs/msgpack.ts'
import type { MeshNode } from '../../../src/runtime/node.ts'
import type { World } from '../../support/memory-platform.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()
const codec = msgpack<unknown>()
const TICKS = Date.UTC(2026, 0, 1) * 1_024

interface Siege {
  readonly w: World
  readonly victim: MeshNode
  readonly log: MeshLog
  readonly collector: Collector
  /** On the channel `log`. */
  send(message: Record<string, unknown>): void
  readonly logChannel: Channel
  readonly timeChannel: Channel
  /** What the victim's collector has said to the stranger, decoded. */
  readonly heard: Record<string, unknown>[]
}

/** A node with a log and a collector that nobody reads, and a stranger that speaks on the channels by itself. */
async function siege(): Promise<Siege> {
  const w = world()
  const [victim, stranger] = (await w.nodes('victim', 'stranger')) as [MeshNode, MeshNode]
  const heard: Record<string, unknown>[] = []
  const logChannel = stranger.channel('log', (_peer, [bytes, lines]) => {
    const decoded = codec.decode(bytes!)
    if (decoded.kind !== 'value') return
    const text = lines && utf8Decode(lines)
    heard.push({ ...(decoded.value as Record<string, unknown>), lines: text })
  })
  const timeChannel = stranger.channel('time', () => {})
  const log = meshLog(victim)
  const collector = log.collect({ own: false })
  await w.run(10)
  const send = (message: Record<string, unknown>): void => {
    const { records, ...header } = message
    const frame = codec.encode(header)
    const isBatch = records !== undefined
    logChannel.send(victim.id, isBatch ? [frame, utf8Encode(linesOf(records))] : [frame])
  }
  return { w, victim, log, collector, send, logChannel, timeChannel, heard }
}

/** As a batch has them, where they are records; anything else as text. */
function linesOf(records: unknown): string {
  if (!Array.isArray(records)) return JSON.stringify(records) ?? ''
  let before: readonly number[] = [0, 0, 0]
  const lines = records.map((each: unknown) => {
    if (!Array.isArray(each)) return JSON.stringify(each)
    const numbers = each.slice(0, 3) as number[]
    const differences = numbers.map((value, i) => value - before[i]!)
    before = numbers
    return [...differences, ...each.slice(3)].join(' ')
  })
  return lines.join('\n')
}

/** The codec sends no other, and takes none. */
const name = fc.string().filter((text) => text !== '__proto__')
/** Anything that a field may be instead. */
const anything = fc.oneof(
  fc.constantFrom(0, 1, 2, -1, 0.5, 2 ** 53, 1e308, -1e308, TICKS, '', 'x', true, null),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 'x'.repeat(20_000)),
  fc.integer(),
  fc.double(),
  fc.string(),
  fc.array(fc.oneof(fc.integer(), fc.string(), fc.constant(null)), { maxLength: 8 }),
  fc.dictionary(name, fc.oneof(fc.integer(), fc.string()), { maxKeys: 10 }),
)
const record = fc.tuple(
  fc.integer({ min: 0, max: 100 }),
  fc.constant(TICKS),
  fc.double(),
  fc.integer({ min: -1, max: 1_001 }),
  fc.oneof(fc.json(), fc.string(), fc.constantFrom('{"msg":{"__proto__":1}}', '['.repeat(9_000))),
)
const kinds = ['subscribe', 'ack', 'end', 'ask', 'batch', 'refused', 'answer', 'constructor', '']
/** Mostly what the protocol has, with a few fields that are something else. */
const message = fc
  .record({
    kind: fc.constantFrom(...kinds),
    id: fc.integer({ min: 0, max: 6 }),
    ticks: fc.constantFrom(TICKS, TICKS + 1, TICKS + 2 ** 40),
    filter: fc.record(
      {
        level: fc.integer({ min: -1, max: 1_001 }),
        group: fc.string(),
        fields: fc.dictionary(name, anything, { maxKeys: 10 }),
        traces: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    after: fc.nat(200),
    sinceMs: fc.double({ min: 0, max: 1e300, noNaN: true }),
    pulseMs: fc.double({ min: 0, max: 1e300, noNaN: true }),
    sentAt: fc.double(),
    batch: fc.nat(6),
    topic: fc.constantFrom('metrics', 'none', '__proto__'),
    records: fc.array(record, { maxLength: 5 }).map((all) => all.toSorted(([a], [b]) => a - b)),
    lost: fc.nat(5),
    next: fc.nat(200),
    upTo: fc.constant(TICKS),
    caughtUp: fc.boolean(),
    wall: fc.double(),
    echo: fc.constantFrom(0, 1, 1e300),
    keptMs: fc.nat(5),
    reason: fc.string(),
    data: anything,
  })
  .chain((valid) => {
    return fc
      .dictionary(fc.constantFrom(...Object.keys(valid)), anything, { maxKeys: 2 })
      .map((wrong) => ({ ...valid, ...wrong }))
  })

describe('what a stranger says on the channels of the log', () => {
  it('as any bytes, in any number of frames, is counted as invalid', async () => {
    const { w, victim, log, logChannel, timeChannel } = await siege()
    const bytes = fc.uint8Array({ maxLength: 64 })
    const frames = fc.array(bytes, { minLength: 1, maxLength: 3 })
    let sent = 0
    await fc.assert(
      fc.asyncProperty(frames, frames, async (first, second) => {
        // Eight bytes may be a time.
        const isTime = second[0]?.length === 8
        logChannel.send(victim.id, first)
        if (!isTime) timeChannel.send(victim.id, second)
        sent += isTime ? 1 : 2
        await w.run(1)
        expect(log.metrics().invalid).toBe(sent)
      }),
      { numRuns: 300 },
    )
  })

  it('in the form of the protocol, right or wrong, leaves the log as it is', async () => {
    const { w, log, victim, send, collector, heard } = await siege()
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 10 }), async (messages) => {
        for (const each of messages) send(each)
        log.record('info', 'as always')
        await w.run(5)
        expect(log.metrics().subscriptions).toBeLessThanOrEqual(5)
        expect(collector.sources().length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 300 },
    )
    expect(victim.peers().length).toBe(1)
    expect(heard.length).toBeGreaterThan(50)
    expect(log.metrics().invalid).toBeGreaterThan(50)
    // It still serves whoever behaves.
    send({ kind: 'end', id: 0, ticks: TICKS })
    for (let id = 0; id < 7; id++) send({ kind: 'end', id, ticks: TICKS })
    const before = heard.length
    const wanted = { filter: {}, sinceMs: 0, pulseMs: 500, sentAt: 1 }
    send({ kind: 'subscribe', id: 77, ticks: TICKS, ...wanted })
    await w.run(100)
    log.record('warn', 'still here')
    await w.run(100)
    expect(JSON.stringify(heard.slice(before))).toContain('still here')
  })

  it('as nonsense about the time moves nobody', async () => {
    const { w, victim, log, timeChannel } = await siege()
    const times = [Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, 2 ** 52, TICKS + 1e15, 1e308, 0]
    for (const time of times) {
      const frame = new Uint8Array(8)
      new DataView(frame.buffer).setFloat64(0, time)
      timeChannel.send(victim.id, [frame])
    }
    await w.run(10)
    expect(log.metrics()).toMatchObject({ invalid: 0, nonsenseTimes: times.length })
    const seen: number[] = []
    log.onRecord(({ ticks }) => seen.push(ticks))
    log.record('info', 'now')
    expect(Math.abs(seen[0]! / 1_024 - Date.UTC(2026, 0, 1) - w.now)).toBeLessThan(5)
  })
})

describe('a time', () => {
  it('that is as far ahead as is believed, again and again, pushes nobody further', async () => {
    const { w, victim, log, timeChannel, send, heard } = await siege()
    let ticks = 0
    for (let i = 1; i <= 100; i++) {
      ticks = (Date.UTC(2026, 0, 1) + i * 399 * 86_400_000) * 1_024
      const frame = new Uint8Array(8)
      new DataView(frame.buffer).setFloat64(0, ticks)
      timeChannel.send(victim.id, [frame])
    }
    await w.run(10)
    const seen: number[] = []
    log.onRecord((each) => seen.push(each.ticks))
    log.record('info', 'now')
    expect(seen[0]).toBeLessThan(Date.UTC(2027, 2, 1) * 1_024)
    // Whoever was pushed there is heard.
    const wanted = { filter: {}, sinceMs: 60_000, pulseMs: 500, sentAt: 1 }
    send({ kind: 'subscribe', id: 77, ticks, ...wanted })
    await w.run(100)
    expect(JSON.stringify(heard)).toContain('"msg\\":\\"now')
  })
})

describe('a source that keeps to no credit', () => {
  it('fills no memory: what nobody has acknowledged is not taken', async () => {
    const { w, send, collector, heard } = await siege()
    const subscribe = heard.find(({ kind }) => kind === 'subscribe')!
    const text = JSON.stringify({ msg: 'x'.repeat(60) })
    let seq = 0
    for (let batch = 1; batch <= 300; batch++) {
      const records = Array.from({ length: 512 }, () => [++seq, TICKS, 0, 30, text])
      const told = {
        batch,
        lost: 1,
        next: seq + 1,
        upTo: TICKS,
        caughtUp: true,
        wall: 0,
        keptMs: 0,
      }
      send({ kind: 'batch', id: subscribe['id'], ticks: TICKS, records, echo: w.now, ...told })
      await w.run(20)
    }
    let records = 0
    let others = 0
    collector.close()
    for await (const { type } of collector) {
      if (type === 'record') records++
      else others++
    }
    // 20,000 that wait, and what was under way.
    expect(records).toBeGreaterThan(15_000)
    expect(records).toBeLessThan(23_000)
    expect(others).toBeLessThan(100)
  })

  it('cannot say more in one batch than a batch may hold', async () => {
    const { w, log, send, heard } = await siege()
    const subscribe = heard.find(({ kind }) => kind === 'subscribe')!
    const records = Array.from({ length: 6 }, (_, i) => [i + 1, TICKS, 0, 30, 'x'.repeat(16_384)])
    const told = { batch: 1, lost: 0, next: 7, upTo: TICKS, caughtUp: true, wall: 0, keptMs: 0 }
    send({ kind: 'batch', id: subscribe['id'], ticks: TICKS, records, echo: w.now, ...told })
    await w.run(10)
    expect(log.metrics().invalid).toBe(1)
  })
})

describe('what an application logs', () => {
  it.each([
    ['half a character', (log: MeshLog) => log.write('{"level":30,"msg":"\ud800"}')],
    ['no JSON', (log: MeshLog) => log.write('{nonsense}')],
    ['nothing', (log: MeshLog) => log.write('')],
    [
      'a circle',
      (log: MeshLog) => {
        const circle: Record<string, unknown> = {}
        circle['circle'] = circle
        log.record('info', 'circle', circle)
      },
    ],
    ['a number without text', (log: MeshLog) => log.record('info', 'big', { big: 1n })],
    ['no text at all', (log: MeshLog) => log.record('info', Object.create(null), { big: 1n })],
    [
      'a thrown nothing',
      (log: MeshLog) =>
        log.record('info', 'x', {
          toJSON() {
            throw undefined
          },
        }),
    ],
  ])('travels as far as it can, and stops nothing: %s', async (_name, write) => {
    const w = world()
    const [a, b] = await w.nodes('a', 'b')
    meshLog(a!)
    const collector = meshLog(b!).collect({ own: false })
    await w.run(1_000)
    write(meshLog(a!))
    meshLog(a!).record('info', 'after it')
    await w.run(1_000)
    collector.close()
    const records: string[] = []
    for await (const entry of collector) if (entry.type === 'record') records.push(entry.msg)
    expect(records.length).toBeGreaterThanOrEqual(2)
    expect(records.at(-1)).toBe('after it')
  })
})
