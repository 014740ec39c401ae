/**
 * Waiting for others to be there.
 *
 * Every present node answers a beacon within milliseconds, but one after the other: the first to answer is
 * not everybody. So a verb that speaks to whoever is there waits until nothing new has come for a moment.
 */
import type { MeshNode } from '../src/index.ts'

/** How long a verb looks for peers when the user has not said. */
export const DISCOVERY_MS = 1_500
/** How long a verb looks that is to find all of them: longer than the second between two beacons. */
export const LOOK_MS = 1_200
/** So long without news, and those who are there have answered. A beacon is repeated after 100 ms. */
export const QUIET_MS = 250

const CHANGES = ['enter', 'exit', 'join', 'leave'] as const

export interface WaitForOptions {
  /** `undefined`: as long as it takes. */
  readonly limitMs: number | undefined
  /** How long `isThere` has to hold without any change. 0: at once. */
  readonly quietMs: number
  readonly signal: AbortSignal
}

/** Resolves with whether `isThere` held when the wait ended: settled, over its limit, or aborted. */
export function waitFor(
  node: MeshNode,
  isThere: () => boolean,
  { limitMs, quietMs, signal }: WaitForOptions,
): Promise<boolean> {
  return new Promise((resolve) => {
    const over = new AbortController()
    let quiet: NodeJS.Timeout | undefined
    const end = (): void => {
      clearTimeout(quiet)
      clearTimeout(limit)
      over.abort()
      resolve(isThere())
    }
    const look = (): void => {
      clearTimeout(quiet)
      if (!isThere()) return
      if (quietMs === 0) end()
      else quiet = setTimeout(end, quietMs)
    }
    const limit = limitMs === undefined ? undefined : setTimeout(end, limitMs)
    for (const type of CHANGES) node.on(type, look, { signal: over.signal })
    signal.addEventListener('abort', end, { signal: over.signal })
    if (signal.aborted) end()
    else look()
  })
}
