/** What a collector is asked for, and what it gives. */
import type { PeerId } from '../base/peer-id.ts'
import type { LogFilter } from './filter.ts'
import type { LogRecord } from './record.ts'

export interface CollectOptions extends LogFilter {
  /** Also what was logged within so many milliseconds before. Default 0: only what comes. */
  readonly sinceMs?: number
  /** Goes on with what comes. False: ends with what is there now. Default true. */
  readonly follow?: boolean
  /** Only of nodes for which this is true. Default all. */
  readonly nodes?: (node: { readonly id: PeerId; readonly name: string }) => boolean
  /** Whether this node's own records are among them. Default true. */
  readonly own?: boolean
  /** Milliseconds that a record waits for earlier ones of sources that have gone quiet: 50 to 60,000. Default 1000. */
  readonly windowMs?: number
  /** Ends it. */
  readonly signal?: AbortSignal
}

/** What a collector gives. */
export type LogEntry = LogRecord | SourceEntry | LostEntry | ClockEntry

export interface SourceEntry {
  /**
   * `source`: its log was reached. `gone`: it left; what it had sent has been given. `refused`: it has too many readers.
   * With `follow: false`, at the end: `unanswered` says that its log was not reached at all (it may have none), `cut` that
   * it has not sent all of its past.
   */
  readonly type: 'source' | 'gone' | 'refused' | 'unanswered' | 'cut'
  readonly node: PeerId
  readonly name: string
}
/**
 * Records of a node that were wanted and are not to be had any more. (Of a reader that has not read for very long, also
 * what else there was to tell of it; of very many nodes then, those beyond are told as one named `others`.)
 */
export interface LostEntry {
  readonly type: 'lost'
  readonly node: PeerId
  readonly name: string
  readonly count: number
}
/** A node's wall clock differs from ours by more than a second, or by a second more or less than was told last. */
export interface ClockEntry {
  readonly type: 'clock'
  readonly node: PeerId
  readonly name: string
  /** Milliseconds that its clock is ahead of ours; negative: behind. */
  readonly offsetMs: number
}
