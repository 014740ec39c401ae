/**
 * Time over `performance.now()` and Node's timers.
 *
 * Timers are unref'ed: a running node keeps the process alive by its sockets, and a timer that
 * outlives them must not. `endOfTurn` is not: what waits for it (unsent bytes) must still happen.
 */
import type { Clock, Timer } from '../runtime/platform.ts'

/** `setTimeout` takes a longer delay for 1 ms; a later deadline is reached in several laps. */
const DELAY_MS_MAX = 2 ** 31 - 1

class NodeTimer implements Timer {
  readonly #at: number
  readonly #callback: () => void
  #handle: NodeJS.Timeout

  constructor(at: number, callback: () => void) {
    this.#at = at
    this.#callback = callback
    this.#handle = this.#arm()
  }

  cancel(): void {
    clearTimeout(this.#handle)
  }

  #arm(): NodeJS.Timeout {
    const delay = Math.min(DELAY_MS_MAX, Math.max(0, Math.ceil(this.#at - performance.now())))
    return setTimeout(this.#fire, delay).unref()
  }

  // libuv counts whole milliseconds from the start of the turn, so `setTimeout` can be up to one early.
  readonly #fire = (): void => {
    if (performance.now() < this.#at) this.#handle = this.#arm()
    else this.#callback()
  }
}

/** Whether somebody has been called back in this turn of the event loop. */
let isTurnUsed = false
const onTurn = (): void => {
  isTurnUsed = false
}

/**
 * The first of a turn is called as soon as the running code has returned: an answer leaves 5 µs sooner than it would
 * after the turn. Whoever asks later in the turn is called at its end, so that answers to many peers still gather.
 */
function endOfTurn(callback: () => void): void {
  if (isTurnUsed) {
    setImmediate(callback)
    return
  }
  isTurnUsed = true
  setImmediate(onTurn)
  process.nextTick(callback)
}

export const nodeClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (at, callback) => new NodeTimer(at, callback),
  endOfTurn,
}
