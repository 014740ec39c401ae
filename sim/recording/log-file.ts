/** A merged log as a file: NDJSON, one entry a line. */
import { closeSync, openSync, writeSync } from 'node:fs'
import type { RecordingEntry } from './entries.ts'

/** Characters are written in pieces of about so many: a simulation has no time for more, and no room for all. */
const PIECE_LENGTH = 256 * 1_024
/** Characters that JSON lets through and a terminal obeys. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

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
    this.#lines += `${lineOf(entry)}\n`
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

function lineOf(entry: RecordingEntry): string {
  return JSON.stringify(entry).replace(UNSAFE, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
