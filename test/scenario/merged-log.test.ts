/** The merged log of a simulation: one stream of all, in virtual time, that changes nothing of the run. */
import { describe, expect, it } from 'vitest'
import { CHECKS } from '../../sim/checks/index.ts'
import {
  createSimulation,
  defineScenario,
  type LoggedEntry,
  type RecordingEntry,
  runScenario,
  SCENARIOS,
} from '../../sim/index.ts'
import { meshLog } from '../../src/log/mesh-log.ts'

const isLogged = (entry: RecordingEntry): entry is LoggedEntry => entry.type === 'earshot.log/1'

describe('a simulation with a log', () => {
  it('says first what it is of, and then everything that is logged, of the simulator too', async () => {
    const entries: RecordingEntry[] = []
    const sim = createSimulation({ seed: 7, log: (entry) => entries.push(entry) })
    const a = await sim.addNode({ name: 'a' })
    await sim.addNode({ name: 'b' })
    await sim.until(() => a.peers().length === 1)
    await sim.run(1_000)
    meshLog(a).record('warn', 'it is getting dark', { lamp: 3 })
    sim.kill('b')
    await sim.run(5_000)
    sim.note('info', 'lights out')
    await sim.stop()
    const [start, ...rest] = entries
    const at = Date.UTC(2026, 0, 1)
    expect(start).toEqual({
      type: 'earshot.recording/1',
      time: '2026-01-01T00:00:00.000Z',
      at,
      source: 'simulation',
      seed: 7,
    })
    const logged = rest.filter(isLogged)
    expect(logged.map(({ name, msg }) => `${name}: ${msg}`)).toEqual([
      'simulator: a starts',
      'simulator: b starts',
      'b: peer entered',
      'a: peer entered',
      'a: it is getting dark',
      'simulator: b is killed',
      'a: peer exited',
      'simulator: lights out',
      'simulator: a has stopped',
    ])
    expect(logged[4]).toEqual({
      type: 'earshot.log/1',
      time: new Date(logged[4]!.at).toISOString(),
      at: expect.any(Number),
      node: a.id,
      name: 'a',
      level: 40,
      levelName: 'warn',
      msg: 'it is getting dark',
      fields: { lamp: 3 },
      seq: 2,
      ticks: expect.any(Number),
      nodeTime: new Date(logged[4]!.at).toISOString(),
      offsetMs: 0,
    })
    expect(logged[4]!.at - at).toBeGreaterThan(1_000)
  })

  it('puts causes before effects, though all clocks are wrong', async () => {
    const entries: LoggedEntry[] = []
    const sim = createSimulation({ log: (entry) => isLogged(entry) && entries.push(entry) })
    const nodes = [await sim.addNode({ name: 'a' }), await sim.addNode({ name: 'b' })]
    sim.jumpClock('a', 3_600_000)
    const wake = sim.sleep('b')
    await sim.run(10_000)
    wake()
    await sim.until(() => nodes.every((node) => node.peers().length === 1))
    for (const node of nodes) {
      node.on('whisper', ({ peer, message }) => {
        const step = Number(message.text())
        meshLog(node).record('info', `step ${step}`)
        if (step < 20) node.tryWhisper(peer.id, String(step + 1))
      })
    }
    nodes[0]!.tryWhisper(nodes[1]!.id, '0')
    await sim.run(1_000)
    await sim.stop()
    const steps = entries.filter(({ msg }) => msg.startsWith('step '))
    expect(steps.map(({ msg }) => Number(msg.slice(5)))).toEqual(
      Array.from({ length: 21 }, (_, i) => i),
    )
    const ticks = entries.map((entry) => entry.ticks)
    expect(ticks).toEqual([...new Set(ticks)].toSorted((one, other) => one - other))
    // A host that has slept knows the time of day.
    expect(steps[0]).toMatchObject({ name: 'b', offsetMs: 0 })
    expect(steps[1]).toMatchObject({ name: 'a', offsetMs: 3_600_000 })
    expect(Date.parse(steps[1]!.nodeTime) - Date.parse(steps[1]!.time)).toBe(3_600_000)
  })

  it('has nothing more of a node that was killed, whatever is left of it says', async () => {
    const said: string[] = []
    const sim = createSimulation({ log: (entry) => isLogged(entry) && said.push(entry.msg) })
    const node = await sim.addNode({ name: 'a' })
    const log = meshLog(node)
    log.record('info', 'alive')
    sim.kill('a')
    log.record('info', 'undead')
    expect(said).toEqual(['a starts', 'alive', 'a is killed'])
  })

  it('rejects with what its sink throws', async () => {
    const sim = createSimulation({
      log: ({ type }) => {
        if (type === 'earshot.log/1') throw new Error('disk full')
      },
    })
    await expect(sim.addNode({ name: 'a' })).rejects.toThrow('disk full')
  })
})

describe('a scenario with a log', () => {
  it.each(['churn', 'conference-wifi', 'random'])(
    '%s goes as without one, to the byte',
    async (name) => {
      const scenario = SCENARIOS.find((each) => each.name === name)!
      const options = { seed: 7, nodes: 8, durationMs: 15_000, checks: CHECKS }
      const logs: RecordingEntry[][] = [[], []]
      const [without, first, second] = [
        await runScenario(scenario, options),
        await runScenario(scenario, { ...options, log: (entry) => logs[0]!.push(entry) }),
        await runScenario(scenario, { ...options, log: (entry) => logs[1]!.push(entry) }),
      ]
      const { hash } = without.result
      expect([first.result.hash, second.result.hash]).toEqual([hash, hash])
      expect(JSON.stringify(logs[0])).toBe(JSON.stringify(logs[1]))
      expect(logs[0]!.length).toBeGreaterThan(100)
      expect(logs[0]![0]).toMatchObject({ scenario: name, seed: 7, nodes: 8, durationMs: 15_000 })
      const faults = logs[0]!.filter(isLogged).filter(({ fields, msg }) => {
        return fields['event'] === 'fault' && !msg.startsWith('over: ')
      })
      expect(faults.length).toBe(first.result.faults)
      // Each node's records are all there, from the first one on.
      const last = new Map<string, number>()
      for (const { node, seq } of logs[0]!.filter(isLogged)) {
        // It begins anew where a node has come back with its old identity.
        if (seq > 1) expect(seq).toBe(last.get(node)! + 1)
        last.set(node, seq)
      }
    },
  )

  it('whose nodes collect themselves has their time travel as well', async () => {
    const entries: LoggedEntry[] = []
    const scenario = defineScenario({
      name: 'collects',
      summary: 'a node collects',
      nodes: 3,
      durationMs: 3_000,
      async workload(stage) {
        const nodes = stage.sim.nodes()
        for (const node of nodes) meshLog(node)
        await stage.sleep(500)
        const collector = meshLog(nodes[0]!).collect({ sinceMs: 1_000 })
        for await (const entry of collector) {
          if (entry.type === 'record') stage.sim.note('debug', 'collected', { seq: entry.seq })
        }
      },
    })
    const log = (entry: RecordingEntry): unknown => isLogged(entry) && entries.push(entry)
    expect((await runScenario(scenario, { seed: 1, log, checks: CHECKS })).result.ok).toBe(true)
    expect(entries.filter(({ msg }) => msg === 'collected').length).toBeGreaterThan(5)
  })
})
