/**
 * Bytes on their way out: written in place, taken as a few large segments once per turn.
 *
 *     segments already closed            the chunk being written
 *     [ … ] [ … ] [ large payload ]      [ closed | start … end | free … limit ]
 *
 * Small frames are written straight into a chunk; large payloads join the row by reference. What has
 * been taken is never written again: a chunk is only ever appended to.
 *
 * Memory follows the load. Within one turn chunks double from CHUNK_BYTES_MIN to CHUNK_BYTES_MAX; the
 * next turn starts with what this one needed. Small chunks are cut from a slab that all links share, as
 * an array buffer of its own costs more than what an idle link ever writes into it; the memory behind
 * larger segments is at most about three times what they carry. Once taken, nothing is held.
 */
import { assert } from '../base/assert.ts'
import { ByteWriter, EMPTY_BYTES } from '../base/bytes.ts'

/** The first chunk of a quiet link: a greeting and a READY fit, or a HELLO of usual size. */
export const CHUNK_BYTES_MIN: number = 128
/** The chunk of a busy link: large enough that one more chunk costs nothing beside its 64 KiB of traffic. */
export const CHUNK_BYTES_MAX: number = 64 * 1024
/** A reservation from this size on gets memory of exactly its own, so that it wastes no chunk's rest. */
const ALONE_BYTES_MIN = 16 * 1024

/** Chunks up to this size come from the slab. */
const SLAB_CHUNK_BYTES_MAX = 1024
/** What one peer that reads nothing can pin by a segment of a few bytes; far less than it can have wait for it. */
const SLAB_BYTES = 32 * 1024

let slab = EMPTY_BYTES
let slabUsed = 0

export class WriteBuffer {
  readonly #writer = new ByteWriter(EMPTY_BYTES)
  #segments: Uint8Array[] = []
  #segmentBytes = 0
  /** The chunk being written: `[start, end)` waits, `[end, limit)` is free, the rest is not ours. */
  #chunk: Uint8Array = EMPTY_BYTES
  #start = 0
  #end = 0
  #limit = 0
  #nextChunkBytes: number

  /** `firstChunkBytes` is what the turn before needed (`nextChunkBytes`). */
  constructor(firstChunkBytes: number = CHUNK_BYTES_MIN) {
    this.#nextChunkBytes = firstChunkBytes
  }

  /** Bytes written and not yet taken. */
  get byteLength(): number {
    return this.#segmentBytes + this.#end - this.#start
  }

  /** Bytes of memory held here, payloads that are held by reference included. */
  get heldBytes(): number {
    return this.#segmentBytes + this.#limit - this.#start
  }

  /** Bytes of the first chunk of the next turn. */
  get nextChunkBytes(): number {
    return this.#nextChunkBytes
  }

  /**
   * Room for exactly `length` bytes, to be filled before anything else is called here. The writer is
   * one object, pointed elsewhere by the next call.
   */
  reserve(length: number): ByteWriter {
    if (length > this.#limit - this.#end) return this.#reserveElsewhere(length)
    const start = this.#end
    this.#end = start + length
    this.#writer.reset(this.#chunk, start, this.#end)
    return this.#writer
  }

  /** Appends `bytes` by reference. They must not change until they have been sent. */
  append(bytes: Uint8Array): void {
    this.#closeSegment()
    this.#segments.push(bytes)
    this.#segmentBytes += bytes.length
  }

  /**
   * Everything written, in order; the array and its bytes belong to the taker. Segments may share
   * memory with later ones, and those of other links, side by side: read them, don't write to or
   * transfer them.
   */
  takeSegments(): Uint8Array[] {
    const taken = this.#segments.length === 0 ? this.#onlySegment() : this.#allSegments()
    this.#giveUpChunk()
    // An eighth more: a turn that writes a little more than the last one shall not need a second chunk for it.
    const wanted = this.#segmentBytes + (this.#segmentBytes >>> 3)
    this.#nextChunkBytes = Math.min(CHUNK_BYTES_MAX, Math.max(CHUNK_BYTES_MIN, wanted))
    this.#segmentBytes = 0
    return taken
  }

  /** Begins anew, as if just made. Only after everything was taken. */
  reset(firstChunkBytes: number): void {
    assert(this.byteLength === 0, 'nothing waits')
    this.#nextChunkBytes = firstChunkBytes
  }

  invariants(): void {
    assert(0 <= this.#start && this.#start <= this.#end, 'the waiting range is not reversed')
    assert(this.#end <= this.#limit, 'the waiting range lies within our part of the chunk')
    assert(this.#limit <= this.#chunk.length, 'our part lies within the chunk')
    const isEmpty = this.#chunk === EMPTY_BYTES && this.#segments.length === 0
    assert(!isEmpty || this.#writer.bytes.length === 0, 'once taken, nothing is held')
    let bytes = 0
    for (const segment of this.#segments) bytes += segment.length
    assert(bytes === this.#segmentBytes, 'the closed segments are counted right')
    assert(this.#nextChunkBytes <= CHUNK_BYTES_MAX, 'chunks stop growing')
  }

  #reserveElsewhere(length: number): ByteWriter {
    this.#closeSegment()
    if (length >= ALONE_BYTES_MIN) {
      const alone = new Uint8Array(length)
      this.append(alone)
      this.#writer.reset(alone, 0, length)
      return this.#writer
    }
    this.#giveUpChunk()
    this.#openChunk(Math.max(this.#nextChunkBytes, length))
    this.#nextChunkBytes = Math.min(CHUNK_BYTES_MAX, 2 * this.#nextChunkBytes)
    this.#end = this.#start + length
    this.#writer.reset(this.#chunk, this.#start, this.#end)
    return this.#writer
  }

  #openChunk(bytes: number): void {
    if (bytes > SLAB_CHUNK_BYTES_MAX) {
      this.#chunk = new Uint8Array(bytes)
      this.#start = 0
    } else {
      if (bytes > slab.length - slabUsed) {
        slab = new Uint8Array(SLAB_BYTES)
        slabUsed = 0
      }
      this.#chunk = slab
      this.#start = slabUsed
      slabUsed += bytes
    }
    this.#end = this.#start
    this.#limit = this.#start + bytes
  }

  #giveUpChunk(): void {
    // What was cut last and not written can be cut again.
    if (this.#chunk === slab && this.#limit === slabUsed) slabUsed = this.#end
    this.#chunk = EMPTY_BYTES
    this.#writer.reset(EMPTY_BYTES, 0, 0)
    this.#start = 0
    this.#end = 0
    this.#limit = 0
  }

  /** What most turns write is one short segment: an array of just that. */
  #onlySegment(): Uint8Array[] {
    this.#segmentBytes = this.#end - this.#start
    return this.#segmentBytes === 0 ? [] : [this.#chunk.subarray(this.#start, this.#end)]
  }

  #allSegments(): Uint8Array[] {
    this.#closeSegment()
    const all = this.#segments
    this.#segments = []
    return all
  }

  #closeSegment(): void {
    if (this.#start === this.#end) return
    this.#segments.push(this.#chunk.subarray(this.#start, this.#end))
    this.#segmentBytes += this.#end - this.#start
    this.#start = this.#end
  }
}
