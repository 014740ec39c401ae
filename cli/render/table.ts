/**
 * Tables: aligned, with a heading, for terminals; values separated by tabs, without one, for pipes.
 */
import type { Paint, Style } from './style.ts'
import { padEnd, padStart, textWidth, truncate } from './width.ts'

export interface Column {
  readonly title: string
  readonly align?: 'right'
}

export interface Cell {
  readonly text: string
  readonly style?: Style
}

const GAP = '  '

/** Lines for a terminal of `width` columns. The last column gives way when there is too little room. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  paint: Paint,
  width: number,
): string[] {
  const heading = columns.map(({ title }): Cell => ({ text: title, style: 'dim' }))
  const widths = columns.map((_, i) => {
    return Math.max(...[heading, ...rows].map((row) => textWidth(row[i]?.text ?? '')))
  })
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0)
  const lastWidth = Math.max(width - before, 8)
  return [heading, ...rows].map((row) => {
    const cells = row.map(({ text, style }, i) => {
      const isLast = i === columns.length - 1
      const fitted = isLast
        ? truncate(text, lastWidth)
        : columns[i]?.align === 'right'
          ? padStart(text, widths[i] ?? 0)
          : padEnd(text, widths[i] ?? 0)
      return style === undefined ? fitted : paint(style, fitted)
    })
    return cells.join(GAP).trimEnd()
  })
}

/** One line of a pipe. The fields hold no tabs: they are escaped. */
export function tabbed(fields: readonly string[]): string {
  return fields.join('\t')
}
