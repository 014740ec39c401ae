/**
 * One seed, one run: in this process, in others, and in a worker thread. No hash is pinned: a change of the engine
 * may change them all, as long as they stay the same among each other.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { CHECKS } from '../../sim/checks/index.ts'
import { runScenario } from '../../sim/scenario/run.ts'
import { SCENARIOS } from '../../sim/scenarios/index.ts'

const MAIN: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const NODES = 6
const DURATION_MS = 8_000

/** Scenarios that between them have weather, faults and restarts; those that are there. */
const NAMES = ['steady', 'churn', 'random'].filter((name) =>
  SCENARIOS.some((scenario) => scenario.name === name),
)

async function hashHere(name: string, seed: number): Promise<string> {
  const scenario = SCENARIOS.find((each) => each.name === name)!
  const options = { seed, nodes: NODES, durationMs: DURATION_MS, checks: CHECKS }
  return (await runScenario(scenario, options)).result.hash
}

/** The hashes of all runs that the command tells of. */
async function hashesOf(...args: readonly string[]): Promise<unknown[]> {
  const options = ['--nodes', String(NODES), '--for', `${DURATION_MS}ms`, '--json']
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'sim', ...args, ...options])
  const records = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { hash?: unknown })
  return records.flatMap(({ hash }) => (hash === undefined ? [] : [hash]))
}

describe.each(NAMES)('%s', (name) => {
  it('has the same hash in this process, in two others, and in a worker thread', async () => {
    const here = await hashHere(name, 7)
    const [once, again, inWorker] = await Promise.all([
      hashesOf(name, '--seed', '7'),
      hashesOf(name, '--seed', '7'),
      // The third time in the same thread: what ran before leaves nothing behind.
      hashesOf(name, '--seeds', '8,7,7', '--jobs', '1'),
    ])
    expect(once).toEqual([here])
    expect(again).toEqual([here])
    expect(inWorker.slice(1)).toEqual([here, here])
  })

  it('has another hash with another seed', async () => {
    expect(await hashHere(name, 1)).not.toBe(await hashHere(name, 2))
  })

  it('goes the same way whoever watches', async () => {
    const scenario = SCENARIOS.find((each) => each.name === name)!
    const options = { seed: 7, nodes: NODES, durationMs: DURATION_MS, keepsViews: true }
    const watched = await runScenario(scenario, { ...options, onProgress: () => {} })
    expect(watched.result.hash).toBe(await hashHere(name, 7))
  })
})
