/** Made-up peers and messages, for what only reads them. */
import type { Message, PeerInfo } from '../../src/index.ts'

let count = 0

export function madePeer(fields: Partial<PeerInfo> = {}): PeerInfo {
  count++
  return {
    id: count.toString(16).toUpperCase().padStart(32, '0'),
    name: `peer${count}`,
    endpoint: `tcp://127.0.0.1:${50_000 + count}`,
    headers: {},
    groups: [],
    presence: 'alive',
    asleep: false,
    foundBy: ['beacon'],
    ...fields,
  }
}

/** A message of these frames; text stands for its UTF-8. */
export function madeMessage(...frames: readonly (string | Uint8Array)[]): Message {
  const bytes = frames.map((frame) => {
    return typeof frame === 'string' ? new TextEncoder().encode(frame) : frame
  })
  return { frames: () => bytes } as Partial<Message> as Message
}
