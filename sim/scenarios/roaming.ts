/**
 * `roaming`: people walk through a building in which every floor is a network of its own, joined by a router.
 * Beacons stay on their floor, links pass. Who moves has a new address, and must be found by the new floor; the old
 * one may keep it, through the router, or must lose it, without one.
 */
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import { choiceSetting, countSetting, numberSetting } from '../scenario/settings.ts'

const settings = {
  floors: countSetting('networks, one to a floor', 3, { min: 2, max: 50 }),
  router: choiceSetting('whether a router joins the networks', 'yes', ['yes', 'no']),
  moveEveryMs: numberSetting('milliseconds between two moves of anybody', 2_000, { min: 10 }),
  betweenMs: numberSetting('milliseconds without any network during a move', 500),
}

export const roaming: AnyScenario = defineScenario({
  name: 'roaming',
  summary: 'nodes move from network to network, with a router between them',
  nodes: 18,
  durationMs: 60_000,
  settings,
  network: ({ settings: { floors, router } }) => {
    const names = Array.from({ length: floors }, (_, at) => floor(at))
    const networks = names.map((name) => ({ name, weather: 'wifi' }))
    return { networks, routers: router === 'yes' ? [{ joins: names }] : [] }
  },
  node: (index, { settings: { floors } }) => ({ networks: [floor(index % floors)] }),
  async faults(stage) {
    const { floors, moveEveryMs, betweenMs } = stage.settings
    const random = stage.random('roaming')
    await stage.every(moveEveryMs, async () => {
      const name = random.pick(stage.names)
      const to = floor(random.below(floors))
      if (stage.sim.member(name).host.attachments[0]?.subnet.name === to) return
      const plugIn = stage.sim.unplug(name)
      await stage.sleep(betweenMs)
      stage.sim.move(name, to)
      plugIn()
    })
  },
})

function floor(at: number): string {
  return `floor-${at + 1}`
}
