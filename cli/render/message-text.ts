/**
 * A message in one line for people. Exact bytes are what `--json` is for.
 */
import { escapeText } from './escape.ts'

const HEX_BYTES_MAX = 16
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 to text; `undefined` for bytes that are something else. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes)
  } catch {
    return undefined
  }
}

/** What is shown of a message: a received one, or one read from a recording. */
export interface ShownMessage {
  frames(): readonly Uint8Array[]
}

/** `hello`, `<4 bytes: 00 ff 10 80>`, or `hello | <…>` for several frames. */
export function messageText(message: ShownMessage): string {
  return message.frames().map(frameText).join(' | ')
}

function frameText(bytes: Uint8Array): string {
  const text = textOf(bytes)
  // `echo hi | earshot shout …` sends the newline too; nobody wants to see it.
  if (text !== undefined) return escapeText(text.replace(/\r?\n$/, ''))
  const hex = Buffer.from(bytes.subarray(0, HEX_BYTES_MAX)).toString('hex')
  const more = bytes.length > HEX_BYTES_MAX ? ' …' : ''
  const unit = bytes.length === 1 ? 'byte' : 'bytes'
  return `<${bytes.length} ${unit}: ${hex.replace(/..(?!$)/g, '$& ')}${more}>`
}
