/**
 * Bytes on their way out: written in place, taken as a few large segments once per turn.
 *
 *     segments already closed            the chunk being written
 *     [ … ] [ … ] [ large payload ]      [ taken | closed | start … end | free ]
 *
 * Small frames are written straight into a chunk; large payloads join the row by reference. What has
 * been taken is never written again: a chunk is only ever appended to.
 *
 * Memory follows the load. Within one turn chunks double from CHUNK_BYTES_MIN to CHUNK_BYTES_MAX; the
 * next turn starts with what this one needed. Once drained, only the rest of a smallest chunk is
 * kept, so an idle link holds at most CHUNK_BYTES_MIN, and the memory behind taken segments is at
 * most about three times what they carry.
 */
import { assert } from '../base/assert.ts'
import { ByteWriter, EMPTY_BYTES } from '../base/bytes.ts'

/** The chunk of an idle link: a greeting, a READY and a HELLO of usual size fit. */
export const CHUNK_BYTES_MIN: number = 1024
/** The chunk of a busy link: large enough that one more chunk costs nothing beside its 64 KiB of traffic. */
export const CHUNK_BYTES_MAX: number = 64 * 1024
/** A reservation from this size on gets memory of exactly its own, so that it wastes no chunk's rest. */
const ALONE_BYTES_MIN = 16 * 1024

export class WriteBuffer {
  readonly #beforeTake: (() => void) | undefined
  readonly #writer = new ByteWriter(EMPTY_BYTES)
  #segments: Uint8Array[] = []
  #segmentBytes = 0
  /** The chunk being written: `[start, end)` waits, what lies before is closed or taken. */
  #chunk: Uint8Array = EMPTY_BYTES
  #start = 0
  #end = 0
  #nextChunkBytes = CHUNK_BYTES_MIN
  #takenBytes = 0

  /** `beforeTake` is called first thing in `takeSegments`, for an owner that finishes bytes late. */
  constructor(beforeTake?: () => void) {
    this.#beforeTake = beforeTake
  }

  /** Bytes written and not yet taken. */
  get byteLength(): number {
    return this.#segmentBytes + this.#end - this.#start
  }

  /** Bytes taken since the beginning. */
  get takenBytes(): number {
    return this.#takenBytes
  }

  /** Bytes of memory held here, payloads that are held by reference included. */
  get heldBytes(): number {
    return this.#segmentBytes + this.#chunk.length
  }

  /**
   * Room for exactly `length` bytes, to be filled before anything else is called here. The writer is
   * one object, pointed elsewhere by the next call.
   */
  reserve(length: number): ByteWriter {
    if (length > this.#chunk.length - this.#end) return this.#reserveElsewhere(length)
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
   * memory with later ones, side by side: read them, don't write to or transfer them.
   */
  takeSegments(): Uint8Array[] {
    this.#beforeTake?.()
    this.#closeSegment()
    const taken = this.#segments
    const takenBytes = this.#segmentBytes
    this.#segments = []
    this.#segmentBytes = 0
    this.#takenBytes += takenBytes
    this.#nextChunkBytes = Math.min(CHUNK_BYTES_MAX, Math.max(CHUNK_BYTES_MIN, takenBytes))
    // A link that has gone idle cannot be told from a busy one here, and there may be thousands.
    if (this.#chunk.length > CHUNK_BYTES_MIN) {
      this.#chunk = EMPTY_BYTES
      this.#start = 0
      this.#end = 0
    }
    return taken
  }

  invariants(): void {
    assert(0 <= this.#start && this.#start <= this.#end, 'the waiting range is not reversed')
    assert(this.#end <= this.#chunk.length, 'the waiting range lies within its chunk')
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
    this.#chunk = new Uint8Array(Math.max(this.#nextChunkBytes, length))
    this.#nextChunkBytes = Math.min(CHUNK_BYTES_MAX, 2 * this.#nextChunkBytes)
    this.#start = 0
    this.#end = length
    this.#writer.reset(this.#chunk, 0, length)
    return this.#writer
  }

  #closeSegment(): void {
    if (this.#start === this.#end) return
    this.#segments.push(this.#chunk.subarray(this.#start, this.#end))
    this.#segmentBytes += this.#end - this.#start
    this.#start = this.#end
  }
}
