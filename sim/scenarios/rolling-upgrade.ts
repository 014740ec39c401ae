/**
 * `rolling-upgrade`: an operator restarts each node in turn with a new version, told by a header. Every node has a
 * fixed mailbox port, so the new process is at the endpoint of the old one: with a new identity, or (some) with
 * that of before. Nobody may be taken for its predecessor.
 */
import type { Check } from '../checks/check.ts'
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import { numberSetting } from '../scenario/settings.ts'

const HEADER = 'X-VERSION'
const PORT = 49_200

const settings = {
  calmMs: numberSetting('milliseconds before the first restart', 5_000),
  pauseMs: numberSetting('milliseconds from one restart to the next', 1_500, { min: 10 }),
  downMs: numberSetting('milliseconds that a node is down', 700),
  killed: numberSetting('share of nodes that are killed rather than asked to stop', 0.2, {
    max: 1,
  }),
  crashed: numberSetting('share of the rest that lose their power', 0, { max: 1 }),
  sameIdentity: numberSetting('share of nodes that keep their identity', 0.3, { max: 1 }),
}

const newVersions: Check = {
  name: 'new-versions',
  summary: 'everybody sees everybody with the headers that it has now',
  watch: ({ sim, report }) => ({
    settled() {
      for (const { name, node } of sim.members) {
        for (const peer of node?.peers() ?? []) {
          const wanted = sim.memberOf(peer.id)?.options.headers?.[HEADER]
          const seen = peer.headers[HEADER]
          if (seen !== wanted) report(`${name} sees ${peer.name} at version ${seen}, not ${wanted}`)
        }
      }
    },
  }),
}

export const rollingUpgrade: AnyScenario = defineScenario({
  name: 'rolling-upgrade',
  summary: 'each node in turn stops and starts again as a new version',
  nodes: 20,
  durationMs: 60_000,
  settings,
  checks: [newVersions],
  node: () => ({ mailboxPort: PORT, headers: { [HEADER]: '1' } }),
  async faults(stage) {
    const { calmMs, pauseMs, downMs, killed, crashed, sameIdentity } = stage.settings
    const random = stage.random('rolling-upgrade')
    const upgrades = stage.names.map((name, at) => ({
      name,
      atMs: calmMs + at * pauseMs,
      isKilled: random.chance(killed),
      isCrashed: random.chance(crashed),
      restart: { sameIdentity: random.chance(sameIdentity), headers: { [HEADER]: '2' } },
    }))
    await stage.together(upgrades, async ({ name, atMs, isKilled, isCrashed, restart }) => {
      await stage.sleepUntil(atMs)
      if (isKilled) stage.sim.kill(name)
      else if (isCrashed) stage.sim.crash(name)
      else await stage.sim.leave(name)
      await stage.sleep(downMs)
      await stage.sim.restart(name, restart)
    })
  },
})
