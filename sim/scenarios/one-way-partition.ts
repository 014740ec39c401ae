/**
 * `one-way-partition`: a firewall rule, a broken antenna: what some nodes send reaches the others no more, while
 * they hear everything. Their beacons come, their links are dead or the other way round. Both sides must end up with
 * the truth once it is over.
 */
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import { numberSetting } from '../scenario/settings.ts'

const settings = {
  mute: numberSetting('share of the nodes that nobody hears', 0.3, { max: 1 }),
  calmMs: numberSetting('milliseconds before each time', 10_000),
  blockMs: numberSetting('milliseconds that it lasts; peers expire after 30,000', 40_000),
}

export const oneWayPartition: AnyScenario = defineScenario({
  name: 'one-way-partition',
  summary: 'some nodes are not heard by the others, but hear them',
  nodes: 20,
  durationMs: 110_000,
  settings,
  async faults(stage) {
    const { mute, calmMs, blockMs } = stage.settings
    const random = stage.random('one-way-partition')
    await stage.every(calmMs, async () => {
      const order = random.shuffle(stage.names)
      const count = Math.round(order.length * mute)
      const unblock = stage.sim.block(order.slice(0, count), order.slice(count))
      await stage.sleep(blockMs)
      unblock()
    })
  },
})
