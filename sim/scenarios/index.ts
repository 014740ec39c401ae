/** The ready scenarios, in the order in which `earshot sim --list` shows them. */
import type { AnyScenario } from '../scenario/scenario.ts'
import { steady } from './steady.ts'

export const SCENARIOS: readonly AnyScenario[] = [steady]
