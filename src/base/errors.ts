/**
 * Errors: what the library throws at its caller, each with a stable code.
 *
 * A peer's bad input is never an exception; it is a `warning` event with a code of its own (each
 * layer lists its codes beside the check). `docs/errors.md` explains all of them.
 */

/** Every code a thrown error can carry, with what it means. */
export const ERROR_CODES = {
  ERR_EARSHOT_BAD_OPTION: 'An option has a value that cannot be used; the message names it.',
  ERR_EARSHOT_NOT_RUNNING: 'The node has stopped (or is stopping).',
  ERR_EARSHOT_NO_SUCH_PEER: 'No peer with this id is present.',
  ERR_EARSHOT_BAD_GROUP: 'A group name must have 1 to 255 bytes of UTF-8.',
  ERR_EARSHOT_MESSAGE_TOO_LARGE: 'A message is over the limit of bytes or frames.',
  ERR_EARSHOT_PEER_GONE: 'The peer left before the message was accepted.',
  ERR_EARSHOT_NO_INTERFACE: 'No network interface matches what was asked for.',
  ERR_EARSHOT_PORT_IN_USE: 'A UDP or TCP port is taken by another program.',
  ERR_EARSHOT_EVENTS_OVERFLOW: 'An event iterator was read too slowly and its policy is "throw".',
  ERR_EARSHOT_ENCODE: 'A value cannot be encoded with the codec of the group.',
  ERR_EARSHOT_VALIDATE: 'A value does not satisfy the schema of the group.',
  ERR_EARSHOT_NO_ANSWER: 'A peer did not answer a query of the log.',
  ERR_EARSHOT_ABORTED: 'The wait was ended through its AbortSignal.',
  ERR_EARSHOT_SIM_TIMEOUT:
    'In a simulation, a condition did not come to hold in the virtual time allowed.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** Thrown by the public API. `code` is stable; the message is for people and may change. */
export class EarshotError extends Error {
  override readonly name = 'EarshotError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What a decoder gives back for bytes that can never become a message. Sticky: it stays the answer. */
export interface Invalid<Code extends string = string> {
  readonly kind: 'invalid'
  readonly code: Code
  /** For people: what was wrong, with numbers. Holds no bytes of the peer's. */
  readonly reason: string
}

export function invalid<Code extends string>(code: Code, reason: string): Invalid<Code> {
  return { kind: 'invalid', code, reason }
}
