import { describe, expect, it } from 'vitest'
import { RecentReads } from '../../../src/base/recent-reads.ts'

describe('what was read lately', () => {
  it('is found by its bytes, wherever they lie', () => {
    const reads = new RecentReads<string>(16)
    reads.keep(Uint8Array.of(1, 2, 3), 'abc')
    expect(reads.find(Uint8Array.of(0, 1, 2, 3).subarray(1))).toBe('abc')
    expect(reads.find(Uint8Array.of(1, 2, 4))).toBeUndefined()
    expect(reads.find(Uint8Array.of(1, 2, 3, 0))).toBeUndefined()
  })

  it('is kept with a copy: the bytes may change afterwards', () => {
    const reads = new RecentReads<string>(16)
    const bytes = Uint8Array.of(1, 2, 3)
    reads.keep(bytes, 'abc')
    bytes[0] = 9
    expect(reads.find(Uint8Array.of(1, 2, 3))).toBe('abc')
    expect(reads.find(bytes)).toBeUndefined()
  })

  it('is not kept beyond its size', () => {
    const reads = new RecentReads<string>(2)
    reads.keep(Uint8Array.of(1, 2, 3), 'abc')
    expect(reads.find(Uint8Array.of(1, 2, 3))).toBeUndefined()
  })

  it('is bounded in number, and finds nearly all of a thousand', () => {
    const reads = new RecentReads<number>(32)
    const blockOf = (i: number): Uint8Array => new TextEncoder().encode(`10.0.${i >> 8}.${i & 255}`)
    const found = (count: number): number => {
      let known = 0
      for (let i = 0; i < count; i++) if (reads.find(blockOf(i)) === i) known++
      return known
    }
    for (let i = 0; i < 1_000; i++) reads.keep(blockOf(i), i)
    expect(found(1_000)).toBeGreaterThan(950)
    for (let i = 0; i < 60_000; i++) reads.keep(blockOf(i), i)
    expect(found(60_000)).toBeLessThanOrEqual(4_096)
  })
})
