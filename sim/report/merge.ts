/**
 * Makes one log of two: what is seen of present nodes, and what is still held of gone ones. A present node counts more
 * than the ghost of the one before it; changes of one and the same tick that end where they began are left out.
 */
import type { Column } from '../journal/columns.ts'
import { GHOST, type ViewLog } from './model/view-log.ts'

interface Rows {
  readonly atMs: Column
  readonly observers: Column
  readonly subjects: Column
  readonly states: Column
}

/** Changes after `untilMs` are left out. */
export function mergeViews(
  views: Rows,
  ghosts: Rows | undefined,
  size: number,
  untilMs: number,
): ViewLog {
  const merger = new Merger(size, views.atMs.length + (ghosts?.atMs.length ?? 0))
  const sources = [new Source(views, 0), ...(ghosts ? [new Source(ghosts, GHOST)] : [])]
  for (;;) {
    const tickMs = Math.min(...sources.map((each) => each.nextMs))
    if (!(tickMs <= untilMs)) return merger.log()
    for (const source of sources) source.drain(tickMs, merger)
    merger.endTick(tickMs)
  }
}

class Source {
  readonly #rows: Rows
  readonly #layer: number
  #row = 0

  constructor(rows: Rows, layer: number) {
    this.#rows = rows
    this.#layer = layer
  }

  get nextMs(): number {
    return this.#row < this.#rows.atMs.length ? this.#rows.atMs.at(this.#row) : Infinity
  }

  drain(tickMs: number, merger: Merger): void {
    const { observers, subjects, states } = this.#rows
    for (; this.nextMs === tickMs; this.#row++) {
      merger.set(this.#layer, observers.at(this.#row), subjects.at(this.#row), states.at(this.#row))
    }
  }
}

class Merger {
  readonly #size: number
  readonly #present: Uint8Array
  readonly #ghosts: Uint8Array
  readonly #shown: Uint8Array
  #touched: number[] = []
  readonly #atMs: Uint32Array
  readonly #pairs: Uint32Array
  readonly #states: Uint8Array
  #length = 0

  constructor(size: number, rowsMax: number) {
    this.#size = size
    this.#present = new Uint8Array(size * size)
    this.#ghosts = new Uint8Array(size * size)
    this.#shown = new Uint8Array(size * size)
    this.#atMs = new Uint32Array(rowsMax)
    this.#pairs = new Uint32Array(rowsMax)
    this.#states = new Uint8Array(rowsMax)
  }

  set(layer: number, observer: number, subject: number, state: number): void {
    const pair = observer * this.#size + subject
    const matrix = layer === GHOST ? this.#ghosts : this.#present
    matrix[pair] = state
    this.#touched.push(pair)
  }

  endTick(tickMs: number): void {
    for (const pair of this.#touched) {
      const ghost = this.#ghosts[pair]!
      const state = this.#present[pair] || (ghost === 0 ? 0 : ghost + GHOST)
      if (state === this.#shown[pair]) continue
      this.#shown[pair] = state
      this.#atMs[this.#length] = Math.round(tickMs)
      this.#pairs[this.#length] = pair
      this.#states[this.#length++] = state
    }
    this.#touched = []
  }

  log(): ViewLog {
    return {
      size: this.#size,
      atMs: this.#atMs.subarray(0, this.#length),
      pairs: this.#pairs.subarray(0, this.#length),
      states: this.#states.subarray(0, this.#length),
    }
  }
}
