/** Bytes that were written to a connection and have no room under way yet. */
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
    if (this.#first > 1_024) this.#dropTaken()
  }

  #dropTaken(): void {
    this.#segments = this.#segments.slice(this.#first)
    this.#first = 0
  }
}
