/**
 * `cold-boot`: the power comes back, or a classroom opens its lids: all nodes start at the same moment, and nothing
 * else happens. It ends once all see each other, so its numbers are those of the start alone. For measuring.
 */
import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import { type AnyScenario, defineScenario } from '../scenario/scenario.ts'
import type { NumberSetting } from '../scenario/settings.ts'
import { numberSetting } from '../scenario/settings.ts'

const settings: {
  readonly everyMs: NumberSetting
  readonly spreadMs: NumberSetting
  readonly dialsPerSecond: NumberSetting
  readonly dialsAtOnce: NumberSetting
} = {
  everyMs: numberSetting('milliseconds between two messages of a node; 0: no messages', 0),
  spreadMs: numberSetting('milliseconds over which the nodes start; 0: all at once', 0, {
    max: 600_000,
  }),
  dialsPerSecond: numberSetting(
    'dials that a node may start per second',
    DEFAULT_LIMITS.dialsPerSecond,
    { min: 1, max: 100_000 },
  ),
  dialsAtOnce: numberSetting('dials that a node may have under way', DEFAULT_LIMITS.dialsAtOnce, {
    min: 1,
    max: 100_000,
  }),
}

export const coldBoot: AnyScenario = defineScenario({
  name: 'cold-boot',
  summary: 'all nodes start at once; ends as soon as all see each other',
  nodes: 50,
  durationMs: 60_000,
  settings,
  untilComplete: true,
  bootMs: ({ settings: { spreadMs } }) => spreadMs,
  node: (_index, { settings: { dialsPerSecond, dialsAtOnce } }) => ({
    limits: { dialsPerSecond, dialsAtOnce },
  }),
})
