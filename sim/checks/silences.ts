/** Silences: what a member's node, by its options, makes of hearing nothing. In milliseconds. */
import { DEFAULT_TIMERS } from '../../src/mesh/options.ts'
import type { Member } from '../population.ts'

/** Silence after which its peers are evasive. */
export function evasiveMsOf({ options }: Member): number {
  const { evasiveMs, silentMs } = options.timers ?? {}
  return evasiveMs ?? Math.min(DEFAULT_TIMERS.evasiveMs, (silentMs ?? Number.POSITIVE_INFINITY) / 2)
}

/** Silence after which its peers are gone, at the most. */
export function expiredMsOf({ options }: Member): number {
  const { evasiveMs, silentMs, expiredMs } = options.timers ?? {}
  if (expiredMs !== undefined) return expiredMs
  const silent = silentMs ?? 2 * (evasiveMs ?? DEFAULT_TIMERS.evasiveMs)
  return Math.max(DEFAULT_TIMERS.expiredMs, 3 * silent)
}

/** Whether it beacons often enough for a node with `evasiveMs` never to miss it. */
export function beaconsWithin(evasiveMs: number, { options }: Member): boolean {
  const { beaconIntervalMs = DEFAULT_TIMERS.beaconIntervalMs } = options.timers ?? {}
  return beaconIntervalMs > 0 && 4 * beaconIntervalMs <= evasiveMs
}
