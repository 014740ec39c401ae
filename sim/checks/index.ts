/** All checks; every run has all of them, except for those that its scenario gives a reason to leave out. */
import { bounds } from './bounds.ts'
import type { Check } from './check.ts'
import { convergence } from './convergence.ts'
import { eventOrder } from './event-order.ts'
import { membership } from './membership.ts'
import { noFalseExit } from './no-false-exit.ts'
import { noInvention } from './no-invention.ts'
import { noLeaks } from './no-leaks.ts'
import { noLoss } from './no-loss.ts'
import { noSurpriseWarnings } from './no-surprise-warnings.ts'
import { order } from './order.ts'
import { timelyExit } from './timely-exit.ts'

export const CHECKS: readonly Check[] = [
  convergence,
  membership,
  eventOrder,
  noFalseExit,
  timelyExit,
  order,
  noInvention,
  noLoss,
  bounds,
  noLeaks,
  noSurpriseWarnings,
]
