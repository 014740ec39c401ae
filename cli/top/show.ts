/** Where tables go: a screen that is rewritten, lines after lines in a pipe, or NDJSON. */
import type { Host } from '../host.ts'
import type { Frame } from '../monitor/rows.ts'
import type { Output } from '../output.ts'
import { topRecord } from './record.ts'
import { hasScreen, Screen } from './screen.ts'
import { type Order, sorted, summaryOf, tableOf, UNLIMITED } from './table.ts'
import type { TopValues } from './values.ts'
import { handleKey, screenOf, shownOf, type View } from './view.ts'

type Sorting = Pick<TopValues, 'sort' | 'reverse'>

export interface Show {
  /** Resolves when there is room for more. */
  show(frame: Frame): Promise<void>
}

/** A recording that is read at once has more tables than can be seen. */
const DRAW_MS = 50

export function wantsScreen(
  host: Host,
  out: Output,
  { once: isOnce }: Pick<TopValues, 'once'>,
): boolean {
  return isOnce !== true && out.isTerminal && hasScreen(host)
}

export function orderOf({ sort, reverse }: Sorting): Order {
  return { column: sort, reverse: reverse === true }
}

export function plainShow(out: Output, values: Sorting, asJson: boolean = out.json): Show {
  return asJson ? new JsonShow(out, orderOf(values)) : new LinesShow(out, orderOf(values))
}

class JsonShow implements Show {
  readonly #out: Output
  readonly #order: Order

  constructor(out: Output, order: Order) {
    this.#out = out
    this.#order = order
  }

  async show({ at, rows }: Frame): Promise<void> {
    for (const row of sorted(rows, this.#order)) await this.#out.printRecord(topRecord(row, at))
  }
}

/** One table below the other, as wide as the terminal; in a pipe as wide as need be. */
class LinesShow implements Show {
  readonly #out: Output
  readonly #order: Order
  #isFirst = true

  constructor(out: Output, order: Order) {
    this.#out = out
    this.#order = order
  }

  async show(frame: Frame): Promise<void> {
    const out = this.#out
    if (!this.#isFirst) await out.print('')
    this.#isFirst = false
    await out.print(summaryOf(frame))
    const width = out.isTerminal ? out.columns : UNLIMITED
    for (const line of tableOf(frame.rows, this.#order, out.paint, width)) await out.print(line)
  }
}

/** The whole terminal. Of a recording it has all tables, and shows the one that the user turns to. */
export class ScreenShow implements Show {
  readonly #out: Output
  readonly #screen: Screen
  readonly #quit: () => void
  readonly #recorded: readonly Frame[] | undefined
  #view: View
  #drawnAt = 0
  #latest: Frame | undefined

  constructor(
    host: Host,
    out: Output,
    order: Order,
    quit: () => void,
    recorded: readonly Frame[] | undefined,
  ) {
    this.#out = out
    this.#quit = quit
    this.#recorded = recorded
    const frame = Math.max(0, (recorded?.length ?? 0) - 1)
    this.#view = { order, first: 0, isHelpShown: false, frame }
    this.#screen = new Screen(host, {
      key: (key) => this.#handleKey(key),
      resize: () => this.draw(),
    })
    this.draw()
  }

  async show(frame: Frame): Promise<void> {
    this.#latest = frame
    this.draw()
  }

  /** A table more is in what was recorded, and so many of the first ones are not any more. */
  handleAdded(left: number): void {
    const frames = this.#recorded?.length ?? 0
    const wasLast = this.#view.frame - left >= frames - 2
    const frame = wasLast ? frames - 1 : Math.max(0, this.#view.frame - left)
    this.#view = { ...this.#view, frame }
    if (performance.now() - this.#drawnAt >= DRAW_MS) this.draw()
  }

  draw(): void {
    this.#drawnAt = performance.now()
    const lines = screenOf(
      this.#frame,
      this.#recorded?.length,
      this.#view,
      this.#screen.size,
      this.#out.paint,
    )
    this.#screen.draw(lines)
  }

  close(): void {
    this.#screen.close()
  }

  get #frame(): Frame | undefined {
    return this.#recorded === undefined ? this.#latest : this.#recorded[this.#view.frame]
  }

  #handleKey(key: string): void {
    const shown = shownOf(this.#frame, this.#recorded?.length ?? 1, this.#screen.size)
    const next = handleKey(this.#view, key, shown)
    if (next === 'quit') {
      this.#quit()
      return
    }
    this.#view = next
    this.draw()
  }
}
