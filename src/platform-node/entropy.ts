/** Randomness: the operating system's for secrets, `Math.random` for jitter. */
import { randomFillSync } from 'node:crypto'
import type { Entropy } from '../runtime/platform.ts'

export const nodeEntropy: Entropy = {
  fill: (bytes) => randomFillSync(bytes),
  random: () => Math.random(),
}
