/** The columns of `earshot top`: what each shows of a node, how it sorts, and who gives way where room is short. */

import type { NodeRow, RowNumbers } from '../monitor/rows.ts'
import { shortId, shownName } from '../render/event-lines.ts'
import type { Style } from '../render/style.ts'
import { nameStyle } from '../render/style.ts'
import { compact, compactMs, compactRate } from './numbers.ts'

export type ColumnKey =
  | 'name'
  | 'id'
  | 'peers'
  | 'sees'
  | 'state'
  | 'rtt'
  | 'mean-rtt'
  | 'msg-in'
  | 'msg-out'
  | 'bytes-in'
  | 'bytes-out'
  | 'queue'
  | 'drops'
  | 'drop-rate'
  | 'warnings'
  | 'loop'

export interface TopColumn {
  readonly key: ColumnKey
  readonly title: string
  /** The key that sorts by it. */
  readonly letter: string
  readonly about: string
  /** Columns of the terminal; of the name, at least. */
  readonly width: number
  readonly align: 'left' | 'right'
  /** Those of the highest rank leave first; 0 always stays. */
  readonly rank: number
  readonly text: (row: NodeRow) => string
  /** `undefined` comes last, whatever the direction. */
  readonly value: (row: NodeRow) => string | number | undefined
  readonly style?: (row: NodeRow) => Style | undefined
}

const STATE_STYLES: Readonly<Record<NonNullable<NodeRow['state']>, Style>> = {
  alive: 'green',
  evasive: 'yellow',
  silent: 'red',
  gone: 'red',
}
/** Sorted by state, the first are those to look at. */
const STATE_ORDER: Readonly<Record<NonNullable<NodeRow['state']>, number>> = {
  gone: 3,
  silent: 2,
  evasive: 1,
  alive: 0,
}

export const COLUMNS: readonly TopColumn[] = [
  {
    key: 'name',
    title: 'NAME',
    letter: 'n',
    about: 'its name',
    width: 10,
    align: 'left',
    rank: 0,
    text: shownName,
    value: ({ name }) => name.toLowerCase(),
    style: ({ id }) => nameStyle(id),
  },
  {
    key: 'id',
    title: 'ID',
    letter: 'i',
    about: 'the beginning of its id',
    width: 8,
    align: 'left',
    rank: 4,
    text: ({ id }) => shortId(id),
    value: ({ id }) => id,
  },
  {
    key: 'peers',
    title: 'PEERS',
    letter: 'p',
    about: 'how many peers it sees, this command not counted',
    width: 5,
    align: 'right',
    rank: 1,
    text: ({ numbers }) => (numbers === undefined ? '-' : compact(numbers.peers)),
    value: ({ numbers }) => numbers?.peers,
    style: ({ numbers }) => (numbers === undefined ? undefined : badStyle(numbers.sees)),
  },
  {
    key: 'sees',
    title: 'SEES',
    letter: 'e',
    about: 'the worst presence among these peers',
    width: 7,
    align: 'left',
    rank: 8,
    text: ({ numbers }) => numbers?.sees ?? '-',
    value: ({ numbers }) => (numbers === undefined ? undefined : STATE_ORDER[numbers.sees]),
    style: ({ numbers }) => (numbers === undefined ? undefined : STATE_STYLES[numbers.sees]),
  },
  {
    key: 'state',
    title: 'STATE',
    letter: 's',
    about: 'the worst that any node thinks of it',
    width: 7,
    align: 'left',
    rank: 0,
    text: ({ state }) => state ?? '-',
    value: ({ state }) => (state === undefined ? undefined : STATE_ORDER[state]),
    style: ({ state }) => (state === undefined ? undefined : STATE_STYLES[state]),
  },
  {
    key: 'rtt',
    title: 'RTT',
    letter: 't',
    about: 'ms from here to it and back',
    width: 5,
    align: 'right',
    rank: 3,
    text: ({ roundTripMs }) => compactMs(roundTripMs),
    value: ({ roundTripMs }) => roundTripMs,
  },
  number('mean-rtt', 'MEAN', 'a', 'ms, mean of its own round trips to its peers', 5, 9, (row) => {
    return row.meanRoundTripMs
  }),
  number('msg-in', 'MSG IN', 'm', 'messages that it receives, per second', 6, 2, ({ rates }) => {
    return rates.messagesIn
  }),
  number('msg-out', 'MSG OUT', 'o', 'messages that it sends, per second', 7, 2, ({ rates }) => {
    return rates.messagesOut
  }),
  number('bytes-in', 'B IN', 'b', 'bytes of these that it receives, per second', 5, 5, (row) => {
    return row.rates.bytesIn
  }),
  number('bytes-out', 'B OUT', 'y', 'bytes of these that it sends, per second', 5, 5, (row) => {
    return row.rates.bytesOut
  }),
  number(
    'queue',
    'QUEUE',
    'u',
    'messages that wait in its outboxes',
    5,
    1,
    ({ queueMessages }) => queueMessages,
    ({ blocked }) => (blocked > 0 ? 'yellow' : undefined),
  ),
  number(
    'drops',
    'DROPS',
    'd',
    'messages dropped or lost since its start',
    5,
    1,
    ({ drops }) => drops,
    ({ rates }) => ((rates.drops ?? 0) > 0 ? 'red' : undefined),
  ),
  number('drop-rate', 'DROP/S', 'f', 'the same per second', 6, 10, ({ rates }) => rates.drops),
  number(
    'warnings',
    'WARN',
    'w',
    'warnings since its start',
    4,
    6,
    ({ warnings }) => warnings,
    ({ hasNewWarnings }) => (hasNewWarnings ? 'yellow' : undefined),
  ),
  number('loop', 'LOOP', 'l', 'ms that its event loop is late (99th percentile)', 5, 7, (row) => {
    return row.loopDelayMs
  }),
]

export const COLUMN_KEYS: readonly ColumnKey[] = COLUMNS.map(({ key }) => key)

export function columnOf(key: ColumnKey): TopColumn {
  return COLUMNS.find((column) => column.key === key)!
}

/** Where the explanation of a row without numbers begins. */
export function isNumber({ key }: TopColumn): boolean {
  return COLUMN_KEYS.indexOf(key) > COLUMN_KEYS.indexOf('rtt')
}

const TEXTS: Readonly<Partial<Record<ColumnKey, typeof compact>>> = {
  'mean-rtt': compactMs,
  loop: compactMs,
  'msg-in': compactRate,
  'msg-out': compactRate,
  'bytes-in': compactRate,
  'bytes-out': compactRate,
  'drop-rate': compactRate,
}

function number(
  key: ColumnKey,
  title: string,
  letter: string,
  about: string,
  width: number,
  rank: number,
  of: (numbers: RowNumbers) => number | undefined,
  style: (numbers: RowNumbers) => Style | undefined = () => undefined,
): TopColumn {
  const value = ({ numbers }: NodeRow): number | undefined => {
    return numbers === undefined ? undefined : of(numbers)
  }
  return {
    key,
    title,
    letter,
    about,
    width,
    align: 'right',
    rank,
    text: (row) => (TEXTS[key] ?? compact)(value(row)),
    value,
    style: ({ numbers }) => (numbers === undefined ? undefined : style(numbers)),
  }
}

function badStyle(presence: RowNumbers['sees']): Style | undefined {
  return presence === 'alive' ? undefined : STATE_STYLES[presence]
}
