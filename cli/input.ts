/**
 * Messages from stdin: all of it as one, or each line as one. Bytes, not text: what goes in goes out.
 */
import { addAbortSignal } from 'node:stream'
import { DEFAULT_LIMITS } from '../src/index.ts'
import { CliError, ExitCode } from './exit-codes.ts'
import type { Input } from './host.ts'

const NEWLINE = 0x0a
const RETURN = 0x0d
const BYTES_MAX = DEFAULT_LIMITS.messageBytes

/** Everything up to the end. Rejects when aborted. */
export async function readWhole(stdin: Input, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of addAbortSignal(signal, stdin) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > BYTES_MAX) throw tooLong('stdin is')
  }
  return Buffer.concat(chunks)
}

/** Line by line, without the line ends; stdin is read no faster than the lines are taken. */
export async function* readLines(
  stdin: Input,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, undefined> {
  let begun: Uint8Array[] = []
  let begunLength = 0
  for await (const chunk of addAbortSignal(signal, stdin) as AsyncIterable<Uint8Array>) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const rest = chunk.subarray(start, end)
      yield withoutReturn(begun.length === 0 ? rest : Buffer.concat([...begun, rest]))
      begun = []
      begunLength = 0
      start = end + 1
    }
    if (start === chunk.length) continue
    begun.push(chunk.subarray(start))
    begunLength += chunk.length - start
    if (begunLength > BYTES_MAX) throw tooLong('a line of stdin is')
  }
  if (begun.length > 0) yield withoutReturn(Buffer.concat(begun))
}

function withoutReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === RETURN ? line.subarray(0, -1) : line
}

function tooLong(what: string): CliError {
  return new CliError(ExitCode.failure, `${what} longer than the ${BYTES_MAX} bytes of a message`)
}
