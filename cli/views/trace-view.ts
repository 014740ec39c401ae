/** Traced messages: the timeline of each, as soon as it has come to its end. */
import type { PeerId } from '../../src/index.ts'
import type { RecordedLine } from '../recording/format.ts'
import { TraceLines, traceRecord } from '../render/trace-lines.ts'
import type { RecordFilter } from './record-filter.ts'
import { passesPeer } from './record-filter.ts'
import type { Trace } from './traces.ts'
import { Traces } from './traces.ts'
import type { View, ViewContext } from './view.ts'

/** What travels is chosen by `traces`; messages are chosen when they are put together. */
export function traceFilter(peers: readonly string[], groups: readonly string[]): RecordFilter {
  return { level: 0, groups, fields: {}, peers, grep: undefined }
}

export class TraceView implements View {
  readonly #context: ViewContext
  readonly #lines: TraceLines
  readonly #traces = new Traces()
  #isPrinting = false
  /** Messages that were shown. */
  shown = 0

  constructor(context: ViewContext) {
    this.#context = context
    this.#lines = new TraceLines(context.isTerminal, context.out.paint)
  }

  /** The name of a node that reports nothing itself. */
  learn(id: PeerId, name: string): void {
    this.#traces.learn(id, name)
  }

  take(line: RecordedLine): undefined {
    if (line.kind === 'event' && line.event.type === 'enter') {
      this.learn(line.event.peer.id, line.event.peer.name)
    }
    if (line.kind === 'entry') {
      const { entry, offsetMs, at } = line
      this.learn(entry.node, entry.name)
      if (entry.type === 'record') this.#traces.add(entry, entry.time - offsetMs, at)
    }
  }

  tick(now: number): Promise<void> | undefined {
    return this.#isPrinting ? undefined : this.#show(this.#traces.settled(now))
  }

  end(): Promise<void> | undefined {
    return this.#show(this.#traces.settled(Number.POSITIVE_INFINITY))
  }

  async #show(traces: readonly Trace[]): Promise<void> {
    const { out, asJson, filter } = this.#context
    this.#isPrinting = true
    for (const trace of traces) {
      if (!isWanted(filter, trace)) continue
      this.shown++
      if (asJson) await out.printRecord(traceRecord(trace))
      else for (const line of this.#lines.lines(trace)) await out.print(line)
    }
    this.#isPrinting = false
  }
}

/** Of one of the peers, or to it; in one of the groups. */
function isWanted({ peers, groups }: ViewContext['filter'], trace: Trace): boolean {
  if (groups.length > 0 && !(trace.group !== undefined && groups.includes(trace.group)))
    return false
  const parties = [trace.from, ...trace.receivers]
  return parties.some(({ id, name = '' }) => passesPeer({ peers }, { id, name }))
}
