/** A merged log as a file: NDJSON, one entry a line. */
import { closeSync, openSync, writeSync } from 'node:fs'
import type { RecordingEntry } from './entries.ts'
import { jsonLine } from './lines.ts'

/** Characters are written in pieces of about so many: a simulation has no time for more, and no room for all. */
const PIECE_LENGTH = 256 * 1_024

/**
 * Writes a merged log to a file, from its beginning.
 *
 * ```ts
 * const file = new LogFile('dinner.ndjson')
 * const sim = createSimulation({ seed: 7, log: file.take })
 * // …
 * await sim.stop()
 * file.close()
 * ```
 */
export class LogFile {
  readonly path: string
  readonly #descriptor: number
  #lines = ''
  #entries = 0

  /** @throws the host's error for a file that cannot be written */
  constructor(path: string) {
    this.path = path
    this.#descriptor = openSync(path, 'w')
  }

  /** Records so far. */
  get records(): number {
    return Math.max(0, this.#entries - 1)
  }

  /** Takes an entry. @throws the host's error when the file cannot be written any more */
  readonly take = (entry: RecordingEntry): void => {
    this.#lines += `${jsonLine(entry)}\n`
    this.#entries++
    if (this.#lines.length >= PIECE_LENGTH) this.#flush()
  }

  /** Writes what is left. @throws as `take` */
  close(): void {
    try {
      this.#flush()
    } finally {
      closeSync(this.#descriptor)
    }
  }

  #flush(): void {
    let bytes: Uint8Array = Buffer.from(this.#lines)
    this.#lines = ''
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#descriptor, bytes))
  }
}
