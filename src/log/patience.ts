/**
 * What a collector waits for: how far the records of all sources have come, and whose past is still on its way. Each
 * wait has its end: a source that says nothing, or never comes to the present, holds nobody up for long.
 */
import type { Followed } from './followed.ts'

/** How long a past that is still coming holds up what is here, at the most; and how long such a source may be silent. */
export const PAST_MS_MAX = 5_000

/** Up to here, in ticks, the records of all sources have come. */
export function completeUpTo(sources: Iterable<Followed>, now: number, windowMs: number): number {
  let upTo = Number.POSITIVE_INFINITY
  for (const source of sources) {
    // One that does not answer has no log at all.
    const isExpected = source.answered || now - source.since < windowMs
    if (isExpected) upTo = Math.min(upTo, source.upTo)
  }
  return upTo
}

/** Whether a source that has answered has more to send of its past, and sends it. */
export function isPastComing(source: Followed, now: number, isReaderSlow: boolean): boolean {
  if (!source.answered || source.caughtUp) return false
  // It may be we who have not asked for more.
  if (isReaderSlow && (source.unacked !== 0 || !source.isSubscribed)) return true
  return now - source.heardAt < PAST_MS_MAX
}

/** What all others wait for may come from this one. */
export function furthestBehind(sources: Iterable<Followed>): Followed | undefined {
  let first: Followed | undefined
  for (const source of sources) {
    if (source.answered && (first === undefined || source.upTo < first.upTo)) first = source
  }
  return first
}
