/**
 * What the application sends, brought into one form: text, bytes or frames become checked content.
 */
import { startsWith, utf8Encode } from '../base/bytes.ts'
import { EarshotError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import { CHANNEL_MARK, CHANNEL_MARK_TEXT } from '../mesh/channel-mark.ts'
import type { OutgoingContent, WhenFull } from '../mesh/outbox.ts'

/** A message to send: text (as UTF-8), bytes, or 1 to 1,024 frames of bytes. */
export type MessageInput = string | Uint8Array | readonly Uint8Array[]

/**
 * The content of a whisper (`group` empty) or shout; an aside is a service's whisper.
 *
 * @throws EarshotError ERR_EARSHOT_MESSAGE_TOO_LARGE over the limits; a TypeError for what is not a message.
 */
export function outgoingContent(
  kind: 'whisper' | 'shout' | 'aside',
  group: string,
  message: MessageInput,
  limits: Limits,
  whenFull: WhenFull = 'wait',
  waits = true,
): OutgoingContent {
  const frames = framesOf(message)
  checkHasFrames(frames)
  if (kind === 'whisper' && isReserved(frames)) {
    const mark = JSON.stringify(CHANNEL_MARK_TEXT)
    throw new TypeError(`a first frame that begins with ${mark} is reserved for channels`)
  }
  // The header of each message is a frame of its own.
  const framesMax = limits.messageFrames - 1
  let byteLength = 0
  for (const frame of frames) byteLength += frame.length
  if (frames.length > framesMax) {
    throw new EarshotError(
      'ERR_EARSHOT_MESSAGE_TOO_LARGE',
      `the message has ${frames.length} frames; the limit is ${framesMax}`,
    )
  }
  if (byteLength > limits.messageBytes) {
    throw new EarshotError(
      'ERR_EARSHOT_MESSAGE_TOO_LARGE',
      `the message has ${byteLength} bytes; the limit is ${limits.messageBytes}`,
    )
  }
  const isService = kind === 'aside'
  return {
    kind: isService ? 'whisper' : kind,
    group,
    frames,
    byteLength,
    whenFull,
    waits,
    isService,
  }
}

/** @throws TypeError */
export function checkHasFrames(frames: readonly Uint8Array[]): void {
  if (frames.length === 0) throw new TypeError('a message has at least one frame (it may be empty)')
}

/** Whether the receiver would take these frames of an application for a channel's. */
function isReserved([first, second]: readonly Uint8Array[]): boolean {
  return second !== undefined && startsWith(first!, CHANNEL_MARK)
}

function framesOf(message: MessageInput): readonly Uint8Array[] {
  if (typeof message === 'string') return [utf8Encode(message)]
  if (message instanceof Uint8Array) return [message]
  if (Array.isArray(message) && message.every((frame) => frame instanceof Uint8Array))
    return message
  throw new TypeError('a message is a string, a Uint8Array or an array of Uint8Array')
}
