/**
 * What a check is: something that watches a run from outside the workload, and says at the end what was wrong.
 * Each check is a file of this folder; `checks/index.ts` lists them.
 */
import type { PeerId } from '../../src/base/peer-id.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { NodeEvent } from '../../src/runtime/node-events.ts'
import type { Fault } from '../faults.ts'
import type { Member } from '../population.ts'
import type { ReceivedMessage, TrackedMessage } from '../scenario/ledger.ts'
import type { Simulation } from '../simulation.ts'

/** Something that must not be. */
export interface Failure {
  readonly check: string
  /** Virtual milliseconds. */
  readonly atMs: number
  /** For people: who, what, with numbers. */
  readonly message: string
}

/** One check, watching one run. Whatever it does not care for it leaves out. */
export interface Watcher {
  /** A node has started (again); nothing has happened to it yet. */
  started?(member: Member, node: MeshNode): void
  /** A node is gone without stopping: killed, or its host crashed. */
  ended?(member: Member, node: MeshNode): void
  /** A node told its application something. */
  event?(member: Member, node: MeshNode, event: NodeEvent): void
  faultBegan?(fault: Fault): void
  faultEnded?(fault: Fault, atMs: number): void
  /** The workload offered a message; `accepted`: by all whom it was for. `peers` are those who will get it. */
  sent?(message: TrackedMessage, accepted: boolean, peers: readonly PeerId[]): void
  /** A message of the workload arrived. `from` is whom the receiver believes to be the sender. */
  received?(member: Member, node: MeshNode, message: ReceivedMessage, from: PeerId): void
  /** Once per second of virtual time. */
  sampled?(): void
  /** Faults are over, the time to converge has passed; nodes still run. */
  settled?(): void
  /** All nodes have stopped. */
  stopped?(): void
}

/** How a check reports. Each check reports at most a few failures of a kind, and then only counts. */
export type Report = (message: string) => void

export interface CheckContext {
  readonly sim: Simulation
  readonly report: Report
  /** Whether anything is ever done to the network or to nodes in this run. */
  readonly isHealthy: boolean
}

export interface Check {
  /** As in `--skip-check`: kebab-case. */
  readonly name: string
  /** One sentence: what must hold. */
  readonly summary: string
  watch(context: CheckContext): Watcher
}
