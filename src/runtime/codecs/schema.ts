/**
 * Schemas of typed groups: any library that implements Standard Schema (https://standardschema.dev):
 * zod, valibot, arktype and others. This module calls the schema and makes a plain result of whatever
 * comes back; it brings no validator of its own.
 *
 * A schema is the application's code run on a peer's value, so nothing that it does (throw, reject,
 * give back nonsense, complain at length) may reach the caller as an exception.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Invalid, invalid } from '../../base/errors.ts'

/** The value that the schema made (it may transform), or why it refused. */
export type SchemaOutcome<T> =
  | { readonly kind: 'value'; readonly value: T }
  | Invalid<'payload-schema'>

/** Issues told in one reason; of the rest only the number is. */
const ISSUES_TOLD_MAX = 3
/** Steps of one path. */
const PATH_STEPS_MAX = 8
/** UTF-16 code units of one path step, and of one message. */
const STEP_LENGTH_MAX = 32
const MESSAGE_LENGTH_MAX = 120

/**
 * Asks `schema` about `value`. A synchronous schema answers at once, an asynchronous one (a promise or
 * any other thenable) with a promise. Never throws, and the promise never rejects.
 *
 * The reason of a refusal is one line of at most about 1,200 characters: `path: message; path: message;
 * and 4 more`. Unlike other reasons it may quote from the value, as many libraries' messages do; control
 * characters, and those that reorder or hide text, are replaced.
 */
export function validateWith<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  value: unknown,
): SchemaOutcome<Output> | Promise<SchemaOutcome<Output>> {
  try {
    const result = schema['~standard'].validate(value)
    if (isThenable(result)) {
      return Promise.resolve(result).then(outcome, threw)
    }
    return outcome(result)
  } catch (error) {
    return threw(error)
  }
}

function isThenable<T>(result: T | PromiseLike<T>): result is PromiseLike<T> {
  return typeof (result as { then?: unknown } | null | undefined)?.then === 'function'
}

function threw(error: unknown): Invalid<'payload-schema'> {
  let told = ''
  try {
    if (error instanceof Error) told = `: ${printable(error.message, MESSAGE_LENGTH_MAX)}`
  } catch {
    // An error whose message cannot be read is told without.
  }
  return invalid('payload-schema', `the schema failed${told}`)
}

function outcome<Output>(result: StandardSchemaV1.Result<Output>): SchemaOutcome<Output> {
  try {
    // "A falsy value for `issues` indicates success."
    if (result.issues) return invalid('payload-schema', tellIssues(result.issues))
    if ('value' in result) return { kind: 'value', value: result.value }
  } catch {
    // No object, or one whose issues cannot be read.
  }
  return invalid('payload-schema', 'the schema gave back neither a value nor readable issues')
}

function tellIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  const told: string[] = []
  for (const issue of issues.slice(0, ISSUES_TOLD_MAX)) {
    const path = tellPath(issue.path ?? [])
    const message = printable(String(issue.message), MESSAGE_LENGTH_MAX)
    told.push(path === '' ? message : `${path}: ${message}`)
  }
  if (issues.length > told.length) told.push(`and ${issues.length - told.length} more`)
  return told.length === 0 ? 'refused without an issue' : told.join('; ')
}

/** `readings[2].celsius`, as the value's path is written in JavaScript. */
function tellPath(path: readonly (PropertyKey | StandardSchemaV1.PathSegment)[]): string {
  let told = ''
  for (const segment of path.slice(0, PATH_STEPS_MAX)) {
    const key = typeof segment === 'object' ? segment.key : segment
    const step = printable(String(key), STEP_LENGTH_MAX)
    if (typeof key === 'number') told += `[${step}]`
    else told += told === '' ? step : `.${step}`
  }
  return path.length > PATH_STEPS_MAX ? `${told}…` : told
}

/** The beginning of a text, in one line and without characters that would disturb a log or a terminal. */
function printable(text: string, lengthMax: number): string {
  const cut = text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text
  let clean = ''
  // By code points: a pair that was cut in half shows up as a surrogate.
  for (const character of cut)
    clean += isPrintable(character.codePointAt(0)!) ? character : '\ufffd'
  return clean
}

function isPrintable(codePoint: number): boolean {
  if (codePoint < 0x20 || (codePoint >= 0x7f && codePoint < 0xa0)) return false
  if (codePoint >= 0xd800 && codePoint < 0xe000) return false
  // Zero-width characters, line and paragraph separators, directional marks, overrides and isolates.
  if (codePoint >= 0x200b && codePoint <= 0x200f) return false
  if (codePoint >= 0x2028 && codePoint <= 0x202e) return false
  return !(codePoint >= 0x2060 && codePoint <= 0x206f) && codePoint !== 0xfeff
}
