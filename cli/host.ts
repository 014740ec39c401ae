/**
 * What the command needs of its process: streams, environment, and how it is told to end.
 */
import type { Readable, Writable } from 'node:stream'

export type Input = Readable & {
  readonly isTTY?: boolean
  /** Of a terminal: gives each key at once, Ctrl-C included. */
  setRawMode?(mode: boolean): unknown
}
export type OutputStream = Writable & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** Why everything should end before it is done. The reason of `Host.signal`. */
export type Ending = 'interrupted' | 'output-closed'

export interface Host {
  readonly stdin: Input
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly hostName: string
  readonly version: string
  /** The script to start for another process of this command. */
  readonly script: string
  /** Aborted when the user interrupts, or when nobody reads stdout any more; `reason` is an Ending. */
  readonly signal: AbortSignal
  /** What Ctrl-C does, for those who read the terminal's keys themselves. */
  interrupt(): void
}
