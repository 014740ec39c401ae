/** Numbers in at most five columns, so that a table does not jump. */

const UNITS = ['', 'k', 'M', 'G', 'T', 'P'] as const

/** `0`, `0.4`, `9.5`, `345`, `1.2k`, `34k`, `1.2M`; `-` for what is unknown. */
export function compact(value: number | undefined): string {
  if (value === undefined) return '-'
  let rest = value
  let unit = 0
  // What would be rounded to four digits has the next unit.
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1_000
    unit++
  }
  if (Number.isInteger(rest)) return `${rest}${UNITS[unit]}`
  if (unit === 0 && rest < 0.05) return '<0.1'
  return `${rest < 9.95 ? rest.toFixed(1) : rest.toFixed(0)}${UNITS[unit]}`
}

/** What is not counted but measured: a whole number looks as others do. */
export function compactRate(value: number | undefined): string {
  const isWhole = Number.isInteger(value) && value !== 0 && (value as number) < 10
  return isWhole ? (value as number).toFixed(1) : compact(value)
}

/** Milliseconds: `0.31`, `4.21`, `12.3`, `345`, `1.2k`. */
export function compactMs(value: number | undefined): string {
  if (value === undefined || value >= 99.95) return compact(value && Math.round(value))
  return value < 9.995 ? value.toFixed(2) : value.toFixed(1)
}
