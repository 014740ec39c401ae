/**
 * Defects of the engine that simulation found, each with the run that showed it. What they were stands in
 * docs/simulation.md, "What it has found".
 */
import { expect, test } from 'vitest'
import {
  CHECKS,
  createSimulation,
  defineScenario,
  runScenario,
  SCENARIOS,
} from '../../sim/index.ts'

test('a link to the address that a peer has left is given up, however much the peer talks', async () => {
  const sim = createSimulation({ seed: 1 })
  const a = await sim.addNode({ name: 'a' })
  const b = await sim.addNode({ name: 'b' })
  await sim.run(5_000)
  sim.changeAddress('a')
  let heard = 0
  a.on('whisper', () => {
    heard++
  })
  for (let i = 0; i < 100; i++) {
    if (a.peer(b.id) !== undefined) a.tryWhisper(b.id, 'still here')
    if (b.peer(a.id) !== undefined) b.tryWhisper(a.id, 'me too')
    await sim.run(100)
  }
  // It was over a minute; 1.5 s without a beacon of the old address, and half a second for the PING.
  expect(heard).toBeGreaterThan(60)
  await sim.stop()
})

test('nothing for a node that lost power reaches the one that has started in its place', async () => {
  const sim = createSimulation({ seed: 1 })
  const a = await sim.addNode({ name: 'a', groups: ['all'] })
  const old = await sim.addNode({ name: 'b', groups: ['all'], mailboxPort: 50_000 })
  await sim.run(5_000)
  sim.crash('b')
  await sim.run(2_000)
  const b = await sim.restart('b')
  const shouts: string[] = []
  const whispers: string[] = []
  b.on('shout', ({ message }) => shouts.push(message.text()))
  b.on('whisper', ({ message }) => whispers.push(message.text()))
  const said: string[] = []
  for (let i = 0; i < 200; i++) {
    if (a.peer(old.id) !== undefined) a.tryWhisper(old.id, 'for the one before')
    if (a.peer(b.id) !== undefined) said.push(`shout ${i}`)
    a.tryShout('all', `shout ${i}`)
    await sim.run(100)
  }
  expect(whispers).toEqual([])
  expect(shouts).toEqual(said)
  expect(said.length).toBeGreaterThan(150)
  expect(a.peers().map(({ id }) => id)).toEqual([b.id])
  await sim.stop()
})

const busyBoot = defineScenario({
  name: 'busy-boot',
  summary: 'a crowd starts at once on hosts that are busy',
  nodes: 50,
  durationMs: 40_000,
  async faults(stage) {
    for (const name of stage.names) stage.sim.slowDown(name, 10)
  },
  workload: async () => {},
})

test('a crowd that starts at once on busy hosts finishes its handshakes, and begins each once', async () => {
  const checks = CHECKS.filter(({ name }) => name === 'convergence')
  const { result } = await runScenario(busyBoot, { seed: 1, checks })
  expect(result.failures).toEqual([])
  expect(result.traffic.connectionsOpened).toBe(50 * 49)
  expect(result.views.milestonesMs['100']).toBeLessThan(30_000)
}, 60_000)

/** Runs of the library that failed once: defects found by sweeps. */
test.each([
  {
    title:
      'a link that a peer has forgotten is made anew, though the peer says HELLO twice within a second',
    scenario: 'sleeping-laptops',
    options: { seed: 4 },
  },
  {
    title:
      'a link that stalls is made anew after a restart of the other side, though the peer talks',
    scenario: 'random',
    options: {
      seed: 4,
      nodes: 6,
      durationMs: 60_000,
      settings: { only: 'partition', networks: 1 },
    },
  },
  {
    title: 'power cuts within an upgrade bring no message to another than it is for',
    scenario: 'rolling-upgrade',
    options: {
      seed: 1,
      nodes: 6,
      durationMs: 30_000,
      settings: { crashed: 1, killed: 0, sameIdentity: 0 },
    },
  },
])('$title ($scenario, seed $options.seed)', async ({ scenario, options }) => {
  const found = SCENARIOS.find(({ name }) => name === scenario)!
  const { result } = await runScenario(found, { ...options, checks: CHECKS })
  expect(result.failures).toEqual([])
})
