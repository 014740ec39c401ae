/** A simulation as a test author meets it: overlapping faults, wrong arguments, promises that never settle. */
import { expect, test } from 'vitest'
import { Unrest } from '../../../sim/checks/unrest.ts'
import { createSimulation, type Simulation, type Undo } from '../../../sim/index.ts'
import type { MeshNode } from '../../../src/runtime/node.ts'

const BAD = expect.objectContaining({ code: 'ERR_EARSHOT_BAD_OPTION' })

async function pair(): Promise<{ sim: Simulation; a: MeshNode; b: MeshNode }> {
  const sim = createSimulation({ seed: 1 })
  const a = await sim.addNode({ name: 'a' })
  const b = await sim.addNode({ name: 'b' })
  await sim.until(() => a.peers().length === 1 && b.peers().length === 1)
  return { sim, a, b }
}

test('of two weathers the later one holds until it ends, and then the earlier one', async () => {
  const { sim } = await pair()
  const loss = (): number => sim.subnet().weather.loss
  const first = sim.setWeather({ loss: 0.1 })
  const second = sim.setWeather({ loss: 0.2 })
  expect(loss()).toBe(0.2)
  second()
  expect(loss()).toBe(0.1)
  const third = sim.setWeather({ loss: 0.3 })
  first()
  expect(loss()).toBe(0.3)
  third()
  expect(loss()).toBe(0)
})

test('heal() ends all of them, in whatever order they began', async () => {
  const { sim } = await pair()
  sim.setWeather({ loss: 0.1 })
  sim.setWeather({ loss: 0.2 })
  sim.slowDown('a', 5)
  sim.slowDown('a', 6)
  sim.setClockRate('a', 2)
  sim.setClockRate('a', 3)
  sim.heal()
  expect(sim.activeFaults).toEqual([])
  expect(sim.subnet().weather.loss).toBe(0)
  const { clock } = sim.member('a').host
  const before = clock.now()
  await sim.run(100)
  expect(clock.now() - before).toBeCloseTo(100)
})

const SWITCHES: Readonly<
  Record<string, [(sim: Simulation) => Undo, (sim: Simulation) => boolean]>
> = {
  freeze: [(sim) => sim.freeze('a'), (sim) => sim.member('a').process!.isFrozen],
  sleep: [(sim) => sim.sleep('a'), (sim) => !sim.member('a').host.isOn],
  unplug: [(sim) => sim.unplug('a'), (sim) => !sim.member('a').host.attachments[0]!.up],
  blockBroadcasts: [(sim) => sim.blockBroadcasts(), (sim) => sim.subnet().broadcastBlocked],
  isolateHosts: [(sim) => sim.isolateHosts(), (sim) => sim.subnet().isolated],
}

test.each(Object.entries(SWITCHES))(
  '%s, twice at once, lasts until both have ended',
  async (_name, [begin, isOn]) => {
    const { sim } = await pair()
    const [first, second] = [begin(sim), begin(sim)]
    first()
    first()
    expect(isOn(sim)).toBe(true)
    second()
    expect(isOn(sim)).toBe(false)
  },
)

test('what was held back keeps a pair from being calm, after the end of what held it back', async () => {
  const { sim } = await pair()
  const unrest = new Unrest(sim)
  sim.onFault({
    began: (fault) => unrest.faultBegan(fault),
    ended: (fault, atMs) => unrest.faultEnded(fault, atMs),
  })
  sim.clog(['a'], ['b'], 10_000)
  await sim.run(1_000)
  sim.heal()
  sim.setClockRate('a', 2)()
  await sim.run(8_000)
  expect(unrest.isCalm(500, ...sim.members)).toBe(false)
  await sim.run(2_000)
  expect(unrest.isCalm(500, ...sim.members)).toBe(true)
  await sim.stop()
})

const REFUSED: Readonly<Record<string, (sim: Simulation) => unknown>> = {
  'a time of day that is no number': (sim) => sim.jumpClock('a', Number.NaN),
  'a clog of negative length': (sim) => sim.clog(['a'], ['b'], -1),
  'a clog without length': (sim) => sim.clog(['a'], ['b'], Number.NaN),
  'a clock that goes back': (sim) => sim.setClockRate('a', -1),
  'a side that is no list': (sim) => sim.partition('a' as never),
  'a node on two sides': (sim) => sim.partition(['a'], ['a', 'b']),
  'a node that nobody knows': (sim) => sim.block(['a'], ['c']),
}

test.each(Object.entries(REFUSED))('refuses %s, and nothing has happened', async (_name, act) => {
  const { sim } = await pair()
  const faults: string[] = []
  sim.onFault({ began: ({ kind }) => faults.push(kind), ended: () => {} })
  expect(() => act(sim)).toThrow(BAD)
  expect(faults).toEqual([])
  sim.sleep('a')()
  await sim.stop()
})

test.each([
  { seed: Number.NaN },
  { networks: [] },
  { chunking: 'fine' },
  { log: 'x.ndjson' },
  { sed: 7 },
])('createSimulation refuses %j', (options) => {
  expect(() => createSimulation(options as never)).toThrow(BAD)
})

test.each([undefined, null, '5', Number.NaN, -1])('run refuses %j', async (ms) => {
  await expect(createSimulation().run(ms as never)).rejects.toEqual(BAD)
})

test('wait says so when a promise does not settle in time', async () => {
  const { sim } = await pair()
  const reason = 'the promise did not settle within 50 ms of virtual time'
  await expect(sim.wait(new Promise(() => {}), 50)).rejects.toThrow(reason)
  await expect(sim.wait(Promise.reject(new Error('no')))).rejects.toThrow('no')
})
