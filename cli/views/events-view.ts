/** What happened to the observer itself, as `earshot watch` shows it. */
import type { RecordedLine } from '../recording/format.ts'
import { EventLines } from '../render/event-lines.ts'
import { passesPeer } from './record-filter.ts'
import type { View, ViewContext } from './view.ts'

export class EventsView implements View {
  readonly #context: ViewContext
  readonly #lines: EventLines
  /** Events that were shown. */
  shown = 0

  constructor(context: ViewContext) {
    this.#context = context
    this.#lines = new EventLines(true, context.out.paint)
  }

  take(line: RecordedLine): Promise<void> | undefined {
    if (line.kind !== 'event' || !this.#isWanted(line)) return undefined
    const { out, asJson } = this.#context
    const { record, event, at } = line
    this.shown++
    return asJson ? out.printRecord(record) : out.print(this.#lines.line(event, new Date(at)))
  }

  #isWanted({ event }: Extract<RecordedLine, { kind: 'event' }>): boolean {
    const { peers, groups } = this.#context.filter
    if (groups.length > 0 && !('group' in event && groups.includes(event.group))) return false
    if (peers.length === 0) return true
    if (event.type === 'stop') return false
    if (event.type !== 'warning') return passesPeer({ peers }, event.peer)
    return event.peer !== undefined && passesPeer({ peers }, { id: event.peer, name: '' })
  }
}
