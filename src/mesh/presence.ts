/**
 * The arithmetic of presence: how long a silence makes a peer evasive, silent, gone.
 *
 *     alive ──evasiveMs──▶ evasive ──silentMs──▶ silent ──expiredMs──▶ gone
 *       ▲────────────── any sign of life ──────────┘
 *
 * Pure functions over numbers; who acts on them is `watch.ts`.
 */
import type { Presence } from './events.ts'
import type { Timers } from './options.ts'

type PresenceTimers = Pick<Timers, 'evasiveMs' | 'silentMs' | 'expiredMs'>

/** The state after a silence of `silenceMs`. */
export function presenceAfter(silenceMs: number, timers: PresenceTimers): Presence | 'gone' {
  if (silenceMs >= timers.expiredMs) return 'gone'
  if (silenceMs >= timers.silentMs) return 'silent'
  if (silenceMs >= timers.evasiveMs) return 'evasive'
  return 'alive'
}

/** When, without another sign of life, the state changes next. */
export function nextPresenceChange(
  heardAt: number,
  presence: Presence,
  timers: PresenceTimers,
): number {
  switch (presence) {
    case 'alive':
      return heardAt + Math.min(timers.evasiveMs, timers.silentMs, timers.expiredMs)
    case 'evasive':
      return heardAt + Math.min(timers.silentMs, timers.expiredMs)
    case 'silent':
      return heardAt + timers.expiredMs
  }
}
