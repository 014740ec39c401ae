/**
 * What the command and its worker processes tell each other:
 *
 *     worker   ─ ready ─▶            it has loaded
 *              ◀─ begin ─            its steps, and when all begin
 *              ─ progress ─▶         again and again
 *              ◀─ settle ─           the time is over: nothing more is said
 *              ─ settled ─▶          what was measured, nodes still run
 *              ◀─ stop ─             all workers have settled
 *              ─ stopped ─▶          all nodes have stopped; the worker ends
 *
 * `failed` may come at any time. A worker whose command is gone ends at once.
 */
import type { Step } from './script.ts'
import type { Tally } from './tally.ts'

/** Unprivileged, below where hosts pick ports by themselves; one run does not meet another. */
export const PORTS = { first: 10_000, end: 32_000 } as const

export interface BeginOrder {
  readonly kind: 'begin'
  /** UDP port of the beacons. */
  readonly port: number
  /** The steps of this worker's members. */
  readonly steps: readonly Step[]
  /** Names of all members, by index. */
  readonly names: readonly string[]
  /** On the clock of `hostNow`. */
  readonly beginAtMs: number
}

export type Order = BeginOrder | { readonly kind: 'settle' | 'stop' }

export type News =
  | { readonly kind: 'ready' | 'stopped' }
  | { readonly kind: 'failed'; readonly reason: string }
  | Headway
  | { readonly kind: 'settled'; readonly record: WorkerRecord }

export interface Headway {
  readonly kind: 'progress'
  readonly running: number
  /** Present peers, of all nodes together. */
  readonly known: number
  readonly received: number
  /** Steps that are still to come. */
  readonly stepsLeft: number
  /** Processor time so far. */
  readonly cpuMs: number
}

/** One life of a member: from a start to the stop after it. */
export interface Life {
  readonly id: string
  readonly member: number
  readonly start: number
  readonly startedAtMs: number
  /** When it began to stop; null: it still runs. */
  stoppedAtMs: number | null
}

/** What a worker saw. Ids are given as indices of `ids`; times are milliseconds since the common start. */
export interface WorkerRecord {
  readonly ids: readonly string[]
  readonly lives: readonly Life[]
  /** Rows of VIEW_ROW numbers: at, observer, subject, 1 for enter and 0 for exit. */
  readonly views: Float64Array
  /** Rows of SENT_ROW numbers (at, sender, start, number, accepted, receivers), and the receivers' ids. */
  readonly sent: Float64Array
  /** Rows of RECEIVED_ROW numbers: at, receiver, sender, start, number, sent at, 1 when intact. */
  readonly received: Float64Array
  /** At the end, rows of PEER_ROW numbers: observer, subject, 1 when alive. */
  readonly peers: Float64Array
  readonly tally: Tally
  /** By code. */
  readonly warnings: Readonly<Record<string, number>>
  /** Messages of the script that could not be offered: the sender or the receiver was not there (yet). */
  readonly unsaid: number
  readonly cpuMs: number
  readonly residentBytes: number
}

export const VIEW_ROW = 4
export const SENT_ROW = 6
export const RECEIVED_ROW = 7
export const PEER_ROW = 3

/** A clock that all processes of a host share, in milliseconds; no one can set it. */
export function hostNow(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
