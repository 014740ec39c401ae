/** The mesh-wide log while anything at all is done to the mesh: every gap is told, to the record. */
import { expect, it } from 'vitest'
import type { RandomStream, Simulation, Undo } from '../../sim/index.ts'
import { meshLog } from '../../src/log/mesh-log.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import { loggingCluster, Reader, writtenBy } from '../support/log-reading.ts'

const ROUGH = {
  latencyMs: { distribution: 'exponential', min: 1, mean: 5 },
  jitterMs: 3,
  loss: 0.1,
  reset: 0.001,
} as const

/** Things to be done to two nodes, which may be one; those that last give back how to end them. */
const ACTS: readonly ((sim: Simulation, a: MeshNode, b: MeshNode) => Undo | undefined)[] = [
  (sim, a) => sim.partition([a]),
  (sim, a) => sim.freeze(a),
  (sim, a) => sim.sleep(a),
  (sim, a, b) => sim.block([a], [b]),
  (sim, a, b) => sim.disturb([a], [b], { reset: 0.5 }),
  (sim, a) => {
    sim.resetConnections(a)
    return undefined
  },
  (sim, a) => {
    sim.jumpClock(a, -900_000)
    return undefined
  },
]

/** All log about 25 times a second. */
async function write(
  sim: Simulation,
  nodes: readonly MeshNode[],
  random: RandomStream,
  ms: number,
): Promise<void> {
  for (let at = 0; at < ms; at += 20) {
    for (const node of nodes) if (random.chance(0.5)) meshLog(node).record('info', 'tick')
    await sim.run(20)
  }
}

it.each([1, 2, 3])('given and lost are all that was written: seed %d', async (seed) => {
  const networks = [{ weather: ROUGH }]
  const { sim, nodes } = await loggingCluster(6, { seed, networks }, { ring: { records: 800 } })
  const readers = [0, 1].map((i) => new Reader(nodes[i]!, { sinceMs: 3_600_000 }))
  const random = sim.random('trouble')
  await write(sim, nodes, random, 5_000)
  for (let i = 0; i < 20; i++) {
    const undo = random.pick(ACTS)(sim, random.pick(nodes), random.pick(nodes))
    // Some of it for longer than peers wait for each other.
    await write(sim, nodes, random, random.between(500, random.chance(0.3) ? 40_000 : 5_000))
    undo?.()
    await write(sim, nodes, random, 2_000)
  }
  sim.heal()
  sim.setWeather('calm')
  await sim.run(90_000)
  for (const reader of readers) {
    for (const node of nodes) reader.expectAllOf(node.id, writtenBy(node))
    expect(reader.records.length).toBeGreaterThan(10_000)
  }
  await sim.stop()
})
