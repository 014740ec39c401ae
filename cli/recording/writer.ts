/**
 * Writes a recording to a stream that may be slower than what is observed: what waits is bounded, and what had no room is
 * counted and told in the recording itself.
 */
import type { Writable } from 'node:stream'
import type { JsonRecord } from '../json.ts'
import { droppedRecord, recordingLine } from './format.ts'

/** Bytes that wait for the stream; beyond it lines are dropped. */
const WAITING_BYTES_MAX: number = 32 * 1_024 * 1_024

export class RecordingWriter {
  readonly #stream: Writable
  readonly #limit: number
  #untold = 0
  #failed = false
  lines = 0
  bytes = 0
  /** Lines that were not written: no room, or nothing that can be written. */
  dropped = 0

  constructor(stream: Writable, waitingBytesMax: number = WAITING_BYTES_MAX) {
    this.#stream = stream
    this.#limit = waitingBytesMax
    stream.on('error', () => {
      this.#failed = true
    })
  }

  /** False when it was dropped. */
  write(record: JsonRecord): boolean {
    const line = this.#hasRoom() ? recordingLine(record) : undefined
    if (line === undefined) {
      this.dropped++
      this.#untold++
      return false
    }
    if (this.#untold > 0) {
      const told = recordingLine(droppedRecord(this.#untold, Date.now()))
      this.#untold = 0
      this.#push(told!)
    }
    this.#push(line)
    return true
  }

  /** Resolves when half of what may wait is free: for those who can wait. Ends early when aborted. */
  async room(signal: AbortSignal): Promise<void> {
    const stream = this.#stream
    while (stream.writableLength > this.#limit / 2 && stream.writableNeedDrain) {
      if (this.#failed || signal.aborted) return
      await drained(stream, signal)
    }
  }

  #hasRoom(): boolean {
    return !this.#failed && this.#stream.writableLength < this.#limit
  }

  #push(line: string): void {
    const bytes = Buffer.from(`${line}\n`)
    this.lines++
    this.bytes += bytes.length
    this.#stream.write(bytes)
  }
}

function drained(stream: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done)
      stream.off('close', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    stream.on('drain', done)
    stream.on('close', done)
    signal.addEventListener('abort', done)
  })
}
