/**
 * What the merged log of a simulation is made of: plain objects, one a line in its file. The format is that of
 * recordings of real nodes, so that the same programs read both.
 *
 * All times are milliseconds since 1970, as numbers. `at` is virtual time, which begins at 2026-01-01T00:00:00Z
 * whatever the seed: a run's own milliseconds are `at` less the `at` of the first entry.
 */

/** The first entry: what all others are of. */
export interface RecordingStart {
  readonly type: 'earshot.recording/1'
  /** The beginning of virtual time. */
  readonly at: number
  readonly source: 'simulation'
  readonly seed: number | string
  /** Of a scenario. */
  readonly scenario?: string
  readonly nodes?: number
  readonly durationMs?: number
  readonly settings?: Readonly<Record<string, string | number>>
  /** Of the program, where that writes it. */
  readonly version?: string
}

/** A record of a node, or of the simulator. */
export interface LoggedEntry {
  readonly type: 'earshot.log/1'
  /** When it was logged, in virtual time. Entries are in this order. */
  readonly at: number
  /** The node's id; 32 zeros are the simulator. */
  readonly node: string
  readonly name: string
  /** Counts the node's records from 1. */
  readonly seq: number
  /**
   * The mesh's time in ticks of 1/1024 ms since 1970. Of a whole simulation that is virtual time, which no node's clock
   * makes wrong; it grows from each entry to the next, within a moment as well.
   */
  readonly ticks: number
  /** What the node's own clock showed. */
  readonly time: number
  /** pino's: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
  readonly level: number
  readonly msg: string
  readonly fields: Readonly<Record<string, unknown>>
}

export type RecordingEntry = RecordingStart | LoggedEntry

/** Takes the entries of a merged log. What it throws ends the run. */
export type LogSink = (entry: RecordingEntry) => void
