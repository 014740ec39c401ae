/** The log of nodes that take or send only small messages, and of those whose answers cannot be sent. */
import { describe, expect, it } from 'vitest'
import type { MeshNode } from '../../../src/core.ts'
import { meshLog } from '../../../src/log/mesh-log.ts'
import type { LogRecord } from '../../../src/log/record.ts'
import type { World } from '../../support/memory-platform.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()
const noAnswer = { code: 'ERR_EARSHOT_NO_ANSWER' }
const WIDE = 'ж'.repeat(100)

/** Nodes `a` and `b`, which take messages of so many bytes; they have met. */
async function pair(w: World, aBytes: number, bBytes: number): Promise<[MeshNode, MeshNode]> {
  const a = await w.node({ name: 'a', limits: { messageBytes: aBytes } })
  const b = await w.node({ name: 'b', limits: { messageBytes: bBytes } })
  await w.until(() => a.peers().length === 1 && b.peers().length === 1)
  return [a, b]
}

/** What `a` gets of what `b` writes, half of it before it asks. */
async function collected(w: World, a: MeshNode, b: MeshNode): Promise<LogRecord[]> {
  const log = meshLog(b)
  const write = (): void => {
    for (let i = 0; i < 300; i++) log.record('info', 'tick', { text: `${i} ${WIDE}` })
    log.record('info', `long ${'x'.repeat(12_000)}`)
  }
  write()
  const collector = meshLog(a).collect({ own: false, sinceMs: 60_000, level: 30 })
  await w.run(1_000)
  write()
  await w.run(10_000)
  collector.close()
  const records: LogRecord[] = []
  for await (const entry of collector) {
    if (entry.type === 'record' && !entry.msg.startsWith('peer ')) records.push(entry)
    expect(entry.type).not.toBe('lost')
  }
  return records
}

describe('a log', () => {
  it.each([
    ['of a node that sends small messages', 1_000_000, 16_384],
    ['of a node that sends tiny messages', 1_000_000, 2_048],
    ['read by a node that takes small messages', 16_384, 1_000_000],
    ['read by a node that takes tiny messages', 4_096, 1_000_000],
  ])('%s comes whole, in batches that fit', async (_name, aBytes, bBytes) => {
    const w = world()
    const [a, b] = await pair(w, aBytes, bBytes)
    const warned: string[] = []
    a.on('warning', ({ reason }) => warned.push(reason))
    const records = await collected(w, a, b)
    expect(records).toHaveLength(602)
    expect(records.filter(({ msg }) => msg === 'tick')).toHaveLength(600)
    expect(records[300]!.msg).toMatch(/^long x/)
    expect(warned).toEqual([])
    expect(meshLog(b).metrics().unsendable).toBe(0)
  })
})

describe('a node that sends no more than two frames', () => {
  it('has no log to read, and goes on', async () => {
    const w = world()
    const a = await w.node({ name: 'a' })
    const b = await w.node({ name: 'b', limits: { messageFrames: 3 } })
    await w.until(() => a.peers().length === 1 && b.peers().length === 1)
    const log = meshLog(b)
    const collector = meshLog(a).collect({ own: false })
    await w.run(100)
    log.record('info', 'x')
    await w.run(2_000)
    collector.close()
    expect(log.metrics().unsendable).toBeGreaterThan(0)
  })
})

describe('a query', () => {
  it('whose answer is too large for either side, or has no encoding, is not answered', async () => {
    const w = world()
    const [a, b] = await pair(w, 16_384, 1_000_000)
    const [log, other] = [meshLog(a), meshLog(b)]
    other.answer('large', () => 'x'.repeat(20_000))
    other.answer('huge', () => 'x'.repeat(2_000_000))
    other.answer('none', () => () => {})
    for (const topic of ['large', 'huge', 'none']) {
      await expect(w.wait(log.query(b.id, topic))).rejects.toMatchObject(noAnswer)
    }
    expect(other.metrics().unsendable).toBe(3)
    expect(a.peers()).toHaveLength(1)
    await w.wait(log.query(b.id, 'metrics'))
  })

  it('whose answer throws is told to the application once, however often a stranger asks', async () => {
    const w = world()
    const [a, b] = await pair(w, 1_000_000, 1_000_000)
    meshLog(b).answer('broken', () => {
      throw new Error('the application’s')
    })
    for (let i = 0; i < 3; i++) {
      const asked = meshLog(a).query(b.id, 'broken', { timeoutMs: 500 })
      await expect(w.wait(asked)).rejects.toMatchObject(noAnswer)
    }
    expect(w.hosts[1]!.uncaught.splice(0)).toHaveLength(1)
  })
})

describe('a record', () => {
  it.each(['loud', 'constructor'])(
    'of no level that there is, as %s, is one of level info',
    async (name) => {
      const w = world()
      const [a, b] = await pair(w, 1_000_000, 1_000_000)
      const log = meshLog(b)
      const collector = meshLog(a).collect({ own: false })
      await w.run(100)
      log.record(name as 'info', 'here')
      await w.run(2_000)
      collector.close()
      const levels: number[] = []
      for await (const entry of collector) {
        if (entry.type === 'record' && entry.msg === 'here') levels.push(entry.level)
      }
      expect(levels).toEqual([30])
    },
  )
})

describe('what an application does as its node stops', () => {
  it('may throw: the node stops all the same, and it is reported', async () => {
    const w = world()
    const [a] = await w.nodes('a')
    const order: string[] = []
    a!.onStopping(() => order.push('first'))
    a!.onStopping(() => {
      order.push('last')
      throw new Error('the application’s')
    })
    await w.wait(a!.stop())
    expect(order).toEqual(['last', 'first'])
    expect(w.hosts[0]!.uncaught.splice(0)).toHaveLength(1)
  })
})
