/**
 * How the command ends: its exit codes, and the error that carries one. The codes are part of the interface:
 * scripts depend on them.
 */

export const ExitCode = {
  ok: 0,
  /** Something went wrong that is none of the below. */
  failure: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** The peer is not there, the reference fits several, or nobody is in the group. */
  noSuchPeer: 3,
  /** A `--timeout` passed first. The number is that of `mosquitto_sub -W`. */
  timeout: 27,
  /** SIGINT, SIGTERM or SIGHUP: 128 + 2, as shells have it. */
  interrupted: 130,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** A failure that the user is told about in the words of `message`, which may have several lines. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}
