/**
 * What a report's page is given, beside the log of views: plain data, as JSON. The page has no other source, so
 * whatever a chart shows is here. `model` is shared by the program that writes the page and by the page itself:
 * nothing in it knows of Node.js or of a document.
 */

export interface FaultData {
  readonly kind: string
  readonly label: string
  /** Indices into `names`; none: it concerns the whole network. */
  readonly members: readonly number[]
  readonly atMs: number
  /** The same as `atMs` for what happens in one moment. */
  readonly endMs: number
}

/** A member's node starts or ends. */
export type TruthData = readonly [atMs: number, member: number, isUp: 0 | 1]

/** From then on a member is in other networks. */
export type MoveData = readonly [atMs: number, member: number, networks: readonly number[]]

export interface ReportData {
  readonly title: string
  /** Of the members, by index. */
  readonly names: readonly string[]
  /** The networks each member is in at first, by number. Members discover each other within a network. */
  readonly networks: readonly (readonly number[])[]
  /** In order of time. */
  readonly moves: readonly MoveData[]
  /** All time axes go from 0 to here, in virtual milliseconds. */
  readonly endMs: number
  /** Faults and workload end here; then the mesh has to converge. */
  readonly durationMs: number
  readonly faults: readonly FaultData[]
  readonly truths: readonly TruthData[]
  /** By name of the journal's column; counters are totals. */
  readonly samples: Readonly<Record<string, readonly number[]>>
  readonly hasOutboxes: boolean
  readonly hasViews: boolean
}
