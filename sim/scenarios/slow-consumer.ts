/**
 * `slow-consumer`: everybody shouts, and a few cannot keep up: some applications stop reading for a while, some
 * hosts have a slow CPU. What waits for them must stay within its bounds, what does not fit must be refused and not
 * lost, and nobody may take them for gone: they are slow, not dead.
 */
import { nobodyLost } from '../checks/nobody-lost.ts'
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import { countSetting, numberSetting } from '../scenario/settings.ts'
import type { Stage } from '../scenario/stage.ts'

const settings = {
  readers: countSetting('nodes whose application stops reading now and then', 2),
  stopMs: numberSetting('milliseconds that they stop, and then that they read', 12_000, {
    min: 100,
  }),
  slow: countSetting('nodes with a slow CPU', 2),
  callMs: numberSetting('milliseconds of CPU that each event costs them', 2, { max: 1_000 }),
  everyMs: numberSetting('milliseconds between two messages of a node; 0: no messages', 200),
  messageBytes: countSetting('bytes of a message', 4_000, { min: 32, max: 1_000_000 }),
}

export const slowConsumer: AnyScenario = defineScenario({
  name: 'slow-consumer',
  summary: 'a few nodes stop reading or have a slow CPU while everybody shouts',
  nodes: 12,
  durationMs: 60_000,
  settings,
  checks: [nobodyLost],
  async faults(stage) {
    const { readers, slow } = stage.settings
    const order = stage.random('slow-consumer').shuffle(stage.names)
    await stage.sleep(5_000)
    for (const name of order.slice(readers, readers + slow)) {
      stage.sim.slowDown(name, stage.settings.callMs)
    }
    await stage.together(order.slice(0, readers), (name) => readInParts(stage, name))
  },
  async workload(stage) {
    const { everyMs, messageBytes } = stage.settings
    if (everyMs > 0) await stage.traffic({ everyMs, whispers: 0.1, bytes: messageBytes })
  },
})

async function readInParts(stage: Stage<typeof settings>, name: string): Promise<void> {
  const { stopMs } = stage.settings
  await stage.every(stopMs, async () => {
    const goOn = stage.sim.stopReading(name)
    await stage.sleep(stopMs)
    goOn()
  })
}
