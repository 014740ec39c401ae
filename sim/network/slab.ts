/**
 * Memory for bytes on their way. A chunk is a view of a larger block, as with the blocks that a real host reads
 * into: its owner may keep and change it, and a block lives as long as any chunk of it.
 */

const BLOCK_BYTES = 64 * 1024

export class Slab {
  #block = new Uint8Array(BLOCK_BYTES)
  #used = 0

  /** A view of `length` bytes that nobody else has. */
  take(length: number): Uint8Array {
    if (length > BLOCK_BYTES / 4) return new Uint8Array(length)
    if (length > BLOCK_BYTES - this.#used) {
      this.#block = new Uint8Array(BLOCK_BYTES)
      this.#used = 0
    }
    const chunk = this.#block.subarray(this.#used, this.#used + length)
    this.#used += length
    return chunk
  }

  copy(bytes: Uint8Array): Uint8Array {
    const chunk = this.take(bytes.length)
    chunk.set(bytes)
    return chunk
  }
}
