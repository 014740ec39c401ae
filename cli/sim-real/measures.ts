/** What is compared: the same quantities of a real and of a virtual run, as plain data. */
import type { Percentiles } from '../../sim/journal/histogram.ts'
import type { Tally } from './tally.ts'

export interface Measures {
  /** Milliseconds from the common start until every node had started once; null: some never did. */
  readonly startedMs: number | null
  /** Milliseconds from the common start until so many per cent of all views were there; null: never. */
  readonly viewsMs: Readonly<Record<string, number | null>>
  /** Views at the end, before all stop, and how many there should be. */
  readonly viewsKnown: number
  readonly viewsExpected: number
  readonly sent: number
  readonly accepted: number
  readonly received: number
  readonly latencyMs: Percentiles
  readonly latencyCount: number
  /** Of all nodes, before all stop. */
  readonly tally: Tally
  readonly warnings: number
  /** Nodes that ran on and were reported gone. */
  readonly falseExits: number
  readonly wallMs: number
  /** Processor time of the processes, user and system. */
  readonly cpuMs: number
  /** Resident memory that the nodes added. */
  readonly bytesPerNode: number
}
