/**
 * Assertions: for our own bugs, never for what a peer sent.
 *
 * A peer's bytes give a typed `invalid` result and a counted warning; see `errors.ts`. When one of
 * these functions throws, the program is wrong, not its input.
 */

/** Throws when `condition` is false. `message` says what must have held. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}

/** Closes a `switch` over a discriminated union: the compiler proves that no member is missing. */
export function assertNever(value: never): never {
  throw new Error(`unexpected variant: ${JSON.stringify(value)}`)
}
