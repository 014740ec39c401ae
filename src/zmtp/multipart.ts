/**
 * A received message: one or more frames lying in one piece of memory.
 *
 * Mostly that memory is the very chunk the bytes arrived in, shared with the messages beside it; so
 * keeping a Multipart keeps its chunk. It belongs to whoever reads messages: nothing here writes to
 * it again.
 */
export class Multipart {
  readonly kind = 'message'
  readonly bytes: Uint8Array
  /** start0, end0, start1, end1, … into `bytes`. Between frames lie headers: frames are not adjacent. */
  readonly bounds: readonly number[]

  constructor(bytes: Uint8Array, bounds: readonly number[]) {
    this.bytes = bytes
    this.bounds = bounds
  }

  get frameCount(): number {
    return this.bounds.length >>> 1
  }

  /** Where frame `index` starts in `bytes`. The index is below `frameCount`. */
  frameStart(index: number): number {
    return this.bounds[2 * index]!
  }

  /** Where frame `index` ends in `bytes`: one past its last byte. */
  frameEnd(index: number): number {
    return this.bounds[2 * index + 1]!
  }

  /** A view of frame `index`, made on demand. */
  frame(index: number): Uint8Array {
    return this.bytes.subarray(this.bounds[2 * index]!, this.bounds[2 * index + 1]!)
  }

  /** Bytes of all frames together, headers not counted. */
  get byteLength(): number {
    let total = 0
    for (let i = 0; i < this.bounds.length; i += 2) total += this.bounds[i + 1]! - this.bounds[i]!
    return total
  }
}
