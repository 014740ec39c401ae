/**
 * When TCP sends again what was not acknowledged, and when it gives up. In ticks, counted from the moment at which
 * a packet would have arrived: the n-th retransmission arrives at `retryTick(n)`.
 */
import { ticksOf } from '../kernel/time.ts'

/** RFC 6298 §2 has 1 s for the first SYN; Linux has 200 ms for everything later. */
const SYN_RETRY_MS = 1_000
/** Linux's `tcp_syn_retries`: a dialler hears of it after 127 s. */
export const SYN_RETRIES = 6
const RETRY_MS = 200
const RETRY_MS_MAX = 120_000
/** Linux's `tcp_retries2`: 924.6 s in all. */
export const RETRIES = 15

/** Milliseconds that a SYN (or the answer to it) waits for its answer. */
export function synRetryMs(attempt: number): number {
  return SYN_RETRY_MS * 2 ** attempt
}

/** Milliseconds from one retransmission to the next. */
export function retryMs(attempt: number): number {
  return Math.min(RETRY_MS * 2 ** attempt, RETRY_MS_MAX)
}

/** Ticks until the n-th retransmission; the last entry is when the sender gives up. */
const RETRY_TICKS: Float64Array = retryTicks()
export const GIVE_UP_TICKS: number = RETRY_TICKS[RETRIES + 1]!

function retryTicks(): Float64Array {
  const ticks = new Float64Array(RETRIES + 2)
  for (let i = 0; i <= RETRIES; i++) ticks[i + 1] = ticks[i]! + ticksOf(retryMs(i))
  return ticks
}

/** How many retransmissions there were within `ticks`. */
export function retriesWithin(ticks: number): number {
  let count = 0
  while (count < RETRIES && RETRY_TICKS[count + 1]! <= ticks) count++
  return count
}

/** Ticks until the retransmission after `count` others, or until the sender gives up. */
export function nextRetryTick(count: number): number {
  return RETRY_TICKS[count + 1]!
}
