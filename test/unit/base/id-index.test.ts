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

describe('an index of ids', () => {
  it('finds by bytes the row of what was added, and nothing else', () => {
    const index = new IdIndex(STRIDE)
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
        const index = new IdIndex(STRIDE)
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
})
