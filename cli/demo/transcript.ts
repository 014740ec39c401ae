/**
 * The transcript of the demo: what was said, what was checked, and when.
 */
import { recordOf } from '../json.ts'
import type { Output } from '../output.ts'

const TIME_WIDTH = 6

export class Transcript {
  readonly #out: Output
  readonly #startedAt = performance.now()
  #checks = 0

  constructor(out: Output) {
    this.#out = out
  }

  get checks(): number {
    return this.#checks
  }

  /** Milliseconds since the start. */
  now(): number {
    return performance.now() - this.#startedAt
  }

  heading(lines: readonly string[]): void {
    if (!this.#out.json) for (const line of lines) void this.#out.print(line)
  }

  /** Something was done. */
  told(text: string): void {
    this.#write(text, undefined)
  }

  /** Something was to happen, and has. */
  checked(text: string): void {
    this.#checks++
    this.#write(text, true)
  }

  /** Something was to happen, and has not. */
  failed(text: string): void {
    this.#write(text, false)
  }

  #write(text: string, ok: boolean | undefined): void {
    const out = this.#out
    const ms = Math.round(this.now())
    if (out.json) {
      void out.printRecord(recordOf('demo', { ms, ...(ok !== undefined && { ok }), text }))
      return
    }
    const time = out.paint('dim', `${String(ms).padStart(TIME_WIDTH)} ms`)
    const mark = ok === undefined ? ' ' : ok ? out.paint('green', '✓') : out.paint('red', '✗')
    void out.print(`${time}  ${mark} ${text}`)
  }
}
