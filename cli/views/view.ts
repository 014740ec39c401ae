/**
 * Views: what is observed of a mesh, shown in one way or another. A view does not know whether it is fed by a node or by
 * a recording.
 */
import type { Output } from '../output.ts'
import type { RecordedLine } from '../recording/format.ts'
import type { RecordFilter } from './record-filter.ts'

export interface View {
  /** Takes what was observed next. What it returns is to be awaited: stdout may be slow. */
  take(line: RecordedLine): Promise<void> | undefined
  /** Time has passed: `now` in milliseconds since 1970, as the `at` of lines. */
  tick?(now: number): Promise<void> | undefined
  /** Nothing more comes. */
  end?(): Promise<void> | undefined
}

export interface ViewContext {
  readonly out: Output
  /** NDJSON, or lines for people. */
  readonly asJson: boolean
  /** Lines may be cut and aligned: somebody looks at them. */
  readonly isTerminal: boolean
  readonly filter: RecordFilter
}

/** The records of a replay that a view needs; others are passed over. */
export interface ViewKind {
  readonly about: string
  open(context: ViewContext): View
}

/** NDJSON in a pipe, lines on a terminal or with `--pretty`. */
export function viewContext(out: Output, isPretty: boolean, filter: RecordFilter): ViewContext {
  return {
    out,
    asJson: out.json || !(out.isTerminal || isPretty),
    isTerminal: out.isTerminal,
    filter,
  }
}
