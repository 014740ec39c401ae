/** What the command line of `earshot scan` says, as commander hands it on. */

export interface ScanValues {
  /** Milliseconds. */
  readonly for?: number
}
