/** A scenario of the consumer's own: one of three nodes goes and comes. */
import { defineScenario } from 'earshot/sim'

export default defineScenario({
  name: 'come-and-go',
  summary: 'one node leaves and comes again',
  nodes: 3,
  durationMs: 5_000,
  async faults(stage) {
    const [name] = stage.names
    await stage.sleep(1_000)
    await stage.sim.leave(name)
    await stage.sleep(1_000)
    await stage.sim.restart(name)
  },
})
