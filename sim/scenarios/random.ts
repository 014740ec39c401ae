/**
 * `random`: whatever can happen, in an order that nobody would think of. The seed decides the networks and their
 * weather, how nodes start, what groups they are in, how much they say, and a sequence of faults of every kind the
 * simulator has, several at a time. After this safety phase, in which nothing wrong may be told, all faults end and
 * the mesh must converge.
 *
 * A failing run is made smaller with `firstFault` and `lastFault`, `only`, fewer nodes and less time.
 */
import type { SubnetOptions } from '../network/topology.ts'
import { WEATHERS } from '../network/weather.ts'
import type { AddNodeOptions } from '../population.ts'
import type { NetworkPlan, Plan } from '../scenario/plan.ts'
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import { choiceSetting, countSetting, numberSetting } from '../scenario/settings.ts'
import type { Stage } from '../scenario/stage.ts'
import { perform } from './random-acts.ts'
import { ACT_KINDS, type Act, drawActs } from './random-plan.ts'

const settings = {
  faultEveryMs: numberSetting('milliseconds between two faults, on average', 2_500, { min: 10 }),
  shortestMs: numberSetting('milliseconds of the shortest faults', 100, { min: 1 }),
  longestMs: numberSetting(
    'milliseconds of the longest faults; peers expire after 30,000',
    45_000,
    {
      min: 1,
    },
  ),
  calmMs: numberSetting('milliseconds before the first fault', 3_000),
  only: choiceSetting('faults of one kind only', 'all', ['all', ...ACT_KINDS]),
  firstFault: countSetting('number of the first fault that is done', 1),
  lastFault: countSetting('number of the last fault that is done', 1_000_000),
  networks: countSetting('networks; 0: drawn', 0, { max: 20 }),
  chunking: choiceSetting('how byte streams are cut into chunks', 'drawn', [
    'drawn',
    'natural',
    'torture',
  ]),
  groups: choiceSetting('whether nodes join and leave groups', 'yes', ['yes', 'no']),
  messages: choiceSetting('whether nodes say anything', 'yes', ['yes', 'no']),
  everyMs: numberSetting('milliseconds between two messages of a node; 0: drawn', 0),
  messageBytes: countSetting('bytes of a message; 0: drawn', 0, { max: 1_000_000 }),
}

type RandomPlan = Plan<typeof settings>
type RandomStage = Stage<typeof settings>

const TOPICS = ['red', 'green', 'blue', 'a group with a long name', 'ÄÖÜ'] as const
const MAILBOX_PORT = 49_999
/** What all nodes together may say to all others per second: faults are looked for, not speed. */
const BYTES_PER_SECOND = 500_000
const DELIVERIES_PER_SECOND = 500
/** Before the end, some of what is down is started again. */
const LAST_START_MS = 1_000

export const random: AnyScenario = defineScenario({
  name: 'random',
  summary: 'networks, nodes, traffic and a sequence of faults of every kind, drawn from the seed',
  nodes: 16,
  durationMs: 120_000,
  settings,
  network: drawNetworks,
  node: drawNode,
  bootMs: (plan) => {
    const stream = plan.random('random: boot')
    return Math.min(plan.durationMs / 10, stream.pick([0, 0, 1_000, 10_000]) * stream.unit())
  },
  async faults(stage) {
    const acts = plannedActs(stage)
    await stage.together(
      [...acts.map((act) => () => perform(stage, act)), () => startAgain(stage)],
      (script) => script(),
    )
  },
  async workload(stage) {
    await stage.together([changeGroups, talk, talkBig], (script) => script(stage))
  },
})

/** What is done in a run, and is not left out by the settings. */
function plannedActs(stage: RandomStage): Act[] {
  const { faultEveryMs, calmMs, shortestMs, longestMs, only, firstFault, lastFault } =
    stage.settings
  const kind = ACT_KINDS.find((each) => each === only)
  const acts = drawActs((purpose) => stage.random(purpose), {
    nodes: stage.names.length,
    fromMs: calmMs,
    untilMs: stage.durationMs - LAST_START_MS,
    everyMs: faultEveryMs,
    shortestMs: Math.min(shortestMs, longestMs),
    longestMs,
    kinds: kind === undefined ? ACT_KINDS : [kind],
  })
  return acts.filter(({ number }) => number >= firstFault && number <= lastFault)
}

function networkCount(plan: RandomPlan): number {
  if (plan.settings.networks > 0) return plan.settings.networks
  return plan.random('random: count of networks').pick([1, 1, 1, 2, 3])
}

function drawNetworks(plan: RandomPlan): NetworkPlan {
  const networks = Array.from({ length: networkCount(plan) }, (_, index): SubnetOptions => {
    const stream = plan.random(`random: network ${index}`)
    const weather = stream.pick(['drawn', 'drawn', ...Object.keys(WEATHERS)])
    const loss = stream.pick([0, 0.01, 0.1])
    const drawn = { jitterMs: stream.between(0, 20), loss, duplicate: 0.1 * stream.unit() }
    const sharedKbps = stream.chance(0.3) ? stream.between(20_000, 200_000) : Infinity
    return { name: `net-${index + 1}`, weather: weather === 'drawn' ? drawn : weather, sharedKbps }
  })
  const stream = plan.random('random: router')
  const isJoined = stream.chance(0.7)
  const { chunking } = plan.settings
  const drawnChunking = plan.random('random: chunking').pick(['natural', 'torture'] as const)
  return {
    networks,
    routers: isJoined ? [{ joins: networks.map(({ name }) => name!) }] : [],
    chunking: chunking === 'drawn' ? drawnChunking : chunking,
  }
}

function drawNode(index: number, plan: RandomPlan): AddNodeOptions {
  const stream = plan.random(`random: node ${index}`)
  const count = networkCount(plan)
  const first = stream.below(count)
  // Some hosts have two interfaces.
  const second = stream.chance(0.15) ? stream.below(count) : first
  const networks = [...new Set([first, second])].map((each) => `net-${each + 1}`)
  const topics = TOPICS.filter(() => stream.chance(0.3))
  return {
    networks,
    groups: stream.chance(0.9) ? ['all', ...topics] : topics,
    headers: { 'X-INDEX': String(index) },
    ...(stream.chance(0.5) && { mailboxPort: MAILBOX_PORT }),
  }
}

/** Some of what is down at the end is to be seen by all, the rest by nobody. */
async function startAgain(stage: RandomStage): Promise<void> {
  await stage.sleepUntil(stage.durationMs - LAST_START_MS / 2)
  const stream = stage.random('random: last starts')
  for (const { name, host } of stage.members) {
    const isStarted = stream.chance(0.6)
    const { node } = stage.sim.member(name)
    if (isStarted && node === undefined && host.power !== 'asleep') await stage.sim.restart(name)
  }
}

async function changeGroups(stage: RandomStage): Promise<void> {
  const stream = stage.random('random: groups')
  // Everybody is told of each change.
  const everyMs = Math.max(stream.pick([50, 500, 5_000]), leastMs(stage.names.length))
  if (stage.settings.groups === 'no') return
  await stage.every(everyMs, () => {
    const { node, isLeaving, process } = stream.pick(stage.members)
    const topic = stream.pick(TOPICS)
    if (node === undefined || isLeaving || process?.isFrozen) return
    if (!node.join(topic)) node.leave(topic)
  })
}

async function talk(stage: RandomStage): Promise<void> {
  const { messages, everyMs, messageBytes } = stage.settings
  if (messages === 'no') return
  const stream = stage.random('random: traffic')
  const { length } = stage.names
  const drawnMs = Math.max(stream.pick([200, 1_000, 5_000]), leastMs(length) * length)
  const ms = everyMs > 0 ? everyMs : drawnMs
  const most = (BYTES_PER_SECOND * ms) / 1_000 / length ** 2
  const drawnBytes = Math.round(50 * Math.max(1, most / 50) ** stream.unit())
  const bytes = messageBytes > 0 ? messageBytes : drawnBytes
  await stage.traffic({ everyMs: ms, whispers: stream.unit(), bytes })
}

/** Between two messages to all of so many nodes. */
function leastMs(nodes: number): number {
  return (1_000 * nodes) / DELIVERIES_PER_SECOND
}

/** Now and then somebody whispers what is larger than any buffer on the way. */
async function talkBig(stage: RandomStage): Promise<void> {
  const stream = stage.random('random: big messages')
  if (stage.settings.messages === 'no' || stream.chance(0.6)) return
  const bytes = Math.round(stream.between(100_000, 1_000_000))
  await stage.traffic({ everyMs: 5_000 * stage.names.length, whispers: 1, bytes })
}
