/**
 * `churn`: one node after the other is toggled, as Zyre's own tester does it: what runs leaves or is killed, what
 * is down starts again. About half of the nodes run at any time. Whatever comes and goes, views must follow.
 */
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import { numberSetting } from '../scenario/settings.ts'

const settings = {
  toggleMs: numberSetting('milliseconds between two nodes that are toggled', 750, { min: 10 }),
  killed: numberSetting('share of ends that are kills; the rest are polite', 0.5, {
    max: 1,
  }),
  sameIdentity: numberSetting('share of starts with the old identity', 0.1, { max: 1 }),
}

export const churn: AnyScenario = defineScenario({
  name: 'churn',
  summary: 'one node is toggled each 750 ms: leaves, is killed, starts again',
  nodes: 20,
  durationMs: 60_000,
  settings,
  async faults(stage) {
    const { toggleMs, killed, sameIdentity } = stage.settings
    const whom = stage.random('churn: whom')
    const how = stage.random('churn: how')
    await stage.every(toggleMs, () => {
      const { name, node, isLeaving } = whom.pick(stage.members)
      if (node === undefined) {
        return stage.sim.restart(name, { sameIdentity: how.chance(sameIdentity) })
      }
      if (how.chance(killed)) return stage.sim.kill(name)
      return isLeaving ? undefined : stage.sim.leave(name)
    })
  },
})
