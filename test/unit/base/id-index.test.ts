import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IdIndex, putIdWords } from '../../../src/base/id-index.ts'
import { type PeerId, peerIdToBytes } from '../../../src/base/peer-id.ts'

const STRIDE = 6

function find(index: IdIndex, words: Uint32Array, id: PeerId): number {
  return index.find(words, new Uint8Array([1, 2, 3, ...peerIdToBytes(id), 4]), 3)
}

/** Ids that differ in their last bits, or in their first. */
const idOf = (n: number): PeerId => {
  const digits = n.toString(16).toUpperCase()
  return n % 2 === 0 ? digits.padStart(32, '0') : digits.padStart(2, '0').padEnd(32, 'F')
}

/** Reproducible numbers in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** The words of the n-th id of a family of 4,096, as somebody might choose them who wants them to meet. */
const FAMILIES: Readonly<Record<string, (n: number) => number[]>> = {
  'in a row': (n) => [0, 0, 0, n],
  'in steps of 65,536': (n) => [0, 0, n, 0].map((word) => (word << 16) >>> 0),
  'different in the upper bits of words': (n) =>
    [0, 3, 6, 9].map((shift) => (((n >> shift) & 7) << 29) >>> 0),
  'different in the upper bit of each two bytes, and in the last': (n) => [
    ((n & 1) << 31) | ((n & 2) << 14),
    ((n & 4) << 29) | ((n & 8) << 12),
    ((n & 16) << 27) | ((n & 32) << 10),
    ((n & 64) << 25) | (n >> 7),
  ],
  'of one hash, if all were hashed as murmur does': (n) => {
    const a = Math.imul(n, 0x9e3779b1)
    const hash = Math.imul(Math.imul(a, 0x85ebca6b) ^ (Math.imul(a, 0x85ebca6b) >>> 15), 0xc2b2ae35)
    return [a, 0, 0, hash ^ (hash >>> 13)]
  },
}

describe('an index of ids', () => {
  it('finds by bytes the row of what was added, and nothing else', () => {
    const index = new IdIndex(STRIDE, randomFrom(1))
    const words = new Uint32Array(3_000 * STRIDE)
    const ids = Array.from({ length: 3_000 }, (_, i) => idOf(0x9000_0000 + i))
    expect(find(index, words, idOf(1))).toBe(-1)
    ids.forEach((id, row) => {
      putIdWords(words, row * STRIDE, id)
      index.add(words, row)
    })
    ids.forEach((id, row) => {
      expect(find(index, words, id)).toBe(row)
    })
    expect([find(index, words, idOf(1)), find(index, words, 'A'.repeat(32))]).toEqual([-1, -1])
  })

  it('does what a Map does, whatever comes', () => {
    const step = fc.record({ add: fc.boolean(), n: fc.nat(40) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const index = new IdIndex(STRIDE, randomFrom(1))
        const words = new Uint32Array(64 * STRIDE)
        const model = new Map<number, number>()
        const free = Array.from({ length: 64 }, (_, row) => row)
        for (const { add, n } of steps) {
          const known = model.get(n)
          if (add && known === undefined) {
            const row = free.pop()!
            model.set(n, row)
            putIdWords(words, row * STRIDE, idOf(n))
            index.add(words, row)
          } else if (!add && known !== undefined) {
            model.delete(n)
            index.delete(words, known)
            free.push(known)
          }
        }
        for (let n = 0; n <= 40; n++) {
          expect(find(index, words, idOf(n))).toBe(model.get(n) ?? -1)
        }
      }),
      { seed: 5, numRuns: 300 },
    )
  })

  it.each(Object.keys(FAMILIES))('keeps ids apart that were chosen to meet: %s', (name) => {
    for (let seed = 1; seed <= 10; seed++) {
      const index = new IdIndex(4, randomFrom(seed))
      const words = new Uint32Array(4 * 4_096)
      for (let row = 0; row < 4_096; row++) {
        words.set(FAMILIES[name]!(row), 4 * row)
        index.add(words, row)
      }
      // With random ids it is 20 to 40.
      expect(index.longestRun).toBeLessThan(100)
    }
  })
})
