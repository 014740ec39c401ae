/** The seed where none is given: the only thing about a run that is not decided by it. */
import { randomInt } from 'node:crypto'

/** Above all that anybody types, short enough to be typed. */
const SEED_END = 1_000_000_000

export function drawSeed(): number {
  return randomInt(1, SEED_END)
}
