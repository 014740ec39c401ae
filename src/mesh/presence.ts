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

/**
 * The state at `now` of a peer that was last heard at `heardAt`. Compared in the terms of `PeerTable`: a
 * difference of the two times could be rounded below the threshold at the very moment that it names.
 */
export function presenceAt(
  now: number,
  heardAt: number,
  timers: PresenceTimers,
): Presence | 'gone' {
  if (now >= heardAt + timers.expiredMs) return 'gone'
  if (now >= heardAt + timers.silentMs) return 'silent'
  if (now >= heardAt + timers.evasiveMs) return 'evasive'
  return 'alive'
}

/** How long after it was last heard, without another sign of life, the state of a peer changes next. */
export function patienceMs(presence: Presence, timers: PresenceTimers): number {
  switch (presence) {
    case 'alive':
      return Math.min(timers.evasiveMs, timers.silentMs, timers.expiredMs)
    case 'evasive':
      return Math.min(timers.silentMs, timers.expiredMs)
    case 'silent':
      return timers.expiredMs
  }
}
