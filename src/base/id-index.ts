/**
 * Rows of a table by the id that they hold: found by the bytes of a datagram, without making a text of it first.
 * Every beacon of every node comes here, a million a second where a thousand nodes share a process; so an id lies
 * in its row, beside what a beacon changes there, and here are only the numbers of rows.
 *
 * A hash table with linear probing, at most half full: a row is at the slot that its id hashes to, or in the
 * unbroken run of rows from there on. Strangers choose their ids, and everybody can read how they are hashed: so
 * each table hashes with secret numbers of its own, or a few thousand ids could be made to meet in one run.
 */
import type { PeerId } from './peer-id.ts'

const SLOTS_MIN = 16
/** One for each 16 bits of an id. */
const KEYS = 8

export class IdIndex {
  /** 32-bit words from one row's id to the next. */
  readonly #stride: number
  /** Row numbers plus one; 0 is free. As many as a power of two. */
  #slots = new Int32Array(SLOTS_MIN)
  #size = 0
  readonly #keys = new Int32Array(KEYS)

  /** `random` gives numbers in [0, 1) that strangers cannot know. */
  constructor(stride: number, random: () => number) {
    this.#stride = stride
    for (let i = 0; i < KEYS; i++) this.#keys[i] = random() * 0x1_0000_0000
  }

  /** The row in `words` whose id are the 16 bytes at `offset`, or −1. */
  find(words: Uint32Array, bytes: Uint8Array, offset: number): number {
    const a = wordAt(bytes, offset)
    const b = wordAt(bytes, offset + 4)
    const c = wordAt(bytes, offset + 8)
    const d = wordAt(bytes, offset + 12)
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hashOf(this.#keys, a, b, c, d) & mask; ; slot = (slot + 1) & mask) {
      const row = slots[slot]! - 1
      if (row < 0) return -1
      const at = row * this.#stride
      const isSame =
        words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d
      if (isSame) return row
    }
  }

  /** Adds a row whose id, which no other has, stands in `words`. */
  add(words: Uint32Array, row: number): void {
    this.#size++
    if (2 * this.#size > this.#slots.length) this.#grow(words)
    this.#put(words, row)
  }

  delete(words: Uint32Array, row: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let hole = this.#home(words, row) & mask
    while (slots[hole] !== row + 1) {
      if (slots[hole] === 0) return
      hole = (hole + 1) & mask
    }
    this.#size--
    // Whoever is behind the hole and may stand in it moves up: a run has no holes.
    for (let slot = (hole + 1) & mask; ; slot = (slot + 1) & mask) {
      const next = slots[slot]! - 1
      if (next < 0) break
      const displacement = (slot - this.#home(words, next)) & mask
      if (displacement < ((slot - hole) & mask)) continue
      slots[hole] = next + 1
      hole = slot
    }
    slots[hole] = 0
  }

  /** For tests: slots of the longest unbroken run, which is what the slowest search passes. */
  get longestRun(): number {
    let longest = 0
    let run = 0
    for (const slot of [...this.#slots, ...this.#slots]) {
      run = slot === 0 ? 0 : run + 1
      longest = Math.max(longest, run)
    }
    return longest
  }

  #put(words: Uint32Array, row: number): void {
    const mask = this.#slots.length - 1
    let slot = this.#home(words, row) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = row + 1
  }

  #home(words: Uint32Array, row: number): number {
    const at = row * this.#stride
    return hashOf(this.#keys, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!)
  }

  #grow(words: Uint32Array): void {
    const slots = this.#slots
    this.#slots = new Int32Array(2 * slots.length)
    for (const slot of slots) if (slot !== 0) this.#put(words, slot - 1)
  }
}

/** Writes an id as the four words by which it is found. */
export function putIdWords(words: Uint32Array, at: number, id: PeerId): void {
  for (let i = 0; i < 4; i++) words[at + i] = Number.parseInt(id.slice(8 * i, 8 * i + 8), 16)
}

function wordAt(bytes: Uint8Array, offset: number): number {
  const low = (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!
  return ((bytes[offset]! << 24) | low) >>> 0
}

/**
 * The sum of products of 16 bits each with a key of 32: whichever two ids one chooses, that they meet in the upper 17
 * bits is no likelier than for random ones (Dietzfelbinger, "Universal hashing and k-wise independent random variables
 * via integer arithmetic without primes", 1996). Then the upper bits go where the slot is taken from.
 */
function hashOf(keys: Int32Array, a: number, b: number, c: number, d: number): number {
  const ab =
    Math.imul(keys[0]!, a >>> 16) +
    Math.imul(keys[1]!, a & 0xffff) +
    Math.imul(keys[2]!, b >>> 16) +
    Math.imul(keys[3]!, b & 0xffff)
  const cd =
    Math.imul(keys[4]!, c >>> 16) +
    Math.imul(keys[5]!, c & 0xffff) +
    Math.imul(keys[6]!, d >>> 16) +
    Math.imul(keys[7]!, d & 0xffff)
  const sum = (ab + cd) | 0
  const hash = Math.imul(sum ^ (sum >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
