/** What a command has printed with `--json`, or written to a file. */

/** Its lines as objects. */
export function recordsOf(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
