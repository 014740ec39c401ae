/**
 * `flash-crowd`: a few nodes have been there for a while; then doors open, and everybody comes within seconds. Later
 * many leave again within seconds. Those who stay must have seen all come and all go.
 */
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import { countSetting, numberSetting } from '../scenario/settings.ts'

const settings = {
  early: countSetting('nodes that are there from the start', 5, { min: 1 }),
  doorsMs: numberSetting('milliseconds until the crowd comes', 10_000),
  arriveMs: numberSetting('milliseconds within which the crowd comes', 3_000),
  stayMs: numberSetting('milliseconds from the last arrival to the first departure', 20_000),
  leaving: numberSetting('share of the crowd that leaves again', 0.7, { max: 1 }),
  leaveMs: numberSetting('milliseconds within which they leave', 3_000),
}

export const flashCrowd: AnyScenario = defineScenario({
  name: 'flash-crowd',
  summary: 'a few nodes, then a crowd within seconds, and many of it leave again',
  nodes: 50,
  durationMs: 60_000,
  settings,
  network: () => ({ networks: [{ weather: 'wifi' }] }),
  lateFrom: ({ settings: { early } }) => early,
  async faults(stage) {
    const { early, doorsMs, arriveMs, stayMs, leaving, leaveMs } = stage.settings
    const crowd = stage.names.slice(early)
    const random = stage.random('flash-crowd')
    const arrivals = crowd.map((name) => ({ name, afterMs: random.between(0, arriveMs) }))
    const goers = random.shuffle(crowd).slice(0, Math.round(crowd.length * leaving))
    const departures = goers.map((name) => ({ name, afterMs: random.between(0, leaveMs) }))
    await stage.sleep(doorsMs)
    await stage.together(arrivals, async ({ name, afterMs }) => {
      await stage.sleep(afterMs)
      await stage.sim.start(name)
    })
    await stage.sleep(stayMs)
    await stage.together(departures, async ({ name, afterMs }) => {
      await stage.sleep(afterMs)
      await stage.sim.leave(name)
    })
  },
})
