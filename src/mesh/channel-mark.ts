/** How a whisper is told that is a service's and not the application's: by its first frame (`runtime/channels.ts`). */
import { utf8Encode } from '../base/bytes.ts'

/** The first frame of a service's message begins so, and at least one frame follows it. */
export const CHANNEL_MARK_TEXT = '\0earshot:'
export const CHANNEL_MARK: Uint8Array = utf8Encode(CHANNEL_MARK_TEXT)
