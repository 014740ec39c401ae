/** What the command line of `earshot top` says, as commander hands it on. */
import type { ColumnKey } from './columns.ts'

export interface TopValues {
  readonly interval: number
  readonly sort: ColumnKey
  readonly reverse?: boolean
  readonly once?: boolean
  readonly peer?: readonly string[]
  readonly from?: string
}
