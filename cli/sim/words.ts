/** Words of `earshot sim` for completion: names of scenarios, of settings and of checks. */
import { CHECKS } from '../../sim/checks/index.ts'
import { COMMON_SETTINGS } from '../../sim/scenario/info.ts'
import { SCENARIOS } from '../../sim/scenarios/index.ts'
import type { KnownWords } from '../completion/words.ts'

export function simWords(): KnownWords {
  const declared = [COMMON_SETTINGS, ...SCENARIOS.map(({ settings }) => settings)]
  const settings = new Set(declared.flatMap((each) => Object.keys(each)))
  return {
    ofArguments: { sim: SCENARIOS.map(({ name }) => name) },
    ofOptions: {
      '--set': [...settings].map((name) => `${name}=`),
      '--skip-check': CHECKS.map(({ name }) => name),
    },
  }
}
