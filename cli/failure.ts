/**
 * What to tell the user, and which exit code to end with, for anything that was thrown.
 */
import type { ErrorCode } from '../src/index.ts'
import { EarshotError } from '../src/index.ts'
import { CliError, ExitCode } from './exit-codes.ts'

export interface Failure {
  readonly exitCode: ExitCode
  readonly message: string
}

/** Errors that are not plain failures. ABORTED and NOT_RUNNING follow from an end that has its own code. */
const CODES: Partial<Record<ErrorCode, ExitCode>> = {
  ERR_EARSHOT_BAD_OPTION: ExitCode.usage,
  ERR_EARSHOT_BAD_GROUP: ExitCode.usage,
  ERR_EARSHOT_NO_INTERFACE: ExitCode.usage,
  ERR_EARSHOT_NO_SUCH_PEER: ExitCode.noSuchPeer,
  ERR_EARSHOT_PEER_GONE: ExitCode.noSuchPeer,
}

/** What the user can do about it, where the library's own words leave that open. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  ERR_EARSHOT_PORT_IN_USE: 'choose another with --port or --mailbox-port',
  ERR_EARSHOT_NO_INTERFACE: 'choose with --interface',
}

export function failureOf(
  error: unknown,
  env: Readonly<Record<string, string | undefined>>,
): Failure {
  const { exitCode, message } = plainFailure(error)
  const stack = error instanceof Error ? error.stack : undefined
  const wantsStack = env['EARSHOT_DEBUG'] && stack !== undefined
  return { exitCode, message: wantsStack ? `${message}\n${stack}` : message }
}

function plainFailure(error: unknown): Failure {
  if (error instanceof CliError) return { exitCode: error.exitCode, message: error.message }
  if (error instanceof EarshotError) {
    const advice = ADVICE[error.code]
    return {
      exitCode: CODES[error.code] ?? ExitCode.failure,
      message:
        advice === undefined ? error.message : `${error.message.replace(/\.$/, '')}; ${advice}`,
    }
  }
  const message = error instanceof Error ? error.message : String(error)
  return {
    exitCode: ExitCode.failure,
    message: `${message} (EARSHOT_DEBUG=1 shows where)`,
  }
}
