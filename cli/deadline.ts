/**
 * A limit of time on top of the signal that ends everything.
 *
 * Not `AbortSignal.any([…, AbortSignal.timeout(ms)])`: in Node.js 20 its timer can be collected as garbage before
 * it fires, and it would go on running after the wait is over.
 */
import { setMaxListeners } from 'node:events'

export interface Deadline {
  /** Aborted when the time is over or the outer signal is. */
  readonly signal: AbortSignal
  /** The time was over first. */
  readonly passed: boolean
}

/** Runs `action` under a limit; without `ms`, under the outer signal alone. */
export async function withDeadline<Result>(
  outer: AbortSignal,
  ms: number | undefined,
  action: (deadline: Deadline) => Promise<Result>,
): Promise<Result> {
  if (ms === undefined) return action({ signal: outer, passed: false })
  const controller = new AbortController()
  // Many may wait under one limit.
  setMaxListeners(0, controller.signal)
  const deadline = { signal: controller.signal, passed: false }
  const onOuter = (): void => controller.abort(outer.reason)
  const onTime = (): void => {
    deadline.passed = !outer.aborted
    controller.abort()
  }
  const timer = setTimeout(onTime, ms)
  if (outer.aborted) onOuter()
  else outer.addEventListener('abort', onOuter, { once: true })
  try {
    return await action(deadline)
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', onOuter)
  }
}

/** Lets time pass; ends early when the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return withDeadline(signal, ms, (deadline) => {
    return new Promise((resolve) => {
      if (deadline.signal.aborted) resolve()
      else deadline.signal.addEventListener('abort', () => resolve(), { once: true })
    })
  })
}
