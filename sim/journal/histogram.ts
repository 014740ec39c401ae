/** A histogram of durations over nine powers of ten, 1 % wide at most: enough for any percentile, in 17 KiB. */

const BUCKETS_PER_DECADE = 240
const DECADES = 9
/** Durations from 1 µs to 11 days. */
const LOWEST_MS = 1e-3

/** In milliseconds; all 0 without any. */
export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS_PER_DECADE * DECADES + 1)
  #count = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  add(ms: number): void {
    const decades = Math.log10(Math.max(ms, LOWEST_MS) / LOWEST_MS)
    const bucket = Math.min(this.#counts.length - 1, Math.round(decades * BUCKETS_PER_DECADE))
    this.#counts[bucket]!++
    this.#count++
    this.#max = Math.max(this.#max, ms)
  }

  /** The duration that `percent` of all do not exceed, in milliseconds; 0 without any. */
  percentileMs(percent: number): number {
    const wanted = (this.#count * percent) / 100
    let seen = 0
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket]!
      if (seen >= wanted && seen > 0) {
        return Math.min(this.#max, LOWEST_MS * 10 ** (bucket / BUCKETS_PER_DECADE))
      }
    }
    return this.#max
  }

  percentilesMs(): Percentiles {
    return {
      p50: this.percentileMs(50),
      p90: this.percentileMs(90),
      p99: this.percentileMs(99),
      max: this.#max,
    }
  }
}
