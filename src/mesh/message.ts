/**
 * A received message: one to many frames, as the application sees them.
 *
 * The frames are views into a receive buffer that is never written again: keep them as long as you
 * like, but mind that a small frame kept for long holds its buffer (up to 64 KiB); copy it then.
 */
import { concatBytes, EMPTY_BYTES, startsWith, utf8Decode } from '../base/bytes.ts'
import type { Multipart } from '../zmtp/multipart.ts'

export class Message {
  readonly #parts: Multipart

  /** `parts` is the whole ZMTP message; its first frame is the ZRE header. */
  constructor(parts: Multipart) {
    this.#parts = parts
  }

  /** Frames of content: 0 only when a peer sent none. */
  get frameCount(): number {
    return this.#parts.frameCount - 1
  }

  /** Bytes of content, all frames together. */
  get byteLength(): number {
    let total = 0
    for (let i = 1; i < this.#parts.frameCount; i++) {
      total += this.#parts.frameEnd(i) - this.#parts.frameStart(i)
    }
    return total
  }

  /** The frame at `index`, counted from 0. A RangeError when there is none. */
  frame(index: number): Uint8Array {
    if (!(index >= 0 && index < this.frameCount)) {
      throw new RangeError(`the message has ${this.frameCount} frames, not frame ${index}`)
    }
    return this.#parts.frame(index + 1)
  }

  /** Whether there is more than one frame, and the first begins so. */
  isMarked(mark: Uint8Array): boolean {
    const parts = this.#parts
    if (parts.frameCount < 3) return false
    return startsWith(parts.bytes, mark, parts.frameStart(1), parts.frameEnd(1))
  }

  /** All frames in order. */
  frames(): Uint8Array[] {
    return Array.from({ length: this.frameCount }, (_, index) => this.#parts.frame(index + 1))
  }

  /** The whole content: the single frame itself, or the frames joined into a fresh array. */
  bytes(): Uint8Array {
    if (this.frameCount === 1) return this.#parts.frame(1)
    return this.frameCount === 0 ? EMPTY_BYTES : concatBytes(this.frames())
  }

  /** The content as UTF-8 text; malformed bytes become U+FFFD. */
  text(): string {
    return utf8Decode(this.bytes())
  }
}
