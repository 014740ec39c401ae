/**
 * Round trips: what came of them, as lines in the manner of `ping`.
 */
import type { PeerInfo } from '../../src/index.ts'
import { formatRoundTrip, roundedMs } from '../duration.ts'
import { shortId, shownName } from './event-lines.ts'
import type { Paint } from './style.ts'
import { nameStyle } from './style.ts'

export interface RoundTripSummary {
  readonly sent: number
  readonly answered: number
  readonly minMs?: number
  readonly avgMs?: number
  readonly maxMs?: number
}

export class RoundTrips {
  #sent = 0
  #answered = 0
  #sumMs = 0
  #minMs = Number.POSITIVE_INFINITY
  #maxMs = 0

  get answered(): number {
    return this.#answered
  }

  /** `undefined`: no answer. */
  note(roundTripMs: number | undefined): void {
    this.#sent++
    if (roundTripMs === undefined) return
    this.#answered++
    this.#sumMs += roundTripMs
    this.#minMs = Math.min(this.#minMs, roundTripMs)
    this.#maxMs = Math.max(this.#maxMs, roundTripMs)
  }

  summary(): RoundTripSummary {
    const counts = { sent: this.#sent, answered: this.#answered }
    if (this.#answered === 0) return counts
    return {
      ...counts,
      minMs: roundedMs(this.#minMs),
      avgMs: roundedMs(this.#sumMs / this.#answered),
      maxMs: roundedMs(this.#maxMs),
    }
  }
}

export function pingLine(
  peer: PeerInfo,
  sequence: number,
  roundTripMs: number | undefined,
  paint: Paint,
): string {
  const name = paint(nameStyle(peer.id), shownName(peer))
  if (roundTripMs === undefined) return `${name}: seq=${sequence} ${paint('red', 'no answer')}`
  return `${name}: seq=${sequence} time=${formatRoundTrip(roundTripMs)}`
}

/** A heading and one line; `min/avg/max` as ping has them. */
export function pingSummary(peer: PeerInfo, summary: RoundTripSummary, paint: Paint): string[] {
  const { sent, answered, minMs, avgMs, maxMs } = summary
  const lostPercent = sent === 0 ? 0 : Math.round((100 * (sent - answered)) / sent)
  const counts = `${sent} sent, ${answered} answered, ${lostPercent}% lost`
  const hasTimes = minMs !== undefined && avgMs !== undefined && maxMs !== undefined
  const times = hasTimes
    ? `; min/avg/max = ${[minMs, avgMs, maxMs].map((ms) => ms.toFixed(3)).join('/')} ms`
    : ''
  return ['', paint('dim', `--- ${shownName(peer)} (${shortId(peer.id)}) ---`), `${counts}${times}`]
}
