/** Fields of log records as the command line says them: `port=80`. */
import type { FieldValue } from '../src/index.ts'
import { CliError, ExitCode } from './exit-codes.ts'
import { parseHeader } from './parsers.ts'

/** What a source takes, at the most. */
const TEXT_LENGTH_MAX = 256

/** @throws CliError usage for a text that is no NAME=VALUE. */
export function parseFields(texts: readonly string[]): Readonly<Record<string, FieldValue>> {
  return Object.fromEntries(texts.map(fieldOf))
}

function fieldOf(text: string): readonly [name: string, value: FieldValue] {
  const pair = parseHeader(text)
  if (pair === undefined || text.length > TEXT_LENGTH_MAX) {
    const expected = `expected NAME=VALUE, at most ${TEXT_LENGTH_MAX} characters`
    throw new CliError(ExitCode.usage, `field '${text.slice(0, 40)}' is invalid: ${expected}`)
  }
  return [pair[0], fieldValue(pair[1])]
}

/** `80`, `true` and `"80"` as JSON has them; anything else is text. */
function fieldValue(text: string): FieldValue {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'number' || typeof value === 'boolean') return value
    return typeof value === 'string' ? value : text
  } catch {
    return text
  }
}
