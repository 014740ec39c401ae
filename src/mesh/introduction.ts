/**
 * Introductions: HELLOs as the roster keeps them.
 *
 * A node says the same HELLO to all others, so where many nodes share a process each is read a thousand times; and
 * a peer that comes back says what it said before. The latest of usual size are kept, and all who read one share
 * its texts. A memory aid and no more: what a call answers never depends on an earlier one.
 */
import { bytesEqual } from '../base/bytes.ts'
import { decodeZre, type ZreLimits } from '../zre/decode.ts'
import { type Endpoint, parseEndpoint } from '../zre/endpoint.ts'
import { COMMAND, type Hello, type ZreMessage } from '../zre/message.ts'

export interface Introduction extends Hello {
  /** Its endpoint, if it can be dialled as it stands. */
  readonly named: Endpoint | undefined
  /** The headers without a prototype: any name is an ordinary key. Frozen, as are the groups. */
  readonly record: Readonly<Record<string, string>>
}

export type PeerMessage =
  | Exclude<ReturnType<typeof decodeZre>, ZreMessage>
  | Exclude<ZreMessage, Hello>
  | Introduction

interface Recent {
  /** A copy of our own. */
  readonly bytes: Uint8Array
  readonly limits: ZreLimits
  readonly introduction: Introduction
}

// A power of two. With the next, strangers can make us keep 256 KiB, and some 3 MiB of what is read from them.
const RECENT_MAX = 1_024
const RECENT_BYTES_MAX = 256

const recent: (Recent | undefined)[] = new Array<Recent | undefined>(RECENT_MAX).fill(undefined)

/** Reads a message as `decodeZre` does. */
export function readMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: ZreLimits,
): PeerMessage {
  if (end - start > 2 && bytes[start + 2] === COMMAND.hello) {
    return readHello(bytes.subarray(start, end), limits)
  }
  const message = decodeZre(bytes, start, end, limits)
  return message.kind === 'hello' ? introductionOf(message) : message
}

function readHello(bytes: Uint8Array, limits: ZreLimits): PeerMessage {
  const slot = slotOf(bytes)
  const known = recent[slot]
  if (known !== undefined && bytesEqual(known.bytes, bytes) && sameLimits(known.limits, limits)) {
    return known.introduction
  }
  const message = decodeZre(bytes, 0, bytes.length, limits)
  if (message.kind !== 'hello') return message
  const introduction = introductionOf(message)
  if (bytes.length <= RECENT_BYTES_MAX) {
    recent[slot] = { bytes: new Uint8Array(bytes), limits, introduction }
  }
  return introduction
}

function introductionOf(hello: Hello): Introduction {
  const record: Record<string, string> = Object.create(null)
  for (const [name, value] of hello.headers) record[name] = value
  const named = parseEndpoint(hello.endpoint)
  return { ...hello, named, groups: Object.freeze(hello.groups), record: Object.freeze(record) }
}

function sameLimits(a: ZreLimits, b: ZreLimits): boolean {
  return (
    a.helloBytes === b.helloBytes &&
    a.helloGroups === b.helloGroups &&
    a.helloHeaders === b.helloHeaders
  )
}

function slotOf(bytes: Uint8Array): number {
  let hash = bytes.length
  for (let i = 0; i < bytes.length && i < RECENT_BYTES_MAX; i++) {
    hash = (Math.imul(hash, 31) + bytes[i]!) | 0
  }
  return (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (RECENT_MAX - 1)
}
