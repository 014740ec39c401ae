/** Numbers of a simulation as people read them: rates, moments, what is left. */
import { formatDuration } from '../duration.ts'
import { shortText } from '../render/amounts.ts'

/** `940`, `345k`, `1.2M`: for lines that are rewritten all the time. */
export function shortCount(count: number): string {
  if (count < 1_000) return String(Math.round(count))
  if (count < 1_000_000) return `${shortText(count / 1_000)}k`
  return `${shortText(count / 1_000_000)}M`
}

/** A moment of virtual time: `61.234 s`. */
export function momentText(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`
}

/** `58 × real time`. */
export function speedText(virtualMs: number, wallMs: number): string {
  return `${shortText(virtualMs / Math.max(wallMs, 1))} × real time`
}

/** `about 5 min 50 s` would be a promise; `5.8 min` is an estimate. */
export function etaText(done: number, all: number, wallMs: number): string {
  return done === 0 ? '' : `${formatDuration(Math.max(1, (wallMs / done) * (all - done)))} left`
}
