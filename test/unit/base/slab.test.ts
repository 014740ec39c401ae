import { describe, expect, it } from 'vitest'
import { Slab } from '../../../src/base/slab.ts'

describe('a slab', () => {
  it('gives out pieces of zeros that do not overlap', () => {
    const slab = new Slab(64)
    const pieces = Array.from({ length: 50 }, (_, i) => slab.take(1 + (i % 16)))
    pieces.forEach((piece, i) => {
      expect([...piece]).toEqual(new Array(1 + (i % 16)).fill(0))
      piece.fill(i + 1)
    })
    pieces.forEach((piece, i) => {
      expect(new Set(piece)).toEqual(new Set([i + 1]))
    })
  })

  it('gives large pieces memory of their own, and no more than they need', () => {
    const slab = new Slab(64)
    expect(slab.take(16).buffer.byteLength).toBe(64)
    expect(slab.take(17).buffer.byteLength).toBe(17)
  })
})
