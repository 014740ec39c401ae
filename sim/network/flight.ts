/** What is on its way to one end of a connection: bytes, FIN and RST, in order, each with its tick of arrival. */

export interface Unit {
  readonly kind: 'bytes' | 'fin' | 'rst'
  readonly bytes: Uint8Array
  readonly dueTick: number
}

const NO_BYTES = new Uint8Array(0)

/** A queue that is made when something is sent and dropped when nothing is under way: most ends are idle. */
export class Flight {
  readonly #units: Unit[] = []
  #head = 0

  get isEmpty(): boolean {
    return this.#head === this.#units.length
  }

  /** When the first unit arrives. Only where the flight is not empty. */
  get dueTick(): number {
    return this.#units[this.#head]!.dueTick
  }

  push(kind: Unit['kind'], bytes: Uint8Array | undefined, dueTick: number): void {
    this.#units.push({ kind, bytes: bytes ?? NO_BYTES, dueTick })
  }

  /** The first unit, if it has arrived by `tick`. */
  take(tick: number): Unit | undefined {
    const unit = this.#units[this.#head]
    if (unit === undefined || unit.dueTick > tick) return undefined
    this.#head++
    return unit
  }
}

/** Bytes that were written and have no room under way yet. */
export class Outgoing {
  #segments: Uint8Array[] = []
  #first = 0
  /** Bytes of the first segment that were taken. */
  #offset = 0
  bytes = 0

  push(segment: Uint8Array): void {
    if (segment.length === 0) return
    this.#segments.push(segment)
    this.bytes += segment.length
  }

  /** Moves the next `target.length` bytes, all of which must be here. */
  moveTo(target: Uint8Array): void {
    let filled = 0
    while (filled < target.length) {
      const segment = this.#segments[this.#first]!
      const count = Math.min(segment.length - this.#offset, target.length - filled)
      if (count === segment.length) target.set(segment, filled)
      else target.set(segment.subarray(this.#offset, this.#offset + count), filled)
      filled += count
      this.#offset += count
      if (this.#offset < segment.length) break
      this.#first++
      this.#offset = 0
    }
    this.bytes -= filled
    if (this.#first > 1_024) this.#segments = this.#segments.slice(this.#first)
    if (this.#first > 1_024) this.#first = 0
  }
}
