/**
 * Warnings: everything that goes wrong without being the application's fault, each with a stable code.
 * All are counted; reports are limited per code and second, so that a flood of bad bytes does not
 * become a flood of events.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { WarningEvent } from './events.ts'

export interface WarningSubject {
  readonly peer?: PeerId | undefined
  readonly address?: string | undefined
}

interface Tally {
  total: number
  windowStart: number
  reportedInWindow: number
  suppressed: number
}

const WINDOW_MS = 1_000

/** Counts every warning and decides which of them are reported. */
export class WarningLedger<Code extends string> {
  readonly #perSecond: number
  readonly #tallies = new Map<Code, Tally>()

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Counts one warning; the event to report, or `undefined` while this code is over its rate. */
  note(
    code: Code,
    reason: string,
    subject: WarningSubject,
    now: number,
  ): WarningEvent<Code> | undefined {
    let tally = this.#tallies.get(code)
    if (tally === undefined) {
      tally = { total: 0, windowStart: now, reportedInWindow: 0, suppressed: 0 }
      this.#tallies.set(code, tally)
    }
    tally.total++
    if (now - tally.windowStart >= WINDOW_MS) {
      tally.windowStart = now
      tally.reportedInWindow = 0
    }
    if (tally.reportedInWindow >= this.#perSecond) {
      tally.suppressed++
      return undefined
    }
    tally.reportedInWindow++
    const { suppressed } = tally
    tally.suppressed = 0
    return {
      type: 'warning',
      code,
      reason: printable(reason),
      suppressed,
      ...(subject.peer !== undefined && { peer: subject.peer }),
      ...(subject.address !== undefined && { address: subject.address }),
    }
  }

  /** How often each code was counted. */
  counts(): Record<string, number> {
    return Object.fromEntries([...this.#tallies].map(([code, tally]) => [code, tally.total]))
  }
}

const REASON_LENGTH_MAX = 500

/** Reasons quote names that peers chose: nothing in them may steer a terminal or fake a line of a log. */
function printable(text: string): string {
  const cut = text.length > REASON_LENGTH_MAX ? `${text.slice(0, REASON_LENGTH_MAX)}…` : text
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, '\ufffd')
}
