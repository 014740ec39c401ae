/**
 * Parsers of option values, in the form that commander calls: the value, or an InvalidArgumentError that says
 * what was expected.
 */
import { InvalidArgumentError } from 'commander'
import { parseDuration } from './duration.ts'

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

/** A group name, as the library wants it. */
export function groupArgument(text: string): string {
  const { length } = new TextEncoder().encode(text)
  if (length < 1 || length > 255) {
    throw new InvalidArgumentError('Expected a group name of 1 to 255 bytes.')
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
