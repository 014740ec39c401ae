/** What a run is started with, in full: printed first, and enough to run exactly this again. */
import type { Chunking } from '../network/tcp-shared.ts'
import { COALESCE_MS_MAX } from '../network/topology.ts'
import { WEATHERS } from '../network/weather.ts'
import type { AnyScenario } from './scenario.ts'
import {
  type ChoiceSetting,
  choiceSetting,
  countSetting,
  type NumberSetting,
  numberSetting,
  type Settings,
} from './settings.ts'

/** What `--set` may change in every scenario. */
export const COMMON_SETTINGS: {
  readonly weather: ChoiceSetting
  readonly chunking: ChoiceSetting<Chunking>
  readonly coalesceMs: NumberSetting
  readonly everyMs: NumberSetting
  readonly messageBytes: NumberSetting
} = {
  weather: choiceSetting('weather of all networks, instead of the scenario’s own', 'own', [
    'own',
    ...Object.keys(WEATHERS),
  ] as const),
  chunking: choiceSetting<Chunking>('how byte streams are cut into chunks', 'natural', [
    'natural',
    'torture',
  ]),
  coalesceMs: numberSetting(
    'milliseconds for which interfaces gather what arrives: makes large simulations faster; 0: none',
    0,
    { max: COALESCE_MS_MAX },
  ),
  everyMs: numberSetting('milliseconds between two messages of a node; 0: no messages', 1_000),
  messageBytes: countSetting('bytes of a message', 100, { min: 32, max: 1_000_000 }),
}

export interface RunInfo {
  readonly scenario: string
  readonly seed: number | string
  readonly nodes: number
  readonly durationMs: number
  readonly settings: Readonly<Record<string, string | number>>
  readonly checks: readonly string[]
}

/** The command that runs exactly this again: everything that differs from the defaults. */
export function replayCommand(scenario: AnyScenario, info: RunInfo): string {
  const declared: Settings = { ...COMMON_SETTINGS, ...scenario.settings }
  const words = ['earshot sim', info.scenario, `--nodes ${info.nodes}`, `--seed ${info.seed}`]
  words.push(`--for ${info.durationMs}ms`)
  for (const [name, value] of Object.entries(info.settings)) {
    if (value !== declared[name]?.default) words.push(`--set ${name}=${value}`)
  }
  return words.join(' ')
}
