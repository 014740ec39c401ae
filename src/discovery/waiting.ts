/** Letting time pass, on a platform's clock. */
import type { Clock } from '../runtime/platform.ts'

/** Ends early when the signal is aborted. */
export function passed(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', over)
      resolve()
    }
    const timer = clock.setTimer(clock.now() + ms, over)
    signal?.addEventListener('abort', over)
    if (signal?.aborted) over()
  })
}

const LOOK_EVERY_MS = 50

/** Whether it came to hold within the time. */
export async function comesToHold(
  clock: Clock,
  condition: () => boolean,
  limitMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const until = clock.now() + limitMs
  while (!condition() && clock.now() < until && !signal?.aborted) {
    await passed(clock, LOOK_EVERY_MS, signal)
  }
  return condition()
}
