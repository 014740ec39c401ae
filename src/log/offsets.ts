/** How wrong each source's wall clock is, estimated as NTP does: from round trips, of which the shortest says most. */

/** Round trips that are remembered; the estimate follows a clock that jumps within so many. */
const SAMPLES = 8

interface Sample {
  readonly roundTripMs: number
  readonly offsetMs: number
}

export class ClockOffset {
  readonly #samples: Sample[] = []

  /**
   * One round trip: the source showed `wall` when it answered; here it was `wallNow` when the answer came, `roundTripMs`
   * after the question, the source's own delay taken off.
   */
  add(wall: number, wallNow: number, roundTripMs: number): void {
    const ms = Math.max(0, roundTripMs)
    this.#samples.push({ roundTripMs: ms, offsetMs: wall + ms / 2 - wallNow })
    if (this.#samples.length > SAMPLES) this.#samples.shift()
  }

  /** Milliseconds that the source's clock is ahead of ours (negative: behind); `undefined` before the first round trip. */
  get ms(): number | undefined {
    let best: Sample | undefined
    for (const each of this.#samples) {
      if (best === undefined || each.roundTripMs <= best.roundTripMs) best = each
    }
    return best?.offsetMs
  }
}
