/**
 * `conference-wifi`: a hall with far too many people on its wireless network. Everybody shares the air, a tenth of
 * the packets is lost, people walk from talk to talk (a group each), and now and then an access point drops all who
 * are on it for some seconds. Slow is fine; who is there must stay there, and memberships must be right in the end.
 */
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import { countSetting, numberSetting } from '../scenario/settings.ts'
import type { Stage } from '../scenario/stage.ts'

const settings = {
  sharedKbps: numberSetting('what all share of the air, in kilobits per second', 30_000, {
    min: 100,
  }),
  talks: countSetting('talks at a time: groups that people join and leave', 4, { min: 1 }),
  talkMs: numberSetting('milliseconds that a person stays in a talk, on average', 15_000, {
    min: 100,
  }),
  accessPoints: countSetting('access points of the hall', 3, { min: 1 }),
  dropEveryMs: numberSetting('milliseconds from one drop of an access point to the next', 20_000, {
    min: 1_000,
  }),
  dropMs: numberSetting('milliseconds that a drop lasts', 4_000),
  everyMs: numberSetting('milliseconds between two messages of a node; 0: no messages', 3_000),
}

export const conferenceWifi: AnyScenario = defineScenario({
  name: 'conference-wifi',
  summary: 'a crowded wireless network, people who change groups, access points that drop',
  nodes: 30,
  durationMs: 60_000,
  settings,
  network: ({ settings: { sharedKbps } }) => ({
    networks: [{ name: 'hall', weather: 'crowded-wifi', sharedKbps }],
  }),
  bootMs: 5_000,
  async faults(stage) {
    await stage.together([changeTalks, dropAccessPoints], (script) => script(stage))
  },
})

async function changeTalks(stage: Stage<typeof settings>): Promise<void> {
  const { talks, talkMs } = stage.settings
  const random = stage.random('conference-wifi: talks')
  await stage.every(talkMs / stage.members.length, () => {
    const { node } = random.pick(stage.members)
    const talk = `talk-${1 + random.below(talks)}`
    if (node === undefined || node.join(talk)) return
    node.leave(talk)
  })
}

async function dropAccessPoints(stage: Stage<typeof settings>): Promise<void> {
  const { accessPoints, dropEveryMs, dropMs } = stage.settings
  const random = stage.random('conference-wifi: drops')
  await stage.every(dropEveryMs, async () => {
    const which = random.below(accessPoints)
    const dropped = stage.names.filter((_, index) => index % accessPoints === which)
    const ends = dropped.map((name) => stage.sim.unplug(name))
    await stage.sleep(dropMs)
    for (const end of ends) end()
  })
}
