/**
 * `beacon-blackout`: a switch that is too clever stops broadcasts, for longer than it takes a silent peer to expire,
 * while links go on. Nodes then ask each other over their links, every few seconds, and the answers are signs of
 * life: nobody may be lost. Only who starts meanwhile stays unknown until it is over.
 */
import { nobodyLost } from '../checks/nobody-lost.ts'
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import { numberSetting } from '../scenario/settings.ts'

const settings = {
  calmMs: numberSetting('milliseconds before broadcasts stop', 10_000),
  blackoutMs: numberSetting('milliseconds that they stop; peers expire after 30,000', 70_000),
  everyMs: numberSetting('milliseconds between two messages of a node; 0: no messages', 20_000),
}

export const beaconBlackout: AnyScenario = defineScenario({
  name: 'beacon-blackout',
  summary: 'broadcasts stop for longer than a silent peer lives, while links go on',
  nodes: 20,
  durationMs: 100_000,
  settings,
  checks: [nobodyLost],
  async faults(stage) {
    const { calmMs, blackoutMs } = stage.settings
    await stage.sleep(calmMs)
    const unblock = stage.sim.blockBroadcasts()
    await stage.sleep(blackoutMs)
    unblock()
  },
})
