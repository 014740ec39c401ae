/**
 * What a collector has ready for its reader, who may be slow or gone: entries, and what they weigh. However many strangers
 * come and go, and whatever is lost of theirs, what nobody reads stays bounded.
 */
import { BoundedQueue } from '../base/bounded-queue.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { LogEntry, LostEntry } from './entries.ts'

/** Beyond this weight only records and losses are kept, of each node one entry about what was lost. */
export const OVERFULL_WEIGHT = 200_000
/** Nodes of which losses are kept apart then. */
const LOSSES_MAX = 4_096
/** All others, then. */
const OTHERS = { node: '0'.repeat(32), name: 'others' }
/** A record weighs one more for each so many characters of its text. */
const WEIGHT_LENGTH = 512

interface Cell {
  entry: LogEntry
  readonly weight: number
}

/** Most records weigh one, as every other entry does. */
export function weightOf(text: string): number {
  return 1 + Math.floor(text.length / WEIGHT_LENGTH)
}

export class EntryQueue {
  readonly #cells = new BoundedQueue<Cell>(Number.MAX_SAFE_INTEGER)
  readonly #readers: ((result: IteratorResult<LogEntry>) => void)[] = []
  /** The latest entry about losses of each node, of those that wait. */
  readonly #losses = new Map<PeerId, Cell>()
  #last: Cell | undefined
  weight = 0

  give(entry: LogEntry, weight = 1): void {
    const resolve = this.#readers.shift()
    if (resolve !== undefined) resolve({ value: entry, done: false })
    else if (entry.type === 'record') this.#push(entry, weight)
    else if (this.#merges(entry)) return
    else if (this.weight >= OVERFULL_WEIGHT) this.#lose(entry)
    else this.#push(entry, 1)
  }

  take(): LogEntry | undefined {
    const cell = this.#cells.shift()
    if (cell === undefined) return undefined
    this.weight -= cell.weight
    if (this.#last === cell) this.#last = undefined
    const { entry } = cell
    if (entry.type === 'lost' && this.#losses.get(entry.node) === cell) {
      this.#losses.delete(entry.node)
    }
    return entry
  }

  /** For a reader that has taken all: what comes next. */
  wait(): Promise<IteratorResult<LogEntry>> {
    return new Promise((resolve) => this.#readers.push(resolve))
  }

  /** Nothing more comes. */
  end(): void {
    for (const resolve of this.#readers.splice(0)) resolve({ value: undefined, done: true })
  }

  #push(entry: LogEntry, weight: number): void {
    const cell: Cell = { entry, weight }
    this.#cells.push(cell)
    this.weight += weight
    this.#last = cell
    if (entry.type === 'lost') this.#losses.set(entry.node, cell)
  }

  /** What was told just before, and nobody has read, says it with it. */
  #merges(entry: Exclude<LogEntry, { type: 'record' }>): boolean {
    const before = this.#last?.entry
    if (entry.type === 'clock' && before?.type === 'clock' && before.node === entry.node) {
      this.#last!.entry = entry
      return true
    }
    return entry.type === 'lost' && addTo(this.#last, entry)
  }

  /** There is no room for it: it counts as lost, of its node or of all others. */
  #lose(entry: Exclude<LogEntry, { type: 'record' }>): void {
    const count = entry.type === 'lost' ? entry.count : 1
    const isKnown = this.#losses.has(entry.node) || this.#losses.size < LOSSES_MAX
    const { node, name } = isKnown ? entry : OTHERS
    const lost: LostEntry = { type: 'lost', node, name, count }
    if (!addTo(this.#losses.get(node), lost)) this.#push(lost, 1)
  }
}

function addTo(cell: Cell | undefined, { node, count }: LostEntry): boolean {
  const told = cell?.entry
  if (told?.type !== 'lost' || told.node !== node) return false
  cell!.entry = { ...told, count: told.count + count }
  return true
}
