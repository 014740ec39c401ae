/**
 * Frames to messages, after the handshake: the fast half, which hands out a message that lies in the
 * chunk as a whole as a view of it.
 *
 * Everything else is for the careful half, `message-assembler.ts`. The fast half never judges: at
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
import type { MessageLimits } from './message-assembler.ts'
import { Multipart } from './multipart.ts'

/** The next message, if all of it is here and nothing about it is remarkable. Not for sealed frames. */
export function decodeInPlace(input: InputBuffer, limits: MessageLimits): Multipart | undefined {
  const bytes = input.bytes
  const end = input.end
  let bytesLeft = limits.messageBytes
  let framesLeft = limits.messageFrames
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
