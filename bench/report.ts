/** Numbers into text: medians, percentiles, tables. */

export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** The nearest-rank percentile; `rank` from 0 to 100. */
export function percentile(values: readonly number[], rank: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const index = Math.ceil((rank / 100) * sorted.length) - 1
  return sorted[Math.max(0, index)] ?? Number.NaN
}

/** A dash where there is no number. */
export function numberText(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–'
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(value >= 10 ? 1 : 2)
}

export function factorText(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? '–' : `${numberText(value)}×`
}

/** The first line is the header. `textColumns` columns, from the left, hold text; the others are numbers. */
export function tableText(lines: readonly (readonly string[])[], textColumns: number): string {
  const columns = lines[0]?.length ?? 0
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...lines.map((line) => line[column]!.length)),
  )
  const fill = (cell: string, column: number): string => {
    const width = widths[column]!
    return column < textColumns ? cell.padEnd(width) : cell.padStart(width)
  }
  return lines.map((line) => line.map(fill).join('  ').trimEnd()).join('\n')
}
