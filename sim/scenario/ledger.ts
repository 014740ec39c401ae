/**
 * Tracked messages: what the workload sends carries who sent it, which of the sender's messages it is, and when,
 * so that whoever receives it can be held to it.
 *
 *     magic 'ESIM' | sender: member u32 | start u32 | number u32 | sent at f64 (ms) | to u32 | sum u32 | padding
 *
 * The sum covers all of it and the group: what comes out other than it was put in is recognised without keeping a
 * copy of everything that was ever sent.
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

export interface ReceivedMessage extends TrackedMessage {
  /** Whether it is, to the byte and with its group, what somebody sent. */
  readonly intact: boolean
}

const MAGIC = 0x4553494d
export const TRACKED_BYTES_MIN = 32
const TO_ALL = 0xffffffff
const SUM_AT = 28

export function encodeTracked(message: TrackedMessage): Uint8Array {
  const bytes = new Uint8Array(Math.max(message.bytes, TRACKED_BYTES_MIN))
  bytes.fill(message.number, TRACKED_BYTES_MIN)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC)
  view.setUint32(4, message.sender)
  view.setUint32(8, message.start)
  view.setUint32(12, message.number)
  view.setFloat64(16, message.sentAtMs)
  view.setUint32(24, message.to ?? TO_ALL)
  view.setUint32(SUM_AT, sumOf(view, message.group))
  return bytes
}

/** Whether it looks like a tracked message. */
export function isTracked(bytes: Uint8Array): boolean {
  if (bytes.length < TRACKED_BYTES_MIN) return false
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0) === MAGIC
}

/** `undefined` for bytes that are no tracked message. `group` is that of the shout it came in. */
export function decodeTracked(bytes: Uint8Array, group?: string): ReceivedMessage | undefined {
  if (!isTracked(bytes)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const to = view.getUint32(24)
  return {
    sender: view.getUint32(4),
    start: view.getUint32(8),
    number: view.getUint32(12),
    sentAtMs: view.getFloat64(16),
    to: to === TO_ALL ? undefined : to,
    group,
    bytes: bytes.length,
    intact: view.getUint32(SUM_AT) === sumOf(view, group),
  }
}

/** FNV-1a over words, of everything but the sum itself. */
function sumOf(view: DataView, group: string | undefined): number {
  let sum = 0x811c9dc5
  const words = view.byteLength - 3
  let at = 0
  for (; at < words; at += 4) {
    if (at !== SUM_AT) sum = Math.imul(sum ^ view.getUint32(at), 0x01000193)
  }
  for (; at < view.byteLength; at++) sum = Math.imul(sum ^ view.getUint8(at), 0x01000193)
  for (let i = 0; group !== undefined && i < group.length; i++) {
    sum = Math.imul(sum ^ group.charCodeAt(i), 0x01000193)
  }
  return (sum ^ (sum >>> 15)) >>> 0
}
