/**
 * `sleeping-laptops`: lids close and open, for seconds or for minutes. On some systems the monotonic clock stops
 * meanwhile, on others it goes on; and no two clocks go at the same rate. Who wakes up must see soon who is there,
 * and the others must neither keep the sleepers for ever nor lose those who are awake.
 */
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import { numberSetting } from '../scenario/settings.ts'
import type { Stage } from '../scenario/stage.ts'

const settings = {
  awakeMs: numberSetting('milliseconds that a lid is open, on average', 40_000, { min: 100 }),
  napMs: numberSetting('milliseconds of the shortest sleep', 1_000),
  sleepMs: numberSetting('milliseconds of sleep, on average; peers expire after 30,000', 20_000),
  stopping: numberSetting('share of laptops whose clock stops in sleep', 0.5, { max: 1 }),
  driftPpm: numberSetting('clocks are wrong by up to this many parts per million', 500, {
    max: 100_000,
  }),
}

export const sleepingLaptops: AnyScenario = defineScenario({
  name: 'sleeping-laptops',
  summary: 'lids close and open for seconds to minutes; clocks stop, go on, and drift',
  nodes: 20,
  durationMs: 120_000,
  settings,
  network: () => ({ networks: [{ weather: 'wifi' }] }),
  async faults(stage) {
    await stage.together(stage.names, (name) => useLaptop(stage, name))
  },
})

async function useLaptop(stage: Stage<typeof settings>, name: string): Promise<void> {
  const { awakeMs, napMs, sleepMs, stopping, driftPpm } = stage.settings
  const random = stage.random(`sleeping-laptops: ${name}`)
  const clockStops = random.chance(stopping)
  if (driftPpm > 0) stage.sim.setClockRate(name, 1 + random.between(-driftPpm, driftPpm) / 1e6)
  for (;;) {
    await stage.sleep(exponential(random.unit(), awakeMs))
    const wake = stage.sim.sleep(name, { clockStops })
    await stage.sleep(napMs + exponential(random.unit(), Math.max(0, sleepMs - napMs)))
    wake()
  }
}

/** As long as whatever happens at any moment with the same chance takes to happen. */
function exponential(unit: number, mean: number): number {
  return -mean * Math.log(1 - unit)
}
