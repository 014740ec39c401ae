/**
 * Views: what is observed of a mesh, shown in one way or another. A view does not know whether it is fed by a node or by
 * a recording.
 */
import type { Host } from '../host.ts'
import type { Output } from '../output.ts'
import type { RecordedLine } from '../recording/format.ts'
import type { RecordFilter } from './record-filter.ts'

export interface View {
  /** Takes what was observed next. What it returns is to be awaited: stdout may be slow. */
  take(line: RecordedLine): Promise<void> | undefined
  /** Time has passed: `now` in milliseconds since 1970, as the `at` of lines. */
  tick?(now: number): Promise<void> | undefined
  /** Nothing more comes. A view on a screen stays until the user has seen enough. */
  end?(): Promise<void> | undefined
  /** Gives back what it holds, whatever has happened. */
  close?(): void
  /** How much was shown, where nothing may be a surprise. */
  readonly shown?: number
  /** Aborted when the user has seen enough. */
  readonly over?: AbortSignal | undefined
}

export interface ViewContext {
  readonly host: Host
  readonly out: Output
  /** NDJSON, or lines for people. */
  readonly asJson: boolean
  /** Lines may be cut and aligned: somebody looks at them. */
  readonly isTerminal: boolean
  readonly filter: RecordFilter
}

/** Options that choose what is shown. */
export type FilterOption = 'level' | 'group' | 'peer' | 'field' | 'grep' | 'ignoreCase'

/** A view that a recording can be replayed through. */
export interface ViewKind {
  readonly about: string
  /** The options that mean something to it. */
  readonly filters: readonly FilterOption[]
  open(context: ViewContext): Promise<View>
}

/** NDJSON in a pipe, lines on a terminal or with `--pretty`. */
export function viewContext(
  { host, out }: { readonly host: Host; readonly out: Output },
  isPretty: boolean,
  filter: RecordFilter,
): ViewContext {
  return {
    host,
    out,
    asJson: out.json || !(out.isTerminal || isPretty),
    isTerminal: out.isTerminal,
    filter,
  }
}
