/** The mesh-wide log and a real pino: its lines in, the library's own records out. */
import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { LogEntry, LogRecord } from '../../../src/core.ts'
import { loggingTo } from '../../../src/log/logger.ts'
import { meshLog } from '../../../src/log/mesh-log.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()

/** A stream that keeps what pino writes. */
function kept(): {
  readonly lines: Record<string, unknown>[]
  readonly stream: pino.DestinationStream
} {
  const lines: Record<string, unknown>[] = []
  return { lines, stream: { write: (line) => void lines.push(JSON.parse(line)) } }
}

it('what an application logs with pino reaches a collector elsewhere, field for field', async () => {
  const w = world()
  const [a, b] = await w.nodes('a', 'b')
  const entries: LogEntry[] = []
  const collector = meshLog(a!).collect({ own: false, level: 30 })
  meshLog(b!)
  const reading = (async () => {
    for await (const entry of collector) entries.push(entry)
  })()
  await w.run(100)
  const log = pino(meshLog(b!)).child({ module: 'heating' })
  log.warn({ celsius: 81.5, deep: { list: [1, 'x'] } }, 'too %s', 'hot')
  log.debug('not wanted')
  log.error(new Error('broken'))
  await w.run(3_000)
  collector.close()
  await w.wait(reading)
  const records = entries.filter((entry): entry is LogRecord => entry.type === 'record')
  expect(records).toMatchObject([
    {
      name: 'b',
      level: 40,
      msg: 'too hot',
      fields: { module: 'heating', celsius: 81.5, deep: { list: [1, 'x'] } },
    },
    { name: 'b', level: 50, msg: 'broken', fields: { err: { type: 'Error' } } },
  ])
})

it('the library logs through pino in structured fields, at the levels that it is given, and once', async () => {
  const w = world()
  const { lines, stream } = kept()
  const node = await w.node({ name: 'a' })
  const log = meshLog(node, {
    logger: pino(
      { level: 'info' },
      pino.multistream([{ stream }, { stream: { write: (line) => meshLog(node).write(line) } }]),
    ),
  })
  const peer = await w.node({ name: 'b', groups: ['g'] })
  await w.until(() => node.peers().length === 1)
  await w.wait(peer.stop())
  await w.until(() => node.peers().length === 0)
  expect(lines).toMatchObject([
    { level: 30, node: node.id, event: 'enter', peer: peer.id, peerName: 'b', msg: 'peer entered' },
    {
      level: 30,
      node: node.id,
      event: 'exit',
      peer: peer.id,
      reason: 'goodbye',
      msg: 'peer exited',
    },
  ])
  // Enter and exit, and neither of them twice.
  expect(log.metrics().records).toBe(2)
})

it('a logger whose lines come back, and that sends messages, is still not recorded twice', async () => {
  const w = world()
  const node = await w.node({ name: 'a' })
  const recorded: string[] = []
  const back = (msg: string): void => meshLog(node).write(JSON.stringify({ msg: `again: ${msg}` }))
  const logger = {
    trace: () => {},
    debug: (_fields: object, msg: string) => back(msg),
    info: ({ peer }: Record<string, unknown>, msg: string) => {
      if (msg === 'peer entered') node.tryWhisper(String(peer), 'welcome')
      back(msg)
    },
    warn: () => {},
    error: () => {},
  }
  const log = meshLog(node, { logger, traceEvery: 1 })
  log.onRecord(({ text }) => recorded.push((JSON.parse(text) as { msg: string }).msg))
  await w.node()
  await w.until(() => recorded.length >= 3)
  expect(recorded[0]).toBe('peer entered')
  expect(recorded).toContain('trace')
  expect(recorded.filter((msg) => msg.startsWith('again'))).toEqual([])
})

it('a logger that throws harms nobody', async () => {
  const w = world()
  const node = await w.node()
  const logger = pino(
    { level: 'info' },
    {
      write: () => {
        throw new Error('disk full')
      },
    },
  )
  meshLog(node, { logger })
  await w.node()
  await w.until(() => node.peers().length === 1)
  expect(w.hosts[0]!.uncaught.splice(0)).toHaveLength(1)
})

it('nor does one that cannot say which levels it wants', async () => {
  const w = world()
  const node = await w.node()
  const said: string[] = []
  const say = (_fields: object, msg: string): number => said.push(msg)
  const isLevelEnabled = (level: string): boolean => {
    if (level === 'info') throw new Error('no idea')
    return true
  }
  const logger = { trace: say, debug: say, info: say, warn: say, error: say, isLevelEnabled }
  const record = loggingTo(node, logger)
  record('info', 'unknown', {})
  record('debug', 'known', {})
  expect(said).toEqual(['known'])
  expect(w.hosts[0]!.uncaught.splice(0)).toHaveLength(1)
})
