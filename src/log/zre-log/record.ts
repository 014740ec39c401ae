/**
 * The binary record of ZRE/LOG, as RFC 20 "The ZRE/LOG Extension Protocol" has it: one message of one frame.
 *
 *     0     1     2     3      4      5  6   7  8   9 … 16   17      18 …
 *     AA    A2    01    level  event  node   peer   time     length  data
 *
 * Where the specification and C Zyre (which sent these records until 2014) differ, both are read:
 * - `time` is milliseconds by the specification, and seconds from C Zyre: see `wallMsOf`.
 * - `node` and `peer` are hashes of a UUID by the specification, which names no hash, and of an endpoint from C
 *   Zyre: see `zreLogId`. 0 stands for no peer.
 * - `event` is 0 in the errors and warnings of C Zyre.
 * - C Zyre writes texts over 255 bytes whole behind a length that wrapped. As its own reader does, ours passes over
 *   what stands behind the text.
 */
import { assert } from '../../base/assert.ts'
import { ByteReader, ByteWriter, utf8Decode, utf8Encode } from '../../base/bytes.ts'
import { type Invalid, invalid } from '../../base/errors.ts'

/** In the order of their numbers, the first is 1. */
const LEVELS = ['error', 'warning', 'info'] as const
/** In the order of their numbers, the first is 0. */
const EVENTS = ['none', 'join', 'leave', 'enter', 'exit', 'send', 'recv'] as const

export type ZreLogLevel = (typeof LEVELS)[number]
export type ZreLogEvent = (typeof EVENTS)[number]

export interface ZreLogRecord {
  readonly level: ZreLogLevel
  /** `none` for what is none of the others. */
  readonly event: ZreLogEvent
  /** Who says so: `zreLogId`. 0 to 65,535. */
  readonly node: number
  /** Whom it is about; 0: nobody. */
  readonly peer: number
  /** As sent: see `wallMsOf`. Milliseconds since 1970 when it is ours. */
  readonly time: number
  /** Text for people. Up to 255 bytes of UTF-8; more is cut off when it is sent. A stranger's: show it with care. */
  readonly data: string
}

/** Why a message is no record. */
export const ZRE_LOG_INVALID_CODES = [
  'zrelog-signature', // does not start with AA A2
  'zrelog-command', // a command other than LOG
  'zrelog-truncated', // ends before its last field
  'zrelog-level', // a level that does not exist
  'zrelog-event', // an event that does not exist
  'zrelog-time', // a time beyond what a number holds exactly
] as const

export type ZreLogInvalidCode = (typeof ZRE_LOG_INVALID_CODES)[number]

export type ZreLogInvalid = Invalid<ZreLogInvalidCode>

export type DecodedRecord =
  | { readonly kind: 'record'; readonly record: ZreLogRecord }
  | ZreLogInvalid

const SIGNATURE = 0xaaa2
const LOG = 0x01
const DATA_BYTES_MAX = 255
const FIXED_BYTES = 18
/** Bytes of a record as we write it. */
export const RECORD_BYTES_MAX: number = FIXED_BYTES + DATA_BYTES_MAX

const U16_MAX = 0xffff
const U32 = 0x1_0000_0000
/** Of the high half of a time: above it, numbers are not exact. */
const TIME_HIGH_MAX = 0x1f_ffff

/** Reads a record. Keeps nothing of `bytes`. Malformed UTF-8 becomes U+FFFD: some senders know no UTF-8. */
export function decodeRecord(bytes: Uint8Array): DecodedRecord {
  const reader = new ByteReader(bytes)
  // RFC 20: "The log service SHALL silently discard any message received that does not start with these two octets."
  if (reader.u16() !== SIGNATURE) return invalid('zrelog-signature', 'does not start with AA A2')
  if (reader.remaining === 0) return invalid('zrelog-truncated', 'a record of its signature alone')
  const command = reader.u8()
  if (command !== LOG) return invalid('zrelog-command', `command ${command}`)
  const levelNumber = reader.u8()
  const eventNumber = reader.u8()
  const node = reader.u16()
  const peer = reader.u16()
  const timeHigh = reader.u32()
  const timeLow = reader.u32()
  const data = reader.raw(reader.u8())
  if (reader.overrun) return invalid('zrelog-truncated', `a record of ${bytes.length} bytes`)
  const level = LEVELS[levelNumber - 1]
  if (level === undefined) return invalid('zrelog-level', `level ${levelNumber}`)
  const event = EVENTS[eventNumber]
  if (event === undefined) return invalid('zrelog-event', `event ${eventNumber}`)
  if (timeHigh > TIME_HIGH_MAX) return invalid('zrelog-time', 'a time beyond 2^53')
  const time = timeHigh * U32 + timeLow
  return { kind: 'record', record: { level, event, node, peer, time, data: utf8Decode(data) } }
}

/** Writes a record. `node` and `peer` are 16-bit numbers, `time` a whole one that is not negative. */
export function encodeRecord(record: ZreLogRecord): Uint8Array {
  const { node, peer, time } = record
  assert(isUpTo(node, U16_MAX) && isUpTo(peer, U16_MAX), 'node and peer are 16-bit numbers')
  assert(isUpTo(time, Number.MAX_SAFE_INTEGER), 'a time is a whole number')
  const data = textBytes(record.data)
  const writer = new ByteWriter(new Uint8Array(FIXED_BYTES + data.length))
  writer.u16(SIGNATURE)
  writer.u8(LOG)
  writer.u8(1 + LEVELS.indexOf(record.level))
  writer.u8(EVENTS.indexOf(record.event))
  writer.u16(node)
  writer.u16(peer)
  writer.u32(Math.floor(time / U32))
  writer.u32(time % U32)
  writer.u8(data.length)
  writer.raw(data)
  return writer.bytes
}

/**
 * The 16-bit number that stands for a node, as C Zyre reckons it: a hash of the node's endpoint
 * (`tcp://10.0.0.7:49152`), so that records of different implementations can be told to be about the same node.
 */
export function zreLogId(endpoint: string): number {
  let hash = 0
  for (const byte of utf8Encode(endpoint)) hash = ((33 * hash) ^ byte) & U16_MAX
  return hash
}

/** Before this a time is taken for seconds: as milliseconds it would be in 1973, as seconds it is in 5138. */
const MILLISECONDS_MIN = 100_000_000_000

/** A record's time in milliseconds since 1970, whichever unit its sender uses. By the sender's clock. */
export function wallMsOf(record: Pick<ZreLogRecord, 'time'>): number {
  return record.time < MILLISECONDS_MIN ? record.time * 1_000 : record.time
}

function isUpTo(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max
}

/** RFC 20: `data = string`, "printable error text": control characters become blanks. */
function textBytes(text: string): Uint8Array {
  // A character has at least one byte, so nothing further back can be part of it.
  const bytes = utf8Encode(text.slice(0, DATA_BYTES_MAX).replace(/\p{Cc}/gu, ' '))
  if (bytes.length <= DATA_BYTES_MAX) return bytes
  let end = DATA_BYTES_MAX
  while ((bytes[end]! & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}
