/** What nodes counted, summed: the same counters in a virtual and a real run, so that they can be compared. */
import type { EngineMetrics } from '../../src/index.ts'

const TALLIED = [
  'beaconsSent',
  'beaconsReceived',
  'dials',
  'dialsFailed',
  'handshakes',
  'bytesOut',
  'messagesOut',
  'messagesLost',
] as const

type Counts = Record<(typeof TALLIED)[number], number>
export type Tally = Readonly<Counts>

export class NodeTally {
  readonly #sums: Counts

  constructor() {
    this.#sums = Object.fromEntries(TALLIED.map((name) => [name, 0])) as Counts
  }

  /** Adds what a node counted in its life so far. */
  add(node: { metrics(): EngineMetrics }): void {
    this.merge(node.metrics().mesh)
  }

  merge(tally: Tally): void {
    for (const name of TALLIED) this.#sums[name] += tally[name]
  }

  sums(): Tally {
    return { ...this.#sums }
  }
}
