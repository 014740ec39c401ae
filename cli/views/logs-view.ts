/** The mesh-wide log, record by record. */

import type { PeerId } from '../../src/index.ts'
import type { EntryLine, RecordedLine } from '../recording/format.ts'
import { entryRecord, shownTime } from '../recording/format.ts'
import { counted } from '../render/amounts.ts'
import { shownName } from '../render/event-lines.ts'
import { clockWords, LogLines } from '../render/log-lines.ts'
import { passes } from './record-filter.ts'
import type { View, ViewContext } from './view.ts'

/** Names in a note. */
const NAMES_MAX = 8

export class LogsView implements View {
  readonly #context: ViewContext
  readonly #lines: LogLines
  /** Nodes whose log was reached, and that are not told yet. */
  #reached: string[] = []
  #reachedAt = 0
  /** Records that were shown. */
  shown = 0
  #unwanted: PeerId | undefined

  constructor(context: ViewContext) {
    this.#context = context
    this.#lines = new LogLines(context.isTerminal, context.out.paint)
  }

  /** Leaves out what others log of this node. */
  hideAbout(id: PeerId): void {
    this.#unwanted = id
  }

  take(line: RecordedLine): Promise<void> | undefined {
    if (line.kind !== 'entry' || !passes(this.#context.filter, line.entry)) return undefined
    const { out, asJson } = this.#context
    if (line.entry.type === 'record') {
      if (this.#unwanted !== undefined && line.entry.fields['peer'] === this.#unwanted)
        return undefined
      this.shown++
    }
    return asJson ? out.printRecord(entryRecord(line)) : this.#print(line)
  }

  /** Many nodes answer at once: they are one note. */
  tick(now: number): undefined {
    if (this.#reached.length > 0 && now - this.#reachedAt >= 250) this.#tellReached()
  }

  end(): undefined {
    this.#tellReached()
  }

  #print({ entry, offsetMs, at }: EntryLine): Promise<void> | undefined {
    const { out } = this.#context
    switch (entry.type) {
      case 'record':
        return out.print(this.#lines.record(entry, new Date(shownTime(entry.time, offsetMs))))
      case 'lost':
        return out.print(this.#lines.lost(entry))
      case 'clock':
        out.note(clockWords(entry))
        return undefined
      case 'source':
        if (this.#reached.length === 0) this.#reachedAt = at
        this.#reached.push(shownName({ id: entry.node, name: entry.name }))
        return undefined
      case 'gone':
        out.note(`${shownName({ id: entry.node, name: entry.name })} is gone`)
        return undefined
      case 'refused': {
        const name = shownName({ id: entry.node, name: entry.name })
        out.note(`${name} is read by too many already: nothing of it is here`)
        return undefined
      }
      case 'cut':
        out.note(`${shownName({ id: entry.node, name: entry.name })} has not sent all of its log`)
        return undefined
      case 'unanswered':
        // Whoever collects says it of all of them at once.
        return undefined
    }
  }

  #tellReached(): void {
    const names = this.#reached
    this.#reached = []
    if (names.length === 0) return
    const shown = names.slice(0, NAMES_MAX).join(', ')
    const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : ''
    this.#context.out.note(`reached the log of ${counted(names.length, 'node')}: ${shown}${more}`)
  }
}
