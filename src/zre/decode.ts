/**
 * Reading ZRE messages. `decodeZre` takes the first frame of a ZMTP message, which is complete, so the
 * answer is a message or `invalid`: there is no "more bytes needed" here. It never throws and never
 * keeps the bytes; all strings are copies.
 *
 * A frame is exactly its fields. Bytes after the last one are invalid: to skip them would let two
 * implementations read one frame in two ways.
 */
import { ByteReader, utf8DecodeStrict } from '../base/bytes.ts'
import type { Invalid } from '../base/errors.ts'
import { invalid } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import { readGroupName } from './group-name.ts'
import type {
  Elect,
  Hello,
  Join,
  Leader,
  Leave,
  Shout,
  ZreInvalidCode,
  ZreMessage,
} from './message.ts'
import {
  COMMAND,
  STRING_BYTES_MAX,
  ZRE_HEADER_BYTES,
  ZRE_SIGNATURE_0,
  ZRE_SIGNATURE_1,
  ZRE_VERSION,
} from './message.ts'

export type ZreLimits = Pick<Limits, 'helloBytes' | 'helloGroups' | 'helloHeaders'>

type ZreInvalid = Invalid<ZreInvalidCode>

// The least that one entry of a list takes: an empty `longstr`; an empty `string` and an empty `longstr`.
const GROUP_BYTES_MIN = 4
const HEADER_BYTES_MIN = 5

/** Reads the message whose first frame is `bytes[start, end)`. */
export function decodeZre(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: ZreLimits,
): ZreMessage | ZreInvalid {
  // RFC 36 "Protocol Signature": "A node SHALL silently discard any message received that does not start
  // with these two octets."
  const length = end - start
  if (length < 2 || bytes[start] !== ZRE_SIGNATURE_0 || bytes[start + 1] !== ZRE_SIGNATURE_1) {
    return invalid('zre-signature', `a frame of ${length} bytes does not start with AA A1`)
  }
  if (length < ZRE_HEADER_BYTES) return truncated('header', length)
  // RFC 36 "Versioning": "A node SHALL discard messages that do not contain a valid version number."
  // It comes before the command, because another version may have other commands.
  if (bytes[start + 3] !== ZRE_VERSION) {
    return invalid('zre-version', `version ${bytes[start + 3]}, not ${ZRE_VERSION}`)
  }
  const sequence = bytes[start + 4]! * 0x100 + bytes[start + 5]!
  const body = start + ZRE_HEADER_BYTES
  switch (bytes[start + 2]) {
    case COMMAND.hello:
      return decodeHello(bytes, body, end, sequence, limits)
    case COMMAND.whisper:
      return body === end ? { kind: 'whisper', sequence } : trailing('WHISPER', end - body)
    case COMMAND.shout:
      return decodeShout(bytes, body, end, sequence)
    case COMMAND.join:
      return decodeMembership('join', bytes, body, end, sequence)
    case COMMAND.leave:
      return decodeMembership('leave', bytes, body, end, sequence)
    case COMMAND.ping:
      return body === end ? { kind: 'ping', sequence } : trailing('PING', end - body)
    case COMMAND.pingOk:
      return body === end ? { kind: 'ping-ok', sequence } : trailing('PING-OK', end - body)
    case COMMAND.elect:
      return decodeElection('elect', bytes, body, end, sequence)
    case COMMAND.leader:
      return decodeElection('leader', bytes, body, end, sequence)
    case COMMAND.goodbye:
      return body === end ? { kind: 'goodbye', sequence } : trailing('GOODBYE', end - body)
    default:
      return invalid('zre-command', `command ${bytes[start + 2]}`)
  }
}

/** RFC 36 grammar: `shout = signature %d3 version sequence group content`, group a `string`. */
function decodeShout(
  bytes: Uint8Array,
  body: number,
  end: number,
  sequence: number,
): Shout | ZreInvalid {
  const groupEnd = stringEnd(bytes, body, end)
  if (groupEnd > end) return truncated('SHOUT', end - body)
  if (groupEnd < end) return trailing('SHOUT', end - groupEnd)
  const group = decodeGroup(bytes, body + 1, groupEnd)
  return typeof group === 'string' ? { kind: 'shout', sequence, group } : group
}

/** RFC 36 grammar: `join = signature %d4 version sequence group status`; `leave` is the same with 5. */
function decodeMembership(
  kind: 'join' | 'leave',
  bytes: Uint8Array,
  body: number,
  end: number,
  sequence: number,
): Join | Leave | ZreInvalid {
  const groupEnd = stringEnd(bytes, body, end)
  if (groupEnd + 1 > end) return truncated(kind, end - body)
  if (groupEnd + 1 < end) return trailing(kind, end - groupEnd - 1)
  const group = decodeGroup(bytes, body + 1, groupEnd)
  if (typeof group !== 'string') return group
  return { kind, sequence, group, status: bytes[groupEnd]! }
}

/** Not in RFC 36: C Zyre's `zre_msg.c` writes two `string`s, the group and the node's id. */
function decodeElection(
  kind: 'elect' | 'leader',
  bytes: Uint8Array,
  body: number,
  end: number,
  sequence: number,
): Elect | Leader | ZreInvalid {
  const groupEnd = stringEnd(bytes, body, end)
  const idEnd = stringEnd(bytes, groupEnd, end)
  if (idEnd > end) return truncated(kind, end - body)
  if (idEnd < end) return trailing(kind, end - idEnd)
  const group = decodeGroup(bytes, body + 1, groupEnd)
  if (typeof group !== 'string') return group
  const id = utf8DecodeStrict(bytes.subarray(groupEnd + 1, idEnd))
  if (id === undefined) return notText(`node id of ${kind}`)
  return kind === 'elect'
    ? { kind, sequence, group, challengerId: id }
    : { kind, sequence, group, leaderId: id }
}

/**
 * RFC 36 grammar: `hello = signature %d1 version sequence endpoint groups status name headers`.
 * All five fields must be there: C Zyre gives up on a HELLO without them, and so do we, politely.
 */
function decodeHello(
  bytes: Uint8Array,
  body: number,
  end: number,
  sequence: number,
  limits: ZreLimits,
): Hello | ZreInvalid {
  const length = end - body + ZRE_HEADER_BYTES
  if (length > limits.helloBytes) return overLimit('bytes', length, limits.helloBytes)
  const reader = new ByteReader(bytes, body, end)
  const endpoint = utf8DecodeStrict(reader.raw(reader.u8()))
  if (endpoint === undefined) return notText('endpoint')
  const groups = readGroups(reader, limits.helloGroups)
  if ('kind' in groups) return groups
  const status = reader.u8()
  const name = utf8DecodeStrict(reader.raw(reader.u8()))
  if (name === undefined) return notText('name')
  const headers = readHeaders(reader, limits.helloHeaders)
  if ('kind' in headers) return headers
  if (reader.overrun) return truncated('HELLO', length)
  if (reader.remaining > 0) return trailing('HELLO', reader.remaining)
  return { kind: 'hello', sequence, endpoint, groups, status, name, headers }
}

/** RFC 36 grammar: `strings = strings-count *strings-value`, a count of four bytes, then `longstr`s. */
function readGroups(reader: ByteReader, limit: number): readonly string[] | ZreInvalid {
  const count = reader.u32()
  if (count > limit) return overLimit('groups', count, limit)
  if (count * GROUP_BYTES_MIN > reader.remaining)
    return truncated('list of groups', reader.remaining)
  const names = new Set<string>()
  for (let i = 0; i < count; i++) {
    const length = reader.u32()
    const view = reader.raw(length)
    if (reader.overrun) return truncated('list of groups', reader.remaining)
    if (length === 0 || length > STRING_BYTES_MAX) return badGroupName(length)
    const name = utf8DecodeStrict(view)
    if (name === undefined) return notText('group name')
    names.add(name)
  }
  return [...names]
}

/** RFC 36 grammar: `dictionary = dict-count *( dict-name dict-value )`, a `string` and a `longstr`. */
function readHeaders(reader: ByteReader, limit: number): ReadonlyMap<string, string> | ZreInvalid {
  const headers = new Map<string, string>()
  const count = reader.u32()
  if (count > limit) return overLimit('headers', count, limit)
  if (count * HEADER_BYTES_MIN > reader.remaining) return truncated('headers', reader.remaining)
  for (let i = 0; i < count; i++) {
    const name = utf8DecodeStrict(reader.raw(reader.u8()))
    const value = utf8DecodeStrict(reader.raw(reader.u32()))
    if (reader.overrun) return truncated('headers', reader.remaining)
    if (name === undefined || value === undefined) return notText('header')
    // Of two with one name the first counts, as in C Zyre: both sides must see the same HELLO.
    if (!headers.has(name)) headers.set(name, value)
  }
  return headers
}

/** Where the `string` that starts at `offset` ends; past `end` when not all of it is there. */
function stringEnd(bytes: Uint8Array, offset: number, end: number): number {
  return offset < end ? offset + 1 + bytes[offset]! : end + 1
}

function decodeGroup(bytes: Uint8Array, start: number, end: number): string | ZreInvalid {
  if (start === end) return badGroupName(0)
  return readGroupName(bytes, start, end) ?? notText('group name')
}

function truncated(what: string, length: number): ZreInvalid {
  return invalid('zre-truncated', `${what} ends too early, after ${length} bytes`)
}

function trailing(what: string, length: number): ZreInvalid {
  return invalid('zre-trailing-bytes', `${what} is followed by ${length} bytes in its frame`)
}

function overLimit(what: string, count: number, limit: number): ZreInvalid {
  return invalid('zre-hello-limit', `HELLO with ${count} ${what}, limit ${limit}`)
}

function badGroupName(length: number): ZreInvalid {
  return invalid('zre-group-name', `a group name of ${length} bytes, not 1 to ${STRING_BYTES_MAX}`)
}

function notText(what: string): ZreInvalid {
  return invalid('zre-text', `${what} is not well-formed UTF-8`)
}
