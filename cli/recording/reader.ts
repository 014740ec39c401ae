/** Reads a recording: line by line, each bounded, whoever wrote it; what is damaged is counted and passed over. */
import type { RecordedLine } from './format.ts'
import { LINE_BYTES_MAX, readRecordingLine } from './format.ts'

const NEWLINE = 0x0a

export class RecordingReader {
  readonly #chunks: AsyncIterable<Uint8Array>
  readonly #lineBytesMax: number
  /** Lines that were given. */
  lines = 0
  /** Lines that could not be read. */
  bad = 0
  /** The last line has no end: the recorder was killed, or is still at it. */
  isCutShort = false

  constructor(chunks: AsyncIterable<Uint8Array>, lineBytesMax: number = LINE_BYTES_MAX) {
    this.#chunks = chunks
    this.#lineBytesMax = lineBytesMax
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordedLine, undefined> {
    let begun: Uint8Array[] = []
    let length = 0
    for await (const chunk of this.#chunks) {
      let start = 0
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        length += end - start
        begun.push(chunk.subarray(start, end))
        const line = this.#read(begun, length)
        if (line !== undefined) yield line
        begun = []
        length = 0
        start = end + 1
      }
      length += chunk.length - start
      // Of a line that is too long only its length is kept.
      if (length > this.#lineBytesMax) begun = []
      else begun.push(chunk.subarray(start))
    }
    if (length === 0) return
    const bad = this.bad
    const line = this.#read(begun, length)
    if (line !== undefined) yield line
    else this.isCutShort = true
    this.bad = bad
  }

  #read(parts: readonly Uint8Array[], length: number): RecordedLine | undefined {
    if (length === 0) return undefined
    const isTooLong = length > this.#lineBytesMax
    const line = isTooLong ? undefined : readRecordingLine(Buffer.concat(parts).toString('utf8'))
    if (line === undefined) this.bad++
    else this.lines++
    return line
  }
}
