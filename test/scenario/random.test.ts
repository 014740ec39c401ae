/** The random mode: every kind of fault, drawn from the seed and from nothing else. */
import { describe, expect, it } from 'vitest'
import { CHECKS } from '../../sim/checks/index.ts'
import { RandomStream } from '../../sim/kernel/random.ts'
import { planRandom } from '../../sim/scenario/plan.ts'
import { runScenario, type ScenarioRun } from '../../sim/scenario/run.ts'
import { random } from '../../sim/scenarios/random.ts'
import { ACT_KINDS, type Act, type ActKind, drawActs } from '../../sim/scenarios/random-plan.ts'

const PLAN = {
  nodes: 10,
  fromMs: 0,
  untilMs: 100_000,
  everyMs: 1_000,
  shortestMs: 100,
  longestMs: 30_000,
  kinds: ACT_KINDS,
}

function actsOf(seed: number): Act[] {
  return drawActs(planRandom(seed), PLAN)
}

function runSmall(
  seed: number,
  settings: Record<string, string | number> = {},
): Promise<ScenarioRun> {
  return runScenario(random, { seed, nodes: 5, durationMs: 20_000, settings })
}

/** What the simulation calls it, where that is not the name of the act. */
const FAULTS: Readonly<Partial<Record<ActKind, readonly string[]>>> = {
  crash: ['crash', 'restart'],
  kill: ['kill', 'restart'],
  leave: ['leave', 'restart'],
  'power-cut': ['crash', 'restart'],
  flapping: ['unplug'],
}

describe('the plan of a random run', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(actsOf(1)).toEqual(actsOf(1))
    expect(actsOf(1)).not.toEqual(actsOf(2))
  })

  it('does not change with one more draw, neither elsewhere nor for one of its acts', () => {
    const seven: string[] = []
    const draws = (purpose: string): RandomStream => {
      planRandom(1)('something else').next()
      const stream = planRandom(1)(purpose)
      if (purpose !== 'random: act 7') return stream
      seven.push(purpose)
      return new LateStream(stream)
    }
    const moved = drawActs(draws, PLAN)
    expect(seven).toEqual(['random: act 7'])
    expect(moved.filter(({ number }) => number !== 7)).toEqual(
      actsOf(1).filter(({ number }) => number !== 7),
    )
    expect(moved[6]).not.toEqual(actsOf(1)[6])
  })

  it('has acts of every kind, in order, several at a time, with victims that exist', () => {
    const acts = [1, 2, 3].flatMap(actsOf)
    expect(new Set(acts.map(({ kind }) => kind))).toEqual(new Set(ACT_KINDS))
    const [first] = [actsOf(1)]
    const starts = first!.map(({ atMs }) => atMs)
    expect(starts).toEqual([...starts].sort((a, b) => a - b))
    expect(first!.some((act, at) => act.atMs + act.durationMs > first![at + 1]!.atMs)).toBe(true)
    for (const { victims, durationMs } of acts) {
      expect(victims.length).toBeGreaterThan(0)
      expect(new Set(victims).size).toBe(victims.length)
      expect(victims.every((index) => index < PLAN.nodes)).toBe(true)
      expect(durationMs).toBeGreaterThanOrEqual(100)
      expect(durationMs).toBeLessThanOrEqual(30_000)
    }
  })
})

/** Gives everything but the first draw, which decides when the act begins, one draw later. */
class LateStream extends RandomStream {
  readonly #stream: RandomStream
  #count = 0

  constructor(stream: RandomStream) {
    super(0, '')
    this.#stream = stream
  }

  override next(): number {
    if (this.#count++ === 1) this.#stream.next()
    return this.#stream.next()
  }
}

describe('the random scenario', () => {
  it('goes the same way for the same seed, and another for another', async () => {
    const hashes = [await runSmall(1), await runSmall(1), await runSmall(2)].map(
      ({ result }) => result.hash,
    )
    expect(hashes[1]).toBe(hashes[0])
    expect(hashes[2]).not.toBe(hashes[0])
  })

  it.each(ACT_KINDS)('does %s when asked for nothing else', async (only) => {
    const { journal } = await runScenario(random, {
      seed: 3,
      nodes: 4,
      durationMs: 15_000,
      settings: { only, messages: 'no', faultEveryMs: 1_000, longestMs: 2_000 },
    })
    const kinds = new Set(journal.faults.map(({ kind }) => kind))
    for (const kind of FAULTS[only] ?? [only]) expect(kinds).toContain(kind)
  })

  it('leaves out the faults that it is told to leave out, and changes no other', async () => {
    const labels = async (settings: Record<string, number>): Promise<string[]> => {
      const { journal } = await runSmall(4, { ...settings, only: 'clog', messages: 'no' })
      return journal.faults.map(({ atMs, label }) => `${atMs} ${label}`)
    }
    const all = await labels({})
    expect(all.length).toBeGreaterThan(3)
    expect(await labels({ firstFault: 2, lastFault: 3 })).toEqual(all.slice(1, 3))
  })

  it('converges once its faults are over', async () => {
    for (const seed of [5, 6]) {
      const run = runScenario(random, {
        seed,
        nodes: 6,
        durationMs: 30_000,
        checks: CHECKS.slice(0, 1),
      })
      const { result } = await run
      expect(result.failures).toEqual([])
      expect(result.views.convergedMs).not.toBeNull()
    }
  })

  it('tells a wrong setting by its name', () => {
    expect(() => runSmall(1, { only: 'earthquake' })).toThrow('setting only:')
    expect(() => runSmall(1, { longestMs: 0 })).toThrow('setting longestMs:')
  })
})
