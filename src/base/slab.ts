/**
 * Memory for many small pieces of bytes: views of larger blocks, because an array buffer of its own costs more time
 * and memory than what a short piece holds. A piece is its taker's alone, to keep and to change; a block lives as long
 * as any piece of it.
 */
import { EMPTY_BYTES } from './bytes.ts'

export class Slab {
  readonly #blockBytes: number
  #block: Uint8Array = EMPTY_BYTES
  #used = 0

  /** Whoever holds a piece holds `blockBytes` of memory. Pieces of more than a quarter of that are on their own. */
  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes
  }

  /** `length` bytes of zero that nobody else has. */
  take(length: number): Uint8Array {
    if (length > this.#blockBytes / 4) return new Uint8Array(length)
    if (length > this.#block.length - this.#used) {
      this.#block = new Uint8Array(this.#blockBytes)
      this.#used = 0
    }
    const piece = this.#block.subarray(this.#used, this.#used + length)
    this.#used += length
    return piece
  }
}
