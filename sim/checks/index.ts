/** All checks; every run has all of them, except for those that its scenario gives a reason to leave out. */
import type { Check } from './check.ts'
import { convergence } from './convergence.ts'

export const CHECKS: readonly Check[] = [convergence]
