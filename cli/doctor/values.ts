/** What the command line of `earshot doctor` says, as commander hands it on. */

export interface DoctorValues {
  /** Milliseconds. */
  readonly for?: number
  readonly all?: boolean
}
