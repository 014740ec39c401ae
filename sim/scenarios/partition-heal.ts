/**
 * `partition-heal`: a switch between two parts of the building fails, for longer than it takes a peer to expire, and
 * comes back; then again, elsewhere. Each side must forget the other, and find it again.
 */
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import { countSetting, numberSetting } from '../scenario/settings.ts'

const settings = {
  sides: countSetting('parts into which the network falls', 2, { min: 2, max: 100 }),
  calmMs: numberSetting('milliseconds before each partition', 10_000),
  partitionMs: numberSetting(
    'milliseconds that a partition lasts; peers expire after 30,000',
    35_000,
  ),
}

export const partitionHeal: AnyScenario = defineScenario({
  name: 'partition-heal',
  summary: 'the network falls into parts for longer than peers live, and heals',
  nodes: 20,
  durationMs: 110_000,
  settings,
  async faults(stage) {
    const { sides, calmMs, partitionMs } = stage.settings
    const random = stage.random('partition-heal')
    await stage.every(calmMs, async () => {
      const order = random.shuffle(stage.names)
      const parts = Array.from({ length: sides }, (_, part) =>
        order.filter((_, at) => at % sides === part),
      )
      const heal = stage.sim.partition(...parts.filter(({ length }) => length > 0))
      await stage.sleep(partitionMs)
      heal()
    })
  },
})
