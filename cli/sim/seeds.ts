/** Seeds as they are written: `7`, `friday-13`; `1..1000`, `1,5,9`, `1..10,99`; and the hash of a run. */
import { InvalidArgumentError } from 'commander'

/** More than anybody waits for; a typing error rather than a wish. */
const SEEDS_MAX = 100_000_000

interface Range {
  readonly first: number
  readonly last: number
}

/** Many seeds, in the order in which they were given. */
export class Seeds implements Iterable<number> {
  /** As it was given, or as the range that it stands for. */
  readonly text: string
  readonly count: number
  readonly #ranges: readonly Range[]

  constructor(text: string, ranges: readonly Range[]) {
    this.text = text
    this.#ranges = ranges
    this.count = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  }

  *[Symbol.iterator](): Generator<number, undefined> {
    for (const { first, last } of this.#ranges) {
      for (let seed = first; seed <= last; seed++) yield seed
    }
  }
}

/** A number, or a word that a shell takes as it is: it stands in the command of the replay. */
export function seedOption(text: string): number | string {
  if (/^(0|[1-9]\d{0,14})$/.test(text)) return Number(text)
  if (/^[\w.:@+][\w.:@+-]*$/.test(text)) return text
  throw new InvalidArgumentError('Expected a whole number, or a word of letters, digits and -.')
}

export function seedsOption(text: string): Seeds {
  const words = text.split(',').map((word) => word.trim())
  const alone = words.length === 1 && /^\d{1,9}$/.test(text.trim())
  const ranges = alone ? [{ first: 1, last: Number(text) }] : words.map(rangeOf)
  const known = ranges.filter((range) => range !== undefined)
  const seeds = new Seeds(alone ? `1..${Number(text)}` : text.trim(), known)
  if (known.length < ranges.length || seeds.count < 1 || seeds.count > SEEDS_MAX) {
    throw new InvalidArgumentError('Expected seeds such as 1..1000, or 1,5,9, or 100 for 1..100.')
  }
  return seeds
}

function rangeOf(word: string): Range | undefined {
  const match = /^(\d{1,15})(?:\.\.(\d{1,15}))?$/.exec(word)
  if (match === null) return undefined
  const first = Number(match[1])
  const last = match[2] === undefined ? first : Number(match[2])
  return last >= first ? { first, last } : undefined
}

export function hashOption(text: string): string {
  const hash = text.trim().toLowerCase()
  if (/^[0-9a-f]{16}$/.test(hash)) return hash
  throw new InvalidArgumentError('Expected a hash of 16 hexadecimal digits.')
}
