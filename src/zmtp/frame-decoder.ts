/**
 * Frames to messages, after the handshake.
 *
 * Two halves: here the fast one, which hands out a message that lies in the chunk as a whole as a view
 * of it; in `message-assembler.ts` the careful one for everything else. The fast half never judges: at
 * anything out of the ordinary it steps back to where the message began.
 */
import {
  FLAG_LONG,
  FLAG_MORE,
  LONG_HEADER_BYTES,
  readLongSize,
  SHORT_HEADER_BYTES,
} from './frame.ts'
import type { InputBuffer } from './input-buffer.ts'
import type { FrameProtection } from './mechanism.ts'
import { type Decoded, MessageAssembler, type MessageLimits } from './message-assembler.ts'
import { Multipart } from './multipart.ts'

export class FrameDecoder {
  readonly #input: InputBuffer
  readonly #limits: MessageLimits
  readonly #assembler: MessageAssembler
  /** Sealed frames are opened one by one, exactly once: that is the careful half's. */
  readonly #sealed: boolean

  constructor(input: InputBuffer, limits: MessageLimits, protection: FrameProtection | undefined) {
    this.#input = input
    this.#limits = limits
    this.#assembler = new MessageAssembler(limits, protection)
    this.#sealed = protection !== undefined
  }

  /** Bytes of memory held for an unfinished message. */
  get heldBytes(): number {
    return this.#assembler.heldBytes
  }

  /** After `needMore` all of the input has been read; after an `invalid` don't call again. */
  next(): Decoded {
    if (!this.#sealed && this.#assembler.isIdle) {
      const message = this.#decodeInPlace()
      if (message !== undefined) return message
    }
    const decoded = this.#assembler.next(this.#input)
    if (decoded.kind === 'needMore') this.#input.releaseIfEmpty()
    return decoded
  }

  invariants(): void {
    this.#assembler.invariants()
  }

  /** The next message, if all of it is here and nothing about it is remarkable. */
  #decodeInPlace(): Multipart | undefined {
    const input = this.#input
    const bytes = input.bytes
    const end = input.end
    let bytesLeft = this.#limits.messageBytes
    let framesLeft = this.#limits.messageFrames
    let firstStart = -1
    let firstEnd = -1
    let bounds: number[] | undefined
    let at = input.start
    for (;;) {
      if (at + SHORT_HEADER_BYTES > end) return undefined
      const flags = bytes[at]!
      let size: number
      if (flags <= FLAG_MORE) {
        size = bytes[at + 1]!
        at += SHORT_HEADER_BYTES
      } else {
        if (flags > (FLAG_MORE | FLAG_LONG) || at + LONG_HEADER_BYTES > end) return undefined
        size = readLongSize(bytes, at + 1)
        at += LONG_HEADER_BYTES
      }
      bytesLeft -= size
      framesLeft--
      if (at + size > end || bytesLeft < 0 || framesLeft < 0) return undefined
      const start = at
      at += size
      const more = (flags & FLAG_MORE) !== 0
      // Nearly all messages have one or two frames, and a literal costs a fraction of `push`.
      if (bounds !== undefined) bounds.push(start, at)
      else if (firstStart >= 0) bounds = [firstStart, firstEnd, start, at]
      else if (!more) bounds = [start, at]
      if (!more) break
      firstStart = start
      firstEnd = at
    }
    input.start = at
    return new Multipart(bytes, bounds!)
  }
}
