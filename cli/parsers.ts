/**
 * Parsers of option values, in the form that commander calls: the value, or an InvalidArgumentError that says
 * what was expected.
 */
import { InvalidArgumentError } from 'commander'
import { formatDuration, parseDuration } from './duration.ts'
import { ROUND_MS_MIN } from './monitor/limits.ts'

/** RFC 36: a string's length is one byte. */
const GROUP_BYTES_MAX = 255

export function portOption(text: string): number {
  const port = integer(text)
  if (port === undefined || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('Expected a port from 1 to 65535.')
  }
  return port
}

export function countOption(text: string): number {
  const count = integer(text)
  if (count === undefined || count < 1) {
    throw new InvalidArgumentError('Expected a whole number, 1 or more.')
  }
  return count
}

export function durationOption(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) {
    throw new InvalidArgumentError('Expected a time such as 5, 5s, 500ms or 2m, more than 0.')
  }
  return ms
}

/** The time from one question to all nodes to the next: no shorter than they answer. */
export function intervalOption(text: string): number {
  const ms = durationOption(text)
  if (ms < ROUND_MS_MIN) {
    throw new InvalidArgumentError(`Expected ${formatDuration(ROUND_MS_MIN)} or more.`)
  }
  return ms
}

/** A group name, as the library wants it. */
export function groupArgument(text: string): string {
  const { length } = new TextEncoder().encode(text)
  if (length < 1 || length > GROUP_BYTES_MAX) {
    throw new InvalidArgumentError(`Expected a group name of 1 to ${GROUP_BYTES_MAX} bytes.`)
  }
  return text
}

/** For arguments of several groups. */
export function groupArguments(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), groupArgument(text)]
}

/** For options that may be given several times. */
export function repeatedOption(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text]
}

/** `X-ROLE=display` as name and value; the value may be empty and may contain `=`. */
export function parseHeader(text: string): readonly [name: string, value: string] | undefined {
  const at = text.indexOf('=')
  return at < 1 ? undefined : [text.slice(0, at), text.slice(at + 1)]
}

function integer(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
