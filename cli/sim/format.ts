/** Numbers of a simulation as people read them: counts, rates, bytes, shares, moments. */
import { formatDuration } from '../duration.ts'

/** `12,345`. */
export function countText(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** `1 node`, `2 nodes`. */
export function plural(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** `940`, `345k`, `1.2M`: for lines that are rewritten all the time. */
export function shortCount(count: number): string {
  if (count < 1_000) return String(Math.round(count))
  if (count < 1_000_000) return `${short(count / 1_000)}k`
  return `${short(count / 1_000_000)}M`
}

/** `512 B`, `1.2 kB`, `34 MB`: powers of ten. */
export function bytesText(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`
  if (bytes < 1_000_000) return `${short(bytes / 1_000)} kB`
  if (bytes < 1_000_000_000) return `${short(bytes / 1_000_000)} MB`
  return `${short(bytes / 1_000_000_000)} GB`
}

/** A moment of virtual time: `61.234 s`. */
export function momentText(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`
}

/** `58 × real time`. */
export function speedText(virtualMs: number, wallMs: number): string {
  return `${short(virtualMs / Math.max(wallMs, 1))} × real time`
}

/** `about 5 min 50 s` would be a promise; `5.8 min` is an estimate. */
export function etaText(done: number, all: number, wallMs: number): string {
  return done === 0 ? '' : `${formatDuration(Math.max(1, (wallMs / done) * (all - done)))} left`
}

function short(value: number): string {
  if (value >= 100) return countText(value)
  return String(Number(value.toPrecision(2)))
}
