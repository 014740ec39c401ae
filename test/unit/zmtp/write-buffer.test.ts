import { describe, expect, it } from 'vitest'
import { concatBytes, toHex } from '../../../src/base/bytes.ts'
import { CHUNK_BYTES_MAX, CHUNK_BYTES_MIN, WriteBuffer } from '../../../src/zmtp/write-buffer.ts'

/** Shared by the small chunks of all buffers. */
const SLAB_BYTES = 32 * 1024

function fill(buffer: WriteBuffer, length: number, value: number): void {
  buffer.reserve(length).raw(new Uint8Array(length).fill(value))
  buffer.invariants()
}

describe('a write buffer', () => {
  it('gives back what was written, in order', () => {
    const buffer = new WriteBuffer()
    const expected: Uint8Array[] = []
    for (let i = 0; i < 500; i++) {
      const bytes = new Uint8Array((i * 37) % 900).fill(i)
      expected.push(bytes)
      if (i % 7 === 0) buffer.append(bytes)
      else fill(buffer, bytes.length, i)
    }
    expect(buffer.byteLength).toBe(concatBytes(expected).length)
    expect(toHex(concatBytes(buffer.takeSegments()))).toBe(toHex(concatBytes(expected)))
    expect(buffer.byteLength).toBe(0)
  })

  it('has nothing to give twice', () => {
    const buffer = new WriteBuffer()
    expect(buffer.takeSegments()).toEqual([])
    fill(buffer, 10, 1)
    expect(buffer.takeSegments()).toHaveLength(1)
    expect(buffer.takeSegments()).toEqual([])
  })

  it('never writes to taken bytes again', () => {
    const buffer = new WriteBuffer()
    const taken: { segment: Uint8Array; hex: string }[] = []
    for (let i = 0; i < 2000; i++) {
      fill(buffer, 1 + ((i * 31) % 200), i)
      if (i % 3 !== 0) continue
      for (const segment of buffer.takeSegments()) taken.push({ segment, hex: toHex(segment) })
    }
    for (const { segment, hex } of taken) expect(toHex(segment)).toBe(hex)
  })

  it('points its writer at exactly the reserved bytes', () => {
    const buffer = new WriteBuffer()
    fill(buffer, 3, 1)
    const writer = buffer.reserve(5)
    expect(writer.remaining).toBe(5)
    expect(() => writer.raw(new Uint8Array(6))).toThrow('assertion')
  })

  it('keeps large payloads by reference, between what was written around them', () => {
    const buffer = new WriteBuffer()
    const payload = new Uint8Array(100_000)
    fill(buffer, 2, 1)
    buffer.append(payload)
    fill(buffer, 2, 2)
    const segments = buffer.takeSegments()
    expect(segments.map(({ length }) => length)).toEqual([2, 100_000, 2])
    expect(segments[1]).toBe(payload)
  })
})

describe('the memory of a write buffer', () => {
  it('is nothing before the first byte', () => {
    expect(new WriteBuffer().heldBytes).toBe(0)
  })

  it('is nothing once all has been taken, and small chunks share theirs', () => {
    const memory = new Set<ArrayBufferLike>()
    for (let i = 0; i < 100; i++) {
      const buffer = new WriteBuffer()
      fill(buffer, 100, i)
      expect(buffer.heldBytes).toBeLessThanOrEqual(CHUNK_BYTES_MIN)
      for (const segment of buffer.takeSegments()) memory.add(segment.buffer)
      expect(buffer.heldBytes).toBe(0)
    }
    expect(memory.size).toBeLessThanOrEqual(3)
  })

  it('is shared by links that write in turn, each its own bytes', () => {
    const buffers = Array.from({ length: 20 }, () => new WriteBuffer())
    for (let round = 0; round < 30; round++) {
      buffers.forEach((buffer, i) => {
        fill(buffer, 1 + ((i * 7 + round * 13) % 90), i)
      })
    }
    buffers.forEach((buffer, i) => {
      const bytes = concatBytes(buffer.takeSegments())
      expect(bytes.every((byte) => byte === i)).toBe(true)
    })
  })

  it('grows to large chunks under load, and no further', () => {
    const buffer = new WriteBuffer()
    for (let i = 0; i < 10_000; i++) fill(buffer, 100, i)
    const sizes = buffer.takeSegments().map((segment) => segment.length)
    expect(sizes[0]).toBeLessThanOrEqual(CHUNK_BYTES_MIN)
    expect(Math.max(...sizes)).toBeGreaterThan(CHUNK_BYTES_MAX - 100)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(CHUNK_BYTES_MAX)
    expect(sizes.length).toBeLessThan(28)
  })

  it('starts the next turn with what this one needed', () => {
    const buffer = new WriteBuffer()
    for (let turn = 0; turn < 3; turn++) {
      for (let i = 0; i < 300; i++) fill(buffer, 100, i)
      expect(buffer.takeSegments()).toHaveLength(turn === 0 ? 8 : 1)
    }
  })

  it('is given back when a burst is over', () => {
    const buffer = new WriteBuffer()
    for (let i = 0; i < 10_000; i++) fill(buffer, 100, i)
    buffer.takeSegments()
    expect(buffer.heldBytes).toBe(0)
  })

  it('is at most about three times what the taken segments carry, beside the slab', () => {
    for (let bytes = CHUNK_BYTES_MIN; bytes < 400_000; bytes = Math.floor(bytes * 1.3)) {
      const buffer = new WriteBuffer()
      for (let written = 0; written < bytes; written += 50) fill(buffer, 50, 1)
      const memory = new Set(buffer.takeSegments().map((segment) => segment.buffer))
      const held = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0)
      expect(held, `${bytes} bytes written`).toBeLessThanOrEqual(3 * bytes + 2 * SLAB_BYTES)
    }
  })

  it('is exactly the reservation for a large one', () => {
    const buffer = new WriteBuffer()
    fill(buffer, 100_000, 1)
    const [segment] = buffer.takeSegments()
    expect(segment!.buffer.byteLength).toBe(100_000)
  })
})
