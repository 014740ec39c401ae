/**
 * Virtual time: whole ticks of 1/16 ms, exact as a double in both units. What happens within one tick happens
 * at once; 62.5 µs are well below the latency of any local network.
 */

export const TICKS_PER_MS = 16
export const MS_PER_TICK: number = 1 / TICKS_PER_MS

export function msOf(ticks: number): number {
  return ticks * MS_PER_TICK
}

/** The first tick at or after a moment: what is due then is never early. */
export function ticksOf(ms: number): number {
  return Math.ceil(ms * TICKS_PER_MS)
}
