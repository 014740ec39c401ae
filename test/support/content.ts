import { utf8Encode } from '../../src/base/bytes.ts'
import type { OutgoingContent, WhenFull } from '../../src/mesh/outbox.ts'

/** A whisper, or a shout to a group, whose sender waits for room. */
export function content(
  group: string,
  frames: readonly (string | Uint8Array)[] = [''],
  whenFull: WhenFull = 'wait',
): OutgoingContent {
  const encoded = frames.map((frame) => (typeof frame === 'string' ? utf8Encode(frame) : frame))
  const byteLength = encoded.reduce((total, frame) => total + frame.length, 0)
  return {
    kind: group === '' ? 'whisper' : 'shout',
    group,
    frames: encoded,
    byteLength,
    whenFull,
    waits: true,
    isService: false,
  }
}
