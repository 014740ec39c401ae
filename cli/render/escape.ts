/**
 * Text of strangers made harmless: whatever a terminal would obey instead of show is written out.
 *
 * Names, groups, headers and messages come from peers. Raw, an ESC could move the cursor, recolour the screen or
 * set the clipboard, a newline could fake a line of ours, and a bidirectional override could make a text read
 * as another. Applied in terminals and pipes alike; `--json` has its own escaping.
 */

/** C0 and C1 controls, DEL, line and paragraph separators, bidirectional overrides and isolates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** `\n`, `\r`, `\t`, `\x1b`, `\u202e`. A backslash stays what it is: `--json` tells the two apart. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT[character] ?? codeOf(character))
}

function codeOf(character: string): string {
  const hex = character.charCodeAt(0).toString(16)
  return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex}`
}
