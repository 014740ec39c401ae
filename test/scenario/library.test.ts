/** The library of scenarios: each runs, does to the mesh what it says, and finds nothing wrong with it. */
import { describe, expect, it } from 'vitest'
import { CHECKS } from '../../sim/checks/index.ts'
import { replayCommand } from '../../sim/scenario/info.ts'
import { runScenario, type ScenarioRunOptions } from '../../sim/scenario/run.ts'
import type { AnyScenario } from '../../sim/scenario/scenario.ts'
import { SCENARIOS } from '../../sim/scenarios/index.ts'

type Small = Omit<ScenarioRunOptions, 'seed'> & { readonly kinds: readonly string[] }

/** Each scenario so small that all of them take seconds, with the kinds of faults that it is made of. */
const SMALL: Readonly<Record<string, Small>> = {
  steady: { nodes: 6, durationMs: 20_000, kinds: [] },
  'cold-boot': { nodes: 12, kinds: [] },
  churn: { nodes: 8, durationMs: 30_000, kinds: ['leave', 'kill', 'restart'] },
  'flash-crowd': {
    nodes: 12,
    durationMs: 30_000,
    settings: { early: 3, doorsMs: 5_000, stayMs: 8_000 },
    kinds: ['leave'],
  },
  'conference-wifi': {
    nodes: 8,
    durationMs: 30_000,
    settings: { dropEveryMs: 8_000 },
    kinds: ['unplug'],
  },
  'partition-heal': { nodes: 6, durationMs: 60_000, kinds: ['partition'] },
  'one-way-partition': { nodes: 6, durationMs: 60_000, kinds: ['one-way'] },
  roaming: { nodes: 6, durationMs: 30_000, kinds: ['unplug', 'move'] },
  'sleeping-laptops': { nodes: 6, durationMs: 60_000, kinds: ['clock-drift', 'sleep'] },
  'slow-consumer': {
    nodes: 6,
    durationMs: 30_000,
    settings: { stopMs: 8_000 },
    kinds: ['slow-cpu', 'stop-reading'],
  },
  'beacon-blackout': { nodes: 6, durationMs: 60_000, kinds: ['no-broadcast'] },
  'goodbye-storm': {
    nodes: 12,
    durationMs: 20_000,
    settings: { bellMs: 5_000 },
    kinds: ['leave', 'kill', 'crash'],
  },
  'rolling-upgrade': { nodes: 6, durationMs: 25_000, kinds: ['leave', 'kill', 'restart'] },
}

function scenarioNamed(name: string): AnyScenario {
  const found = SCENARIOS.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no scenario ${name}`)
  return found
}

describe('the library', () => {
  it('has every scenario once, each with a setting that says what it is in, and a small run here', () => {
    const names = SCENARIOS.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)])
    expect(names.filter((name) => name !== 'random').sort()).toEqual(Object.keys(SMALL).sort())
    const helps = SCENARIOS.flatMap(({ settings }) => Object.values(settings as object))
    for (const { help } of helps) expect(help.length).toBeGreaterThan(10)
  })

  it.each(Object.entries(SMALL))(
    '%s does what it says, and every check holds',
    async (name, small) => {
      const { kinds, ...options } = small
      const scenario = scenarioNamed(name)
      const { result, journal } = await runScenario(scenario, {
        seed: 1,
        checks: CHECKS,
        ...options,
      })
      expect(result.failures).toEqual([])
      expect(result.views.convergedMs).not.toBeNull()
      expect(new Set(journal.faults.map(({ kind }) => kind))).toEqual(new Set(kinds))
    },
  )

  it('tells a wrong setting by its name', () => {
    for (const scenario of SCENARIOS) {
      for (const [name, setting] of Object.entries(scenario.settings as object)) {
        const wrong = setting.kind === 'number' ? String(setting.min - 1) : 'no such choice'
        const run = (): unknown => runScenario(scenario, { seed: 1, settings: { [name]: wrong } })
        expect(run).toThrow(`setting ${name}:`)
      }
      const run = (): unknown => runScenario(scenario, { seed: 1, settings: { nonsense: 1 } })
      expect(run).toThrow('setting nonsense: no such setting')
    }
  })

  it('a cold boot ends once all see each other, and not before three seconds', async () => {
    const { result } = await runScenario(scenarioNamed('cold-boot'), { seed: 1, nodes: 5 })
    expect(result.views.complete).toBe(20)
    expect(result.virtualMs).toBeGreaterThan(3_000)
    expect(result.virtualMs).toBeLessThan(10_000)
  })

  it('a blackout of beacons has nodes ask each other, and nobody is lost by it', async () => {
    const scenario = scenarioNamed('beacon-blackout')
    const { result, info } = await runScenario(scenario, {
      seed: 2,
      nodes: 5,
      durationMs: 60_000,
      checks: CHECKS,
    })
    expect(info.checks).toContain('nobody-lost')
    expect(result.failures).toEqual([])
    // Each of 20 pairs once: from then on they are asked before that.
    expect(result.eventCounts['evasive']).toBeGreaterThan(0)
    expect(result.eventCounts['evasive']).toBeLessThanOrEqual(20)
    expect(result.eventCounts['exit']).toBeUndefined()
  })

  it('an upgrade gives every node its new header', async () => {
    const scenario = scenarioNamed('rolling-upgrade')
    const { members } = await runScenario(scenario, { seed: 1, nodes: 4, durationMs: 20_000 })
    expect(members.map(({ options }) => options.headers)).toEqual(
      members.map(() => ({ 'X-VERSION': '2' })),
    )
  })

  it('settings that differ are in the command that runs it again', async () => {
    const scenario = scenarioNamed('churn')
    const { info } = await runScenario(scenario, {
      seed: 5,
      nodes: 3,
      durationMs: 5_000,
      settings: { toggleMs: '400' },
    })
    expect(replayCommand(scenario, info)).toContain('--seed 5 --for 5000ms --set toggleMs=400')
  })
})
