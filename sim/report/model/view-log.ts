/**
 * The log of views, as it travels in a report: who saw whom in which state from when on, about 2 bytes per change
 * before compression.
 *
 *     size · changes · moments │ per moment: ms since the last, changes │ pairs, as differences │ states, a byte each
 *
 * All numbers are varints (seven bits at a time, lowest first). Times are rounded to whole milliseconds, and changes of
 * one moment are sorted by pair, which makes the differences small; the order of changes of one pair is kept.
 */

/** What an observer holds of a subject. A ghost is a node that is gone, and still believed in. */
export const SEEN = {
  none: 0,
  alive: 1,
  evasive: 2,
  silent: 3,
  ghostAlive: 5,
  ghostEvasive: 6,
  ghostSilent: 7,
} as const

/** Added to a state when it is held of a node that is gone. */
export const GHOST = 4

export interface ViewLog {
  /** Members; a pair is `observer * size + subject`. */
  readonly size: number
  /** Rising. */
  readonly atMs: Uint32Array
  readonly pairs: Uint32Array
  readonly states: Uint8Array
}

export function encodeViewLog({ size, atMs, pairs, states }: ViewLog): Uint8Array {
  const moments = new Writer()
  const order = new Uint32Array(atMs.length).map((_, index) => index)
  let momentCount = 0
  let lastMs = 0
  for (let start = 0; start < atMs.length; ) {
    let end = start + 1
    while (end < atMs.length && atMs[end] === atMs[start]) end++
    order.subarray(start, end).sort((a, b) => pairs[a]! - pairs[b]! || a - b)
    moments.varint(atMs[start]! - lastMs)
    moments.varint(end - start)
    lastMs = atMs[start]!
    start = end
    momentCount++
  }
  const out = new Writer()
  out.varint(size)
  out.varint(atMs.length)
  out.varint(momentCount)
  out.bytes(moments.taken())
  let last = 0
  for (const index of order) {
    out.varint(zigzag(pairs[index]! - last))
    last = pairs[index]!
  }
  out.bytes(states.length === 0 ? states : Uint8Array.from(order, (index) => states[index]!))
  return out.taken()
}

/** The inverse. Bytes are trusted: they come from the same page. */
export function decodeViewLog(bytes: Uint8Array): ViewLog {
  const reader = new Reader(bytes)
  const size = reader.varint()
  const length = reader.varint()
  const atMs = new Uint32Array(length)
  const pairs = new Uint32Array(length)
  let row = 0
  let now = 0
  for (let moments = reader.varint(); moments > 0; moments--) {
    now += reader.varint()
    const end = row + reader.varint()
    atMs.fill(now, row, end)
    row = end
  }
  let last = 0
  for (let index = 0; index < length; index++) {
    last += unzigzag(reader.varint())
    pairs[index] = last
  }
  return { size, atMs, pairs, states: bytes.slice(reader.at, reader.at + length) }
}

// Multiplication instead of shifts: pairs of 60,000 members need 33 bits as a zigzag.

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

class Writer {
  #buffer = new Uint8Array(4_096)
  #length = 0

  varint(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = 0x80 | (rest % 0x80)
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[this.#length++] = rest
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  taken(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.length) return
    const grown = new Uint8Array(2 * (this.#length + count))
    grown.set(this.taken())
    this.#buffer = grown
  }
}

class Reader {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  varint(): number {
    let value = 0
    let unit = 1
    for (;;) {
      const byte = this.#bytes[this.at++]!
      value += (byte & 0x7f) * unit
      if (byte < 0x80) return value
      unit *= 0x80
    }
  }
}
