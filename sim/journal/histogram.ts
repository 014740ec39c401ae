/** A histogram of durations over nine powers of ten, 1 % wide at most: enough for any percentile, in 17 KiB. */

const BUCKETS_PER_DECADE = 240
const DECADES = 9
/** Durations from 1 µs to 11 days. */
const LOWEST_MS = 1e-3

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS_PER_DECADE * DECADES + 1)
  #count = 0
  #max = 0
  #sum = 0

  get count(): number {
    return this.#count
  }

  get maxMs(): number {
    return this.#max
  }

  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  add(ms: number): void {
    const decades = Math.log10(Math.max(ms, LOWEST_MS) / LOWEST_MS)
    const bucket = Math.min(this.#counts.length - 1, Math.round(decades * BUCKETS_PER_DECADE))
    this.#counts[bucket]!++
    this.#count++
    this.#sum += ms
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
}
