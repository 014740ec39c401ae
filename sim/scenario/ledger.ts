/**
 * Tracked messages: what the workload sends carries who sent it, which of the sender's messages it is, and when,
 * so that whoever receives it can be held to it.
 *
 *     magic 'ESIM' | sender: member u32 | start u32 | number u32 | sent at f64 (ms) | padding
 */

export interface TrackedMessage {
  /** Index of the sending member. */
  readonly sender: number
  /** Which start of the sender (1, 2 …): a restarted node counts from 1 again. */
  readonly start: number
  /** Number of the message among those of this start, from 1; whispers and shouts together. */
  readonly number: number
  readonly sentAtMs: number
  /** Index of the member that a whisper is for; `undefined` for a shout. */
  readonly to: number | undefined
  /** Of a shout. */
  readonly group: string | undefined
  readonly bytes: number
}

const MAGIC = 0x4553494d
export const TRACKED_BYTES_MIN = 28
const TO_ALL = 0xffffffff

export function encodeTracked(message: TrackedMessage): Uint8Array {
  const bytes = new Uint8Array(Math.max(message.bytes, TRACKED_BYTES_MIN))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC)
  view.setUint32(4, message.sender)
  view.setUint32(8, message.start)
  view.setUint32(12, message.number)
  view.setFloat64(16, message.sentAtMs)
  view.setUint32(24, message.to ?? TO_ALL)
  return bytes
}

/** `undefined` for bytes that are no tracked message. `group` is that of the shout it came in. */
export function decodeTracked(bytes: Uint8Array, group?: string): TrackedMessage | undefined {
  if (bytes.length < TRACKED_BYTES_MIN) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0) !== MAGIC) return undefined
  const to = view.getUint32(24)
  return {
    sender: view.getUint32(4),
    start: view.getUint32(8),
    number: view.getUint32(12),
    sentAtMs: view.getFloat64(16),
    to: to === TO_ALL ? undefined : to,
    group,
    bytes: bytes.length,
  }
}
