/**
 * Writing ZRE messages: first `zreLength`, to reserve the frame, then `encodeZre`, straight into it.
 *
 * What is written comes from us, so a string that does not fit its length byte is our own bug and trips
 * an assertion: whoever takes a name from the application checks it there (`isGroupName`, `utf8Length`).
 */
import { assert, assertNever } from '../base/assert.ts'
import type { ByteWriter } from '../base/bytes.ts'
import { groupNameBytes } from './group-name.ts'
import type { Hello, ZreMessage } from './message.ts'
import {
  COMMAND,
  STRING_BYTES_MAX,
  ZRE_HEADER_BYTES,
  ZRE_SIGNATURE_0,
  ZRE_SIGNATURE_1,
  ZRE_VERSION,
} from './message.ts'
import { putLongString, putString, utf8Length } from './text.ts'

/** Bytes of the message's first frame. */
export function zreLength(message: ZreMessage): number {
  switch (message.kind) {
    case 'whisper':
    case 'ping':
    case 'ping-ok':
    case 'goodbye':
      return ZRE_HEADER_BYTES
    case 'shout':
      return ZRE_HEADER_BYTES + 1 + groupNameBytes(message.group).length
    case 'join':
    case 'leave':
      return ZRE_HEADER_BYTES + 1 + groupNameBytes(message.group).length + 1
    case 'elect':
      return (
        ZRE_HEADER_BYTES +
        2 +
        groupNameBytes(message.group).length +
        utf8Length(message.challengerId)
      )
    case 'leader':
      return (
        ZRE_HEADER_BYTES + 2 + groupNameBytes(message.group).length + utf8Length(message.leaderId)
      )
    case 'hello':
      return helloLength(message)
    default:
      return assertNever(message)
  }
}

function helloLength(hello: Hello): number {
  // The lengths and counts of the five fields, then their texts.
  let length = ZRE_HEADER_BYTES + 1 + 4 + 1 + 1 + 4
  length += utf8Length(hello.endpoint) + utf8Length(hello.name)
  for (const group of hello.groups) length += 4 + utf8Length(group)
  for (const [name, value] of hello.headers) length += 5 + utf8Length(name) + utf8Length(value)
  return length
}

/** Writes exactly `zreLength(message)` bytes. */
export function encodeZre(message: ZreMessage, writer: ByteWriter): void {
  switch (message.kind) {
    case 'whisper':
      putHeader(writer, COMMAND.whisper, message.sequence)
      break
    case 'shout':
      putHeader(writer, COMMAND.shout, message.sequence)
      putGroup(writer, message.group)
      break
    case 'join':
    case 'leave':
      putHeader(writer, message.kind === 'join' ? COMMAND.join : COMMAND.leave, message.sequence)
      putGroup(writer, message.group)
      writer.u8(message.status)
      break
    case 'ping':
      putHeader(writer, COMMAND.ping, message.sequence)
      break
    case 'ping-ok':
      putHeader(writer, COMMAND.pingOk, message.sequence)
      break
    case 'elect':
      putHeader(writer, COMMAND.elect, message.sequence)
      putGroup(writer, message.group)
      putString(writer, message.challengerId)
      break
    case 'leader':
      putHeader(writer, COMMAND.leader, message.sequence)
      putGroup(writer, message.group)
      putString(writer, message.leaderId)
      break
    case 'goodbye':
      putHeader(writer, COMMAND.goodbye, message.sequence)
      break
    case 'hello':
      encodeHello(message, writer)
      break
    default:
      assertNever(message)
  }
  assert(writer.offset <= writer.end, 'a message stays within its reserved frame')
}

/** Both counts are always written, even 0: C Zyre aborts on a HELLO that ends after the endpoint. */
function encodeHello(hello: Hello, writer: ByteWriter): void {
  putHeader(writer, COMMAND.hello, hello.sequence)
  putString(writer, hello.endpoint)
  writer.u32(hello.groups.length)
  for (const group of hello.groups) putLongString(writer, group)
  writer.u8(hello.status)
  putString(writer, hello.name)
  writer.u32(hello.headers.size)
  for (const [name, value] of hello.headers) {
    putString(writer, name)
    putLongString(writer, value)
  }
}

function putHeader(writer: ByteWriter, command: number, sequence: number): void {
  writer.u8(ZRE_SIGNATURE_0)
  writer.u8(ZRE_SIGNATURE_1)
  writer.u8(command)
  writer.u8(ZRE_VERSION)
  writer.u16(sequence)
}

function putGroup(writer: ByteWriter, name: string): void {
  const encoded = groupNameBytes(name)
  const { length } = encoded
  assert(length <= STRING_BYTES_MAX, 'a group name has at most 255 bytes')
  writer.u8(length)
  // Names are short: for them a loop is quicker than `set`.
  const { bytes, offset } = writer
  for (let i = 0; i < length; i++) bytes[offset + i] = encoded[i]!
  writer.offset = offset + length
}
