/**
 * Introductions: HELLOs as the roster keeps them.
 *
 * A node says the same HELLO to all others, so where many nodes share a process each is read a thousand times; and
 * a peer that comes back says what it said before. The latest of usual size are kept, and all who read one share
 * its texts.
 */
import { RecentReads } from '../base/recent-reads.ts'
import { decodeZre, type ZreLimits } from '../zre/decode.ts'
import { type Endpoint, parseEndpoint } from '../zre/endpoint.ts'
import { COMMAND, type Hello, type ZreMessage } from '../zre/message.ts'
import { parseSeam, SEAM_HEADER } from './seam.ts'

export interface Introduction extends Hello {
  /** Its endpoint, if it can be dialled as it stands. */
  readonly named: Endpoint | undefined
  /** The headers without a prototype: any name is an ordinary key. Frozen, as are the groups. */
  readonly record: Readonly<Record<string, string>>
  /** How many messages it has said on links before this one; see `seam.ts`. */
  readonly said: number | undefined
}

export type PeerMessage =
  | Exclude<ReturnType<typeof decodeZre>, ZreMessage>
  | Exclude<ZreMessage, Hello>
  | Introduction

interface Recent {
  readonly limits: ZreLimits
  readonly introduction: Introduction
}

// Strangers can make us keep 1 MiB, and some 10 MiB of what is read from them.
const RECENT_BYTES_MAX = 256

const recent = new RecentReads<Recent>(RECENT_BYTES_MAX)

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
  const known = recent.find(bytes)
  if (known !== undefined && sameLimits(known.limits, limits)) return known.introduction
  const message = decodeZre(bytes, 0, bytes.length, limits)
  if (message.kind !== 'hello') return message
  const introduction = introductionOf(message)
  recent.keep(bytes, { limits, introduction })
  return introduction
}

function introductionOf(hello: Hello): Introduction {
  const record: Record<string, string> = Object.create(null)
  for (const [name, value] of hello.headers) if (name !== SEAM_HEADER) record[name] = value
  const named = parseEndpoint(hello.endpoint)
  const said = parseSeam(hello.headers.get(SEAM_HEADER))
  const groups = Object.freeze(hello.groups)
  return { ...hello, named, groups, record: Object.freeze(record), said }
}

function sameLimits(a: ZreLimits, b: ZreLimits): boolean {
  return (
    a.helloBytes === b.helloBytes &&
    a.helloGroups === b.helloGroups &&
    a.helloHeaders === b.helloHeaders
  )
}
