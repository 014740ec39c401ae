import { expect, it } from 'vitest'
import type { CollectOptions } from '../../../src/log/entries.ts'
import { meshLog } from '../../../src/log/mesh-log.ts'
import type { MeshLogOptions } from '../../../src/log/options.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()

const bad = (option: string): unknown => {
  const message = expect.stringContaining(`option ${option}:`)
  return expect.objectContaining({ code: 'ERR_EARSHOT_BAD_OPTION', message })
}

it.each<[unknown, string]>([
  [{ level: 'loud' }, 'log.level'],
  [{ level: 'toString' }, 'log.level'],
  [{ traceEvery: -1 }, 'log.traceEvery'],
  [{ traceEvery: 0.5 }, 'log.traceEvery'],
  [{ ring: { records: Number.NaN } }, 'log.ring.records'],
  [{ ring: { bytes: '1' } }, 'log.ring.bytes'],
  [{ ring: { lines: 1 } }, 'log.ring.lines'],
])('a log with %j is refused', async (options, option) => {
  const [a] = await world().nodes('a')
  expect(() => meshLog(a!, options as MeshLogOptions)).toThrow(bad(option) as Error)
})

it.each<[unknown, string]>([
  [{ windowMs: 49 }, 'windowMs'],
  [{ windowMs: 60_001 }, 'windowMs'],
  [{ windowMs: Number.NaN }, 'windowMs'],
  [{ sinceMs: -1 }, 'sinceMs'],
  [{ sinceMs: Number.POSITIVE_INFINITY }, 'sinceMs'],
  [{ nodes: ['a'] }, 'nodes'],
  [{ level: 'warn' }, 'level'],
  [{ group: 'x'.repeat(257) }, 'group'],
  [{ fields: { a: {} } }, 'fields'],
  [{ fields: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [i, i])) }, 'fields'],
])('a collection with %j is refused', async (options, option) => {
  const [a] = await world().nodes('a')
  const log = meshLog(a!)
  expect(() => log.collect(options as CollectOptions)).toThrow(bad(option) as Error)
})
