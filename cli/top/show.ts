/** Where tables go: a screen that is rewritten, lines after lines in a pipe, or NDJSON. */
import type { Host } from '../host.ts'
import type { Frame } from '../monitor/rows.ts'
import type { Output } from '../output.ts'
import { topRecord } from './record.ts'
import { hasScreen, Screen } from './screen.ts'
import { type Order, sorted, summaryOf, tableOf, UNLIMITED } from './table.ts'
import type { TopValues } from './values.ts'
import { handleKey, screenOf, shownOf, type View } from './view.ts'

export interface Show {
  /** Resolves when there is room for more. */
  show(frame: Frame): Promise<void>
}

export function wantsScreen(host: Host, out: Output, { once: isOnce }: TopValues): boolean {
  return isOnce !== true && out.isTerminal && hasScreen(host)
}

export function orderOf({ sort, reverse }: TopValues): Order {
  return { column: sort, reverse: reverse === true }
}

export function plainShow(out: Output, values: TopValues): Show {
  return out.json ? new JsonShow(out, orderOf(values)) : new LinesShow(out, orderOf(values))
}

class JsonShow implements Show {
  readonly #out: Output
  readonly #order: Order

  constructor(out: Output, order: Order) {
    this.#out = out
    this.#order = order
  }

  async show({ rows }: Frame): Promise<void> {
    for (const row of sorted(rows, this.#order)) await this.#out.printRecord(topRecord(row))
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

  draw(): void {
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
