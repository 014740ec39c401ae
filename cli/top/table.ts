/** The table of `earshot top`, as lines: sorted, laid out for the room there is, and above it what it all comes to. */

import { compareNames, type Frame, type NodeRow, type Silence } from '../monitor/rows.ts'
import { counted } from '../render/amounts.ts'
import { EXIT_WORDS, timeOfDay } from '../render/event-lines.ts'
import type { Paint, Style } from '../render/style.ts'
import { padEnd, padStart, textWidth, truncate } from '../render/width.ts'
import { COLUMNS, type ColumnKey, columnOf, isNumber, type TopColumn } from './columns.ts'
import { compact, compactRate } from './numbers.ts'

export interface Order {
  readonly column: ColumnKey
  /** Against the usual direction: texts ascend, numbers descend. */
  readonly reverse: boolean
}

/** In the pipe of a script there is room for everything. */
export const UNLIMITED: number = Number.POSITIVE_INFINITY

const ID_WIDTH_SHORT = 4
const NAME_WIDTH_MAX = 32

export function sorted(rows: readonly NodeRow[], { column, reverse }: Order): NodeRow[] {
  const { value } = columnOf(column)
  const direction = reverse ? -1 : 1
  return [...rows].sort((a, b) => {
    if (column === 'name') return direction * compareNames(a, b)
    return compareValues(value(a), value(b), direction) || compareNames(a, b)
  })
}

type Value = string | number | undefined

/** What is unknown is last in either direction. */
function compareValues(a: Value, b: Value, direction: number): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
  if (a === b) return 0
  if (typeof a === 'string') return a < String(b) ? -direction : direction
  return a > Number(b) ? -direction : direction
}

/** The columns that a terminal has room for, and how they stand there. */
export interface Layout {
  readonly columns: readonly TopColumn[]
  readonly widths: readonly number[]
  readonly gap: number
}

/**
 * First the gaps become narrow, then ids short, then columns leave. Widths depend on names alone: numbers that change do
 * not move the table.
 */
export function layOut(rows: readonly NodeRow[], width: number): Layout {
  const longest = Math.max(0, ...rows.map((row) => textWidth(columnOf('name').text(row))))
  const nameWidth = Math.min(Math.max(longest, columnOf('name').width), NAME_WIDTH_MAX)
  let columns = COLUMNS.filter((column) => isUseful(column, rows))
  const fits = (gap: number, idWidth: number): Layout | undefined => {
    const others = columns.slice(1).map((column) => (column.key === 'id' ? idWidth : column.width))
    const taken = others.reduce((sum, each) => sum + each + gap, 0)
    const room = width - taken
    // A long name may be cut before a column leaves for it.
    if (room < Math.min(nameWidth, columnOf('name').width)) return undefined
    return { columns, widths: [Math.min(nameWidth, room), ...others], gap }
  }
  for (;;) {
    const layout = fits(2, columnOf('id').width) ?? fits(1, columnOf('id').width)
    const found = layout ?? fits(1, ID_WIDTH_SHORT)
    if (found !== undefined) return found
    const highest = Math.max(...columns.map(({ rank }) => rank))
    if (highest === 0) return { columns, widths: columns.map((column) => column.width), gap: 1 }
    columns = columns.filter(({ rank }) => rank !== highest)
  }
}

/** The event loop's delay has a column when somebody tells it. */
function isUseful(column: TopColumn, rows: readonly NodeRow[]): boolean {
  const isOptional = column.key === 'loop' || column.key === 'mean-rtt'
  return !isOptional || rows.some((row) => column.value(row) !== undefined)
}

/** The heading and a line for each row. */
export function tableOf(
  rows: readonly NodeRow[],
  order: Order,
  paint: Paint,
  width: number,
): string[] {
  const layout = layOut(rows, width)
  const heading = layout.columns.map((column, i) => {
    const title = fitted(column.title, column, layout.widths[i]!)
    return paint(column.key === order.column ? 'bold' : 'dim', title)
  })
  const gap = ' '.repeat(layout.gap)
  const lines = sorted(rows, order).map((row) => lineOf(row, layout, paint, width))
  return [heading.join(gap).trimEnd(), ...lines]
}

function lineOf(row: NodeRow, layout: Layout, paint: Paint, width: number): string {
  const { columns, widths, gap } = layout
  const note = noteOf(row)
  const cells: string[] = []
  let taken = 0
  for (const [i, column] of columns.entries()) {
    const columnWidth = widths[i]!
    if (note !== undefined && isNumber(column)) {
      if (width > taken) cells.push(paint('dim', truncate(note, width - taken)))
      break
    }
    cells.push(painted(row, column, columnWidth, paint))
    taken += columnWidth + gap
  }
  return cells.join(' '.repeat(gap)).trimEnd()
}

function painted(row: NodeRow, column: TopColumn, width: number, paint: Paint): string {
  const text = fitted(column.text(row), column, width)
  const style: Style | undefined = row.state === 'gone' ? 'dim' : column.style?.(row)
  return style === undefined ? text : paint(style, text)
}

function fitted(text: string, { key, align }: TopColumn, width: number): string {
  const cut = key === 'id' ? text.slice(0, width) : truncate(text, width)
  return align === 'right' ? padStart(cut, width) : padEnd(cut, width)
}

/** Why a row has no numbers. */
function noteOf({ silence, numbers }: NodeRow): string | undefined {
  if (silence !== undefined) return silenceWords(silence)
  return numbers === undefined ? 'asked, no answer yet' : undefined
}

function silenceWords(silence: Silence): string {
  switch (silence.kind) {
    case 'mute':
      return `no answer since ${timeWords(silence.since)}`
    case 'foreign':
      return 'not an earshot node: no numbers'
    case 'gone':
      return `${timeWords(silence.since)}, ${EXIT_WORDS[silence.reason]}`
    case 'unseen':
      return 'seen by others, not from here'
    case 'unrecorded':
      return 'not in the recording'
  }
}

/** Above the table: when, how many, and what all of them do together. */
export function summaryOf({ at, rows }: Frame): string {
  const answering = rows.map(({ numbers }) => numbers).filter((each) => each !== undefined)
  const total = (values: readonly (number | undefined)[], text = compactRate): string => {
    const known = values.filter((value) => value !== undefined)
    return known.length === 0 ? '-' : text(known.reduce((sum, value) => sum + value, 0))
  }
  const without = rows.length - answering.length
  const nodes = counted(rows.length, 'node')
  const sums = [
    `${total(answering.map(({ rates }) => rates.messagesOut))} msg/s`,
    `${total(answering.map(({ rates }) => rates.bytesOut))} B/s`,
    `${total(
      answering.map(({ queueMessages }) => queueMessages),
      compact,
    )} queued`,
    `${total(answering.map(({ rates }) => rates.drops))} drops/s`,
  ]
  const whole = without === 0 ? nodes : `${nodes}, ${without} no answer`
  return [timeWords(at), whole, sums.join(', ')].join('  ')
}

/** `14:02:31`, in local time. */
function timeWords(at: number): string {
  return timeOfDay(new Date(at)).slice(0, 8)
}
