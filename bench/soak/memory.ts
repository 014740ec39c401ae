/** Whether the resident memory of a process is flat: its middle third held against its last third. */
import { median } from '../report.ts'

/** What a garbage collector may do by itself: whichever is more. */
const GROWTH_FACTOR_MAX = 1.1
const GROWTH_MIB_MAX = 8
/** In less time the heap is still finding its size. */
const JUDGED_MS_MIN = 3 * 60_000

export interface MemoryResult {
  readonly process: string
  /** MiB; medians of the thirds of the run. */
  readonly thirds: readonly number[]
  readonly verdict: 'flat' | 'grows' | 'too short to tell'
}

export class MemoryRecord {
  readonly #process: string
  readonly #samples: { readonly at: number; readonly mib: number }[] = []

  constructor(process: string) {
    this.#process = process
  }

  add(at: number, residentBytes: number): void {
    this.#samples.push({ at, mib: residentBytes / 2 ** 20 })
  }

  get lastMib(): number {
    return this.#samples.at(-1)?.mib ?? Number.NaN
  }

  result(): MemoryResult {
    const count = this.#samples.length
    const thirds = [0, 1, 2].map((third) => {
      const part = this.#samples.slice((third * count) / 3, ((third + 1) * count) / 3)
      return median(part.map(({ mib }) => mib))
    })
    const [, middle = Number.NaN, last = Number.NaN] = thirds
    const allowed = Math.max(middle * GROWTH_FACTOR_MAX, middle + GROWTH_MIB_MAX)
    const lasted = (this.#samples.at(-1)?.at ?? 0) - (this.#samples[0]?.at ?? 0)
    const judged = last <= allowed ? 'flat' : 'grows'
    return {
      process: this.#process,
      thirds,
      verdict: lasted < JUDGED_MS_MIN ? 'too short to tell' : judged,
    }
  }
}
