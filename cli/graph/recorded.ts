/** The graph of a recording: as the mesh was in the end. */
import { noSnapshots, type Round, Rounds } from '../monitor/rounds.ts'
import type { Output } from '../output.ts'
import type { RecordedLine } from '../recording/format.ts'
import type { View } from '../views/view.ts'
import { graphOf, type MeshGraph } from './model.ts'
import { printGraph } from './print.ts'
import type { GraphFormat } from './values.ts'

export class GraphView implements View {
  readonly #out: Output
  readonly #format: GraphFormat
  readonly #rounds = new Rounds()
  #last: Round | undefined
  /** What was printed in the end. */
  graph: MeshGraph | undefined

  constructor(out: Output, format: GraphFormat) {
    this.#out = out
    this.#format = format
  }

  take(line: RecordedLine): undefined {
    if (line.kind === 'header') this.#rounds.leaveOut(line.observer?.id)
    if (line.kind === 'snapshot') this.#last = this.#rounds.push(line.snapshot) ?? this.#last
  }

  async end(): Promise<void> {
    const round = this.#rounds.end() ?? this.#last
    if (round === undefined) {
      throw noSnapshots()
    }
    const { snapshots, standings, at } = round
    this.graph = graphOf(snapshots, standings, this.#rounds.observer)
    await printGraph(this.#out, this.graph, at, this.#format)
  }
}
