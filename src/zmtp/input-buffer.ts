/**
 * Received bytes that have not been read yet: `bytes[start, end)`.
 *
 * Usually this is the last chunk itself, adopted without a copy. Only when a chunk arrives while some
 * of the one before is still unread (the middle of a handshake) both are joined in memory of our own,
 * which grows by doubling, so that a peer who sends single bytes costs linear time.
 *
 * A connection has one only while bytes are unread. The fields are open because the frame decoder reads and moves
 * them for every message.
 */
import { assert } from '../base/assert.ts'
import { EMPTY_BYTES } from '../base/bytes.ts'
import { Slab } from '../base/slab.ts'

const JOINED_BYTES_MIN = 128

/** For what came in pieces: mostly greetings and READYs. Whoever says half of one and no more pins a block. */
const slab = new Slab(4 * 1024)

export class InputBuffer {
  bytes: Uint8Array = EMPTY_BYTES
  start = 0
  end = 0

  /** Unread bytes. */
  get length(): number {
    return this.end - this.start
  }

  /** Bytes of memory held for the unread ones. */
  get heldBytes(): number {
    return this.bytes.length
  }

  /** Takes over a chunk. */
  push(chunk: Uint8Array): void {
    if (this.start === this.end) {
      this.bytes = plain(chunk)
      this.start = 0
      this.end = chunk.length
    } else {
      this.#join(chunk)
    }
  }

  invariants(): void {
    assert(0 <= this.start && this.start <= this.end, 'the unread range is not reversed')
    assert(this.end <= this.bytes.length, 'the unread range lies within the memory')
  }

  #join(chunk: Uint8Array): void {
    // A chunk has no room behind `end`; memory of our own may. Only there may be written: what lies before
    // may have been handed out as views.
    if (this.end + chunk.length > this.bytes.length) {
      const unread = this.length
      const joined = slab.take(Math.max(JOINED_BYTES_MIN, 2 * (unread + chunk.length)))
      joined.set(this.bytes.subarray(this.start, this.end))
      this.bytes = joined
      this.start = 0
      this.end = unread
    }
    this.bytes.set(chunk, this.end)
    this.end += chunk.length
  }
}

/**
 * The same memory as a Uint8Array and nothing more. Hosts hand over subclasses, whose methods mean other
 * things (`slice` of Node's Buffer does not copy), and views of messages would inherit them.
 */
function plain(chunk: Uint8Array): Uint8Array {
  if (chunk.constructor === Uint8Array) return chunk
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
