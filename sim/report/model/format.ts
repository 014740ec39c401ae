/** Numbers for people, with their units. */

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const
const COUNT_UNITS = ['', ' k', ' M', ' G'] as const

/** Three significant digits: `1.25 MB`. */
export function formatBytes(bytes: number): string {
  return scaled(
    bytes,
    BYTE_UNITS.map((unit) => ` ${unit}`),
  )
}

/** Whole numbers as they are up to a million, with thin spaces: `999 000`; others short: `2.34 M`. */
export function formatCount(count: number): string {
  if (Math.abs(count) >= 1e6) return scaled(count, COUNT_UNITS)
  if (Number.isInteger(count)) return String(count).replace(/\B(?=(\d{3})+$)/g, ' ')
  return significant(count)
}

/** For axes: as short as can be. */
export function formatShort(count: number): string {
  return scaled(count, COUNT_UNITS).replace(' ', '')
}

/** `0.42 ms`, `350 ms`, `12.3 s`, `4 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${significant(ms)} ms`
  if (ms < 120_000) return `${significant(ms / 1_000)} s`
  const seconds = Math.round(ms / 1_000)
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** A moment of the run, to the millisecond where that says something: `12.345 s`. */
export function formatMoment(ms: number): string {
  const digits = ms < 600_000 ? 3 : 1
  return `${(ms / 1_000).toFixed(digits)} s`
}

export function formatPercent(share: number): string {
  if (share > 0.995 && share < 1) return '>99 %'
  return `${significant(100 * share, 2)} %`
}

function scaled(value: number, units: readonly string[]): string {
  let rest = value
  let unit = 0
  while (Math.abs(rest) >= 1_000 && unit < units.length - 1) {
    rest /= 1_000
    unit++
  }
  return `${significant(rest)}${units[unit]}`
}

function significant(value: number, digits = 3): string {
  if (value === 0) return '0'
  if (Math.abs(value) >= 10 ** digits) return String(Math.round(value))
  return String(Number(value.toPrecision(digits)))
}
