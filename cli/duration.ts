/**
 * Durations as people write them (`5`, `5s`, `500ms`, `1.5m`) and read them.
 */

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/** Timers of JavaScript take no more: 24.8 days. A longer one would fire at once. */
const DURATION_MS_MAX = 2 ** 31 - 1

/** Milliseconds; a number without a unit is seconds. `undefined` for what is no duration, or not above 0. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d*)?|\.\d+)(ms|s|m|h)?$/.exec(text.trim())
  if (match === null) return undefined
  const unit = (match[2] ?? 's') as keyof typeof UNIT_MS
  const ms = Number(match[1]) * UNIT_MS[unit]
  return ms > 0 && ms <= DURATION_MS_MAX ? ms : undefined
}

/** `500 ms`, `1.5 s`, `2 min`: for messages, to three digits or so. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${short(ms)} ms`
  if (ms < 60_000) return `${short(ms / 1_000)} s`
  return `${short(ms / 60_000)} min`
}

/** A round trip: `0.312 ms`, `12.3 ms`. Always milliseconds, so that columns compare. */
export function formatRoundTrip(ms: number): string {
  return `${ms < 1 ? ms.toFixed(3) : ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`
}

/** Milliseconds to three decimals, for programs: more is noise. */
export function roundedMs(ms: number): number {
  return Number(ms.toFixed(3))
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}
