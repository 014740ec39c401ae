import { describe, expect, it, vi } from 'vitest'
import type { LogEntry } from '../../../../src/log/entries.ts'
import { meshLog } from '../../../../src/log/mesh-log.ts'
import { zreLogId } from '../../../../src/log/zre-log/record.ts'
import type { MeshNode } from '../../../../src/runtime/node.ts'
import { createNodeOn } from '../../../../src/runtime/node.ts'
import { useWorlds } from '../../../support/worlds.ts'
import { newCollector } from './helpers.ts'

vi.mock('../../../../src/runtime/options.ts', async (importActual) => {
  const { withForeignNodes } = await import('../../../support/foreign.ts')
  return withForeignNodes(importActual)
})

const world = useWorlds()

describe('a node with a peer that announces a collector', () => {
  it('reports to it who comes and goes, joins and leaves, while the peer is there', async () => {
    const w = world()
    const node = await w.node({ name: 'reporter' })
    const log = meshLog(node)
    const { collector, records } = await newCollector(w)
    // On the collector's own host.
    const host = w.hosts[1]!
    const other = await createNodeOn(host, {
      name: 'foreign',
      groups: ['g'],
      headers: { 'X-ZRELOG': collector.endpoint },
    })
    await w.until(() => records.length === 2)
    other.leave('g')
    await w.until(() => records.length === 3)
    const third = await w.node({ name: 'third' })
    await w.until(() => records.length === 4)
    expect(records.map(({ level, event, data }) => `${level} ${event} ${data}`)).toEqual([
      'info enter foreign entered',
      'info join g',
      'info leave g',
      'info enter third entered',
    ])
    expect(records[0]!.node).toBe(zreLogId(node.endpoints()[0]!))
    expect(records[0]!.peer).toBe(zreLogId(other.endpoints()[0]!))
    expect(log.metrics().zreLog).toMatchObject({ collectors: 1, sent: 4 })
    await w.wait(third.stop())
    await w.wait(other.stop())
    await w.run(1_000)
    expect(log.metrics().zreLog).toEqual({
      collectors: 0,
      sent: 6,
      lost: 0,
      dropped: 0,
      filtered: 0,
    })
    collector.close()
  })

  it('does not report to an earshot node: it reads the log of the mesh', async () => {
    const w = world()
    const node = await w.node()
    const log = meshLog(node)
    const { collector, records } = await newCollector(w)
    const headers = { 'X-ZRELOG': collector.endpoint }
    const other = await createNodeOn(w.hosts[1]!, { name: 'earshot', headers })
    await w.until(() => node.peers().length === 1)
    await w.run(1_000)
    expect([records, log.metrics().zreLog.collectors]).toEqual([[], 0])
    await w.wait(other.stop())
    collector.close()
  })

  it('reports to sixteen, and to the next as soon as one of them leaves', async () => {
    const w = world()
    const node = await w.node()
    const log = meshLog(node)
    const announcing = async (i: number): Promise<MeshNode> => {
      const headers = { 'X-ZRELOG': `tcp://10.0.0.${i + 2}:50000` }
      const peer = await w.node({ name: `foreign ${i}`, headers })
      await w.until(() => node.peers().length === i + 1)
      return peer
    }
    const peers: MeshNode[] = []
    for (let i = 0; i < 18; i++) peers.push(await announcing(i))
    expect(log.metrics().zreLog.collectors).toBe(16)
    for (const [index, left] of [16, 16, 15].entries()) {
      await w.wait(peers[index]!.stop())
      await w.until(() => node.peers().length === 17 - index)
      expect(log.metrics().zreLog.collectors).toBe(left)
    }
    // Nobody listened there: what waited for them is counted as dropped, and stays so.
    expect(log.metrics().zreLog.dropped).toBeGreaterThan(16)
  })

  it('dials from where it is, if that is one place', async () => {
    const w = world()
    const node = await w.node()
    const log = meshLog(node)
    const dial = vi.spyOn(w.hosts[0]!, 'dial')
    const to = { address: '10.0.0.2', port: 50_000 }
    await w.node({ name: 'foreign', headers: { 'X-ZRELOG': `tcp://${to.address}:${to.port}` } })
    await w.until(() => log.metrics().zreLog.collectors === 1)
    const dials = dial.mock.calls.map(([options]) => options)
    expect(dials.filter((each) => each.to.port === to.port)).toEqual([{ to, from: '10.0.0.1' }])
  })

  it('logs of a collector that breaks the rules, now and then', async () => {
    const w = world()
    const node = await w.node()
    const log = meshLog(node)
    const records: unknown[] = []
    log.onRecord(({ text }) => records.push(JSON.parse(text)))
    const to = { address: '10.0.0.2', port: 50_000 }
    w.network.listen(to, (socket) => {
      socket.write([new TextEncoder().encode('HTTP')])
      return { bytes: () => {}, ended: () => {} }
    })
    await w.node({ name: 'foreign', headers: { 'X-ZRELOG': `tcp://${to.address}:${to.port}` } })
    await w.until(() => records.length === 2)
    expect(records[1]).toMatchObject({
      event: 'warning',
      code: 'zmtp-unversioned',
      address: to.address,
    })
  })

  it.each([
    ['somewhere else', 'tcp://10.9.9.9:50000'],
    ['by name', 'tcp://collector:50000'],
    ['nowhere', 'tcp://'],
  ])('dials nothing for one that is %s', async (_title, endpoint) => {
    const w = world()
    const node = await w.node()
    const log = meshLog(node)
    await w.node({ name: 'foreign', headers: { 'X-ZRELOG': endpoint } })
    await w.until(() => node.peers().length === 1)
    expect(log.metrics().zreLog.collectors).toBe(0)
  })
})

describe('a collector of a node', () => {
  it('has its problems in the node’s log, so many a second, and its counts in the metrics', async () => {
    const w = world()
    const node = await w.node()
    const log = meshLog(node)
    const { collector } = await newCollector(w)
    log.zreLog.observe(collector)
    const records: Record<string, unknown>[] = []
    log.onRecord(({ text }) => records.push(JSON.parse(text) as Record<string, unknown>))
    const remote = { address: '10.0.0.9', port: 1 }
    const problem = { code: 'zrelog-level', reason: 'level 9', remote } as const
    for (let i = 0; i < 100; i++) log.zreLog.handleProblem(problem)
    log.zreLog.handleFailure({ kind: 'exhausted', message: 'no descriptors' })
    await w.run(1_000)
    log.zreLog.handleProblem(problem)
    expect(records).toHaveLength(23)
    expect(records.slice(20)).toMatchObject([
      { code: 'accept-failed', msg: 'ZRE/LOG: no descriptors' },
      { event: 'limit', what: 'zrelog-level', count: 80 },
      { code: 'zrelog-level', address: '10.0.0.9' },
    ])
    expect(log.metrics().zreLog.collected).toEqual(collector.metrics())
    collector.close()
  })
})

describe('foreign records', () => {
  it('cost next to nothing while nobody collects', async () => {
    const [node] = await world().nodes('here')
    const peers = vi.spyOn(node!, 'peers')
    const record = { level: 'info', event: 'none', node: 7, peer: 0, time: 1, data: 'x' } as const
    meshLog(node!).handleZreLog(record)
    const before = peers.mock.calls.length
    meshLog(node!).handleZreLog(record)
    expect(peers.mock.calls.length).toBe(before)
    const collector = meshLog(node!).collect()
    meshLog(node!).handleZreLog(record)
    expect(peers.mock.calls.length).toBeGreaterThan(before)
    collector.close()
  })

  it('cost one look at each peer, until one comes or goes', async () => {
    const w = world()
    const [node] = await w.nodes('here', 'there')
    const record = { level: 'info', event: 'none', node: 7, peer: 0, time: 1, data: 'x' } as const
    const collector = meshLog(node!).collect()
    const peers = vi.spyOn(node!, 'peers')
    for (let i = 0; i < 100; i++) meshLog(node!).handleZreLog(record)
    expect(peers).toHaveBeenCalledTimes(1)
    await w.node({ name: 'later' })
    await w.until(() => node!.peers().length === 2)
    peers.mockClear()
    for (let i = 0; i < 100; i++) meshLog(node!).handleZreLog(record)
    expect(peers).toHaveBeenCalledTimes(1)
    collector.close()
  })

  it('come among those of the mesh, named after the peer whose endpoint they have', async () => {
    const w = world()
    const [node, peer] = await w.nodes('here', 'there')
    const entries: LogEntry[] = []
    const collector = meshLog(node!).collect({ level: 30, own: false })
    const reading = (async () => {
      for await (const entry of collector) entries.push(entry)
    })()
    const record = {
      level: 'warning',
      event: 'none',
      peer: 0,
      time: 1_700_000_000,
      data: 'hot',
    } as const
    const known = zreLogId(peer!.endpoints()[0]!)
    meshLog(node!).handleZreLog({ ...record, node: known })
    meshLog(node!).handleZreLog({ ...record, node: 0x1a2b, event: 'exit', peer: known })
    await w.run(3_000)
    collector.close()
    await w.wait(reading)
    expect(entries.filter(({ type }) => type === 'record')).toMatchObject([
      { name: 'there', level: 40, msg: 'hot', time: 1_700_000_000_000 },
      { name: 'zre-1a2b', fields: { event: 'exit', source: 'zrelog' } },
    ])
  })
})
