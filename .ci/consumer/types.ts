/** The installed package's types, as a program of a user sees them. Compiled, never run. */
import { createNode, EarshotError, type MeshNode } from 'earshot'
import { createNodeOn, type Platform } from 'earshot/core'
import {
  type Check,
  createSimulation,
  defineScenario,
  numberSetting,
  type RunResult,
  runScenario,
  type Scenario,
} from 'earshot/sim'

export async function start(): Promise<MeshNode> {
  const node = await createNode({ name: 'kitchen', interfaces: '127.0.0.1' })
  node.on('shout', ({ peer, group, message }) => `${peer.name} ${group} ${message.text()}`)
  for await (const event of node.events()) if (event.type === 'enter') break
  return node
}

export async function startOn(platform: Platform): Promise<string> {
  try {
    await using node = await createNodeOn(platform, { groups: ['chat'] })
    return node.name
  } catch (error) {
    return error instanceof EarshotError ? error.code : 'unknown'
  }
}

export async function simulate(): Promise<MeshNode[]> {
  const sim = createSimulation({ seed: 7, networks: [{ name: 'hall', weather: 'wifi' }] })
  const node: MeshNode = await sim.addNode({ name: 'kitchen', networks: ['hall'] })
  const undo = sim.partition([node])
  await sim.run(5_000)
  undo()
  return sim.nodes()
}

const quiet: Check = {
  name: 'quiet',
  summary: 'nobody complains',
  watch: ({ report }) => ({
    event(member, _node, event) {
      if (event.type === 'warning') report(`${member.name}: ${event.reason}`)
    },
  }),
}

const settings = { pauseMs: numberSetting('milliseconds that a node is away', 1_000, { min: 1 }) }

export const scenario: Scenario<typeof settings> = defineScenario({
  name: 'come-and-go',
  summary: 'one node leaves and comes again',
  nodes: 3,
  durationMs: 5_000,
  settings,
  checks: [quiet],
  async faults(stage) {
    const pauseMs: number = stage.settings.pauseMs
    const name = stage.random('who').pick(stage.names)
    await stage.sim.leave(name)
    await stage.sleep(pauseMs)
    await stage.sim.restart(name)
  },
})

export async function run(): Promise<RunResult> {
  return (await runScenario(scenario, { seed: 'friday-13', nodes: 5 })).result
}
