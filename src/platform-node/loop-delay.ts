/**
 * How late the event loop of this process is, over `node:perf_hooks`: while it measures, libuv arms a timer of 20 ms
 * again and again and notes how long it took, without calling into JavaScript (0.15 % of a core). So it measures only
 * while somebody asks.
 *
 * A stall shorter than those 20 ms may fall between two of them. And Node.js leaves out the interval in which a
 * measurement begins: a stall right after a reading that began one anew is not in it.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import type { EventLoopDelay } from '../runtime/platform.ts'

const RESOLUTION_MS = 20
/** What a reading covers at least, as soon as it has been measured for so long. */
const WINDOW_MS = 10_000
/** Nobody has asked for so long: it ends. More than the longest usual interval of those who collect metrics. */
const IDLE_MS = 5 * 60_000
const NS_PER_MS = 1e6

/** What is used of the histogram: all in nanoseconds. */
export type DelayHistogram = Pick<
  IntervalHistogram,
  'enable' | 'disable' | 'reset' | 'mean' | 'max' | 'percentile'
>

interface Measurement {
  readonly histogram: DelayHistogram
  since: number
  /** The last complete window. */
  latest: EventLoopDelay | undefined
  readonly idle: NodeJS.Timeout
}

export class LoopDelayMeter {
  readonly #makeHistogram: () => DelayHistogram
  #measurement: Measurement | undefined

  constructor(
    makeHistogram: () => DelayHistogram = () =>
      monitorEventLoopDelay({ resolution: RESOLUTION_MS }),
  ) {
    this.#makeHistogram = makeHistogram
  }

  /** `undefined` at first, when there is nothing to tell yet: see `Platform.eventLoopDelay`. */
  read(): EventLoopDelay | undefined {
    const measurement = this.#measurement
    if (measurement === undefined) {
      this.#begin()
      return undefined
    }
    measurement.idle.refresh()
    const { histogram, latest, since } = measurement
    const overMs = performance.now() - since
    if (overMs < WINDOW_MS) return latest ?? readingOf(histogram, overMs)
    measurement.latest = readingOf(histogram, overMs)
    measurement.since += overMs
    histogram.reset()
    return measurement.latest
  }

  #begin(): void {
    const histogram = this.#makeHistogram()
    histogram.enable()
    const idle = setTimeout(() => this.#end(), IDLE_MS).unref()
    this.#measurement = { histogram, since: performance.now(), latest: undefined, idle }
  }

  #end(): void {
    this.#measurement?.histogram.disable()
    this.#measurement = undefined
  }
}

/** `undefined` before the first measurement. The histogram holds how long the timers took, their 20 ms included. */
function readingOf(histogram: DelayHistogram, overMs: number): EventLoopDelay | undefined {
  const { mean, max } = histogram
  if (!Number.isFinite(mean)) return undefined
  return {
    overMs: Math.round(overMs),
    meanMs: lateness(mean),
    p99Ms: lateness(histogram.percentile(99)),
    maxMs: lateness(max),
  }
}

/** In milliseconds, to the microsecond. */
function lateness(ns: number): number {
  return Math.max(0, Math.round((ns / NS_PER_MS - RESOLUTION_MS) * 1_000) / 1_000)
}
