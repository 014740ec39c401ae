/**
 * Reproducible randomness. Two kinds, both from one seed:
 *
 *   `hash…`        a draw that is a pure function of what it is for: (seed, purpose, from, to, number). There is no
 *                  state, so one more draw somewhere moves no other.
 *   RandomStream   a sequence for one named purpose, for whoever wants many numbers in a row.
 *
 * Not for secrets. The mixing is that of MurmurHash3 (public domain), the streams are xoshiro128** by Blackman
 * and Vigna (public domain).
 */

const MIX_1 = 0x85ebca6b
const MIX_2 = 0xc2b2ae35
const GOLDEN = 0x9e3779b9
const UNIT = 1 / 2 ** 32

/** Spreads the bits of a 32-bit number over all others. */
export function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), MIX_1)
  h = Math.imul(h ^ (h >>> 13), MIX_2)
  return (h ^ (h >>> 16)) >>> 0
}

/** One more 32-bit number into a hash. */
export function combine(hash: number, value: number): number {
  return mix((Math.imul(hash, 5) + GOLDEN) ^ Math.imul(value, MIX_2))
}

/** A seed for one purpose: of text, so that purposes have names. */
export function hashText(seed: number, text: string): number {
  let hash = combine(seed, text.length)
  for (let i = 0; i < text.length; i++) hash = combine(hash, text.charCodeAt(i))
  return hash
}

/** A number in [0, 1) that depends on nothing but its arguments. */
export function hashUnit(seed: number, a: number, b: number, c: number): number {
  return combine(combine(combine(seed, a), b), c) * UNIT
}

/** A seed as people give it (a number or any text) as a 32-bit number. */
export function seedNumber(seed: number | string): number {
  return hashText(0, String(seed))
}

export class RandomStream {
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: number, purpose: string) {
    const hash = hashText(seed, purpose)
    this.#a = combine(hash, 1)
    this.#b = combine(hash, 2)
    this.#c = combine(hash, 3)
    this.#d = combine(hash, 4) | 1 // xoshiro wants a state that is not all zeros
  }

  /** 32 random bits. */
  next(): number {
    const product = Math.imul(this.#b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = (this.#d << 11) | (this.#d >>> 21)
    return result
  }

  /** In [0, 1). */
  unit(): number {
    return this.next() * UNIT
  }

  /** In [min, max). */
  between(min: number, max: number): number {
    return min + (max - min) * this.unit()
  }

  /** A whole number from 0 to `count` − 1. */
  below(count: number): number {
    return Math.floor(this.unit() * count)
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  /** @throws RangeError for an empty list. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from')
    return items[this.below(items.length)]!
  }

  /** A new array with the items in random order. */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items]
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const swapped = shuffled[i]!
      shuffled[i] = shuffled[j]!
      shuffled[j] = swapped
    }
    return shuffled
  }

  fill(bytes: Uint8Array): Uint8Array {
    for (let i = 0; i < bytes.length; i += 4) {
      const word = this.next()
      for (let k = 0; k < 4 && i + k < bytes.length; k++) bytes[i + k] = word >>> (8 * k)
    }
    return bytes
  }
}
