/**
 * `goodbye-storm`: the bell rings, and most leave at the same moment: politely, or by holding the power button. Those
 * who stay must lose all who left, soon, and none of each other.
 */
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import { numberSetting } from '../scenario/settings.ts'

const settings = {
  bellMs: numberSetting('milliseconds until they leave', 15_000),
  leaving: numberSetting('share of the nodes that leave', 0.8, { max: 1 }),
  killed: numberSetting('share of these that are killed', 0.15, { max: 1 }),
  crashed: numberSetting('share of these whose power goes', 0.1, { max: 1 }),
}

export const goodbyeStorm: AnyScenario = defineScenario({
  name: 'goodbye-storm',
  summary: 'most nodes leave at the same moment, some without a word',
  nodes: 40,
  durationMs: 30_000,
  settings,
  async faults(stage) {
    const { bellMs, leaving, killed, crashed } = stage.settings
    const random = stage.random('goodbye-storm')
    const goers = random.shuffle(stage.names).slice(0, Math.round(stage.names.length * leaving))
    const kills = Math.round(goers.length * killed)
    const crashes = Math.round(goers.length * crashed)
    await stage.sleep(bellMs)
    for (const name of goers.slice(0, kills)) stage.sim.kill(name)
    for (const name of goers.slice(kills, kills + crashes)) stage.sim.crash(name)
    await stage.together(goers.slice(kills + crashes), (name) => stage.sim.leave(name))
  },
})
