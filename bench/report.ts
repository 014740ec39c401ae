/** Numbers into tables: medians, percentiles, and earshot's ratio to every other contender. */

export interface Row {
  /** Ends with its unit in parentheses. */
  readonly row: string
  readonly medians: Readonly<Record<string, number>>
}

export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** The nearest-rank percentile; `rank` from 0 to 100. */
export function percentile(values: readonly number[], rank: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const index = Math.ceil((rank / 100) * sorted.length) - 1
  return sorted[Math.max(0, index)] ?? Number.NaN
}

/** `names[0]` is the contender whose ratios are shown: value divided by the other's, as measured. */
export function renderTable(rows: readonly Row[], names: readonly string[]): string {
  const [subject, ...others] = names
  const header = ['', ...names, ...others.map((name) => `${subject} / ${name}`)]
  const body = rows.map(({ row, medians }) => [
    row,
    ...names.map((name) => round(medians[name])),
    ...others.map((name) => `${((medians[subject!] ?? 0) / (medians[name] ?? 0)).toFixed(2)}×`),
  ])
  const lines = [header, ...body]
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!),
        )
        .join('  '),
    )
    .join('\n')
}

function round(value: number | undefined): string {
  if (value === undefined) return '–'
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)
}
