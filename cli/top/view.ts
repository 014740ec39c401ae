/** What the user has chosen of the table on the screen, what each key does to it, and the screen that comes of it. */
import type { Frame } from '../monitor/rows.ts'
import type { Paint } from '../render/style.ts'
import { truncate } from '../render/width.ts'
import { COLUMN_KEYS, COLUMNS, type ColumnKey, columnOf } from './columns.ts'
import { layOut, type Order, summaryOf, tableOf } from './table.ts'

export interface View {
  readonly order: Order
  /** The first row that is shown. */
  readonly first: number
  readonly isHelpShown: boolean
  /** Of a recording: which frame. The last one follows what comes. */
  readonly frame: number
}

/** What the screen shows at the time of a key. */
export interface Shown {
  readonly columns: readonly ColumnKey[]
  readonly rows: number
  readonly page: number
  readonly frames: number
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Lines that are not rows: the summary, the order, the heading, and the keys. */
const FRAME_LINES = 4
const ROWS_MIN = 1

const KEYS_LINE = '←→ sort  r reverse  ↑↓ scroll  h help  q quit'
const RECORDED_KEYS_LINE = `[ ] earlier, later  Home End  ${KEYS_LINE}`

/** The view after a key; `quit` when that was all. */
export function handleKey(view: View, key: string, shown: Shown): View | 'quit' {
  const scrolled = (by: number): View => {
    const last = Math.max(0, shown.rows - shown.page)
    return { ...view, first: Math.min(Math.max(0, view.first + by), last) }
  }
  const moved = (to: number): View => {
    return { ...view, frame: Math.min(Math.max(0, to), shown.frames - 1) }
  }
  switch (key) {
    case 'q':
      return 'quit'
    case 'escape':
      return view.isHelpShown ? { ...view, isHelpShown: false } : 'quit'
    case 'h':
    case '?':
      return { ...view, isHelpShown: !view.isHelpShown }
    case 'r':
      return { ...view, order: { ...view.order, reverse: !view.order.reverse } }
    case 'left':
    case '<':
      return sortedBeside(view, shown.columns, -1)
    case 'right':
    case '>':
      return sortedBeside(view, shown.columns, 1)
    case 'up':
      return scrolled(-1)
    case 'down':
      return scrolled(1)
    case 'pageup':
      return scrolled(-shown.page)
    case 'pagedown':
      return scrolled(shown.page)
    case '[':
      return moved(view.frame - 1)
    case ']':
      return moved(view.frame + 1)
    case 'home':
      return moved(0)
    case 'end':
      return moved(shown.frames - 1)
    default:
      return sortedBy(view, COLUMNS.find(({ letter }) => letter === key)?.key)
  }
}

/** By the column on that side; around the ends. */
function sortedBeside(view: View, columns: readonly ColumnKey[], step: number): View {
  const at = columns.indexOf(view.order.column)
  // One that is not shown now: begin where it would be.
  const before = columns.filter((key) => isBefore(key, view.order.column)).length
  const from = at >= 0 ? at : before - (step > 0 ? 1 : 0)
  return sortedBy(view, columns[(from + step + columns.length) % columns.length])
}

function isBefore(a: ColumnKey, b: ColumnKey): boolean {
  return COLUMN_KEYS.indexOf(a) < COLUMN_KEYS.indexOf(b)
}

function sortedBy(view: View, column: ColumnKey | undefined): View {
  if (column === undefined || column === view.order.column) return view
  return { ...view, order: { column, reverse: false }, first: 0 }
}

/** What is on the screen, for the next key. */
export function shownOf(frame: Frame | undefined, frames: number, size: Size): Shown {
  const rows = frame?.rows ?? []
  return {
    columns: layOut(rows, widthOf(size)).columns.map(({ key }) => key),
    rows: rows.length,
    page: pageOf(size),
    frames: Math.max(1, frames),
  }
}

/** All lines of the screen; `undefined`: nothing is known yet. */
export function screenOf(
  frame: Frame | undefined,
  frames: number | undefined,
  view: View,
  size: Size,
  paint: Paint,
): string[] {
  const width = widthOf(size)
  const cut = (line: string): string => truncate(line, width)
  const keys = cut(frames === undefined ? KEYS_LINE : RECORDED_KEYS_LINE)
  if (view.isHelpShown)
    return helpLines(frames !== undefined)
      .slice(0, size.rows)
      .map(cut)
  if (frame === undefined || frame.rows.length === 0) {
    const words =
      frame === undefined ? 'looking for nodes …' : `${summaryOf(frame)}: nobody is there`
    return withKeys([cut(words)], paint('dim', keys), size)
  }
  const page = pageOf(size)
  const first = Math.min(view.first, Math.max(0, frame.rows.length - page))
  const [heading = '', ...lines] = tableOf(frame.rows, view.order, paint, width)
  const shown = lines.slice(first, first + page)
  const words = [
    orderWords(view.order),
    shown.length < lines.length ? `rows ${first + 1}–${first + shown.length}` : '',
    frames === undefined ? '' : `table ${view.frame + 1} of ${frames}`,
    'MSG and B per second, times in ms',
  ]
  const order = words.filter((each) => each !== '').join('   ')
  const above = [paint('bold', cut(summaryOf(frame))), paint('dim', cut(order)), heading]
  return withKeys([...above, ...shown], paint('dim', keys), size)
}

/** Texts ascend, unless reversed; everything else descends. */
function orderWords({ column, reverse }: Order): string {
  const isText = column === 'name' || column === 'id'
  return `sorted by ${columnOf(column).title} ${isText === reverse ? '↓' : '↑'}`
}

/** The keys stand on the last line of the terminal. */
function withKeys(lines: readonly string[], keys: string, { rows }: Size): string[] {
  const room = Math.max(0, rows - 1)
  const above = lines.slice(0, room)
  return [...above, ...Array.from({ length: room - above.length }, () => ''), keys]
}

function helpLines(isRecorded: boolean): string[] {
  const recorded = ['[ ]       one table earlier, later', 'Home End  the first, the last table']
  return [
    '← → < >   sort by the column on that side     r  reverse',
    '↑ ↓       scroll, PgUp PgDn by a page         h  this help     q  quit',
    ...(isRecorded ? recorded : []),
    '',
    'Columns, and the keys that sort by them:',
    '',
    ...COLUMNS.map(({ letter, title, about }) => `  ${letter}  ${title.padEnd(8)} ${about}`),
  ]
}

/** The last column stays free: some terminals wrap there. */
function widthOf({ columns }: Size): number {
  return Math.max(1, columns - 1)
}

function pageOf({ rows }: Size): number {
  return Math.max(ROWS_MIN, rows - FRAME_LINES)
}
