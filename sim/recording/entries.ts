/**
 * What the merged log of a simulation is made of: plain objects, one a line in its file. The format is that of
 * recordings of real nodes, so that the same programs read both.
 *
 * `at` is virtual time, in milliseconds since 1970; it begins at 2026-01-01T00:00:00Z whatever the seed: a run's own
 * milliseconds are `at` less the `at` of the first entry. `time` is the same in ISO 8601, for people.
 */

import type { LevelName } from '../../src/log/record.ts'

/** The first entry: what all others are of. */
export interface RecordingStart {
  readonly type: 'earshot.recording/1'
  readonly time: string
  /** The beginning of virtual time. */
  readonly at: number
  readonly source: 'simulation'
  readonly seed: number | string
  /** Of a scenario. */
  readonly scenario?: string
  readonly nodes?: number
  readonly durationMs?: number
  readonly settings?: Readonly<Record<string, string | number>>
  /** The version of the program, where that writes it. */
  readonly earshot?: string
}

/** A record of a node, or of the simulator; recordings of real nodes have the same. */
export interface LoggedEntry {
  readonly type: 'earshot.log/1'
  /** When it was logged, by the observer's clock: ISO 8601. */
  readonly time: string
  /** When it was observed: in a simulation that is when it was logged. Entries are in this order. */
  readonly at: number
  /** The node's id; 32 zeros are the simulator. */
  readonly node: string
  readonly name: string
  /** pino's: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
  readonly level: number
  readonly levelName: LevelName
  readonly msg: string
  readonly fields: Readonly<Record<string, unknown>>
  /** Counts the node's records from 1. */
  readonly seq: number
  /**
   * The mesh's time in ticks of 1/1024 ms since 1970. Of a whole simulation that is virtual time, which no node's clock
   * makes wrong; it grows from each entry to the next, within a moment as well.
   */
  readonly ticks: number
  /** What the node's own clock showed: ISO 8601. */
  readonly nodeTime: string
  /** By so many milliseconds that was ahead. */
  readonly offsetMs: number
  /** It was given after later ones. Never in a simulation. */
  readonly late?: boolean
}

export type RecordingEntry = RecordingStart | LoggedEntry

/** Takes the entries of a merged log. What it throws ends the run. */
export type LogSink = (entry: RecordingEntry) => void
