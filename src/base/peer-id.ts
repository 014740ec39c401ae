/**
 * A node's identity: 16 random bytes (a UUID of variant 1, version 4), fresh at every start.
 *
 * On the wire it is 16 bytes; in the API it is 32 upper-case hexadecimal digits, the spelling that
 * every Zyre implementation prints and that gossip and elections put on the wire.
 */
import { fromHex, toHex } from './bytes.ts'

/** 32 upper-case hexadecimal digits. */
export type PeerId = string

export const PEER_ID_BYTES = 16

/**
 * Ids are read again and again: from each beacon, and by each node of a process. The latest are kept, each in the
 * place that its first random bits give it. A memory aid and no more: what a call answers never depends on it.
 */
const RECENT_IDS = 4_096
const recent: (PeerId | undefined)[] = new Array<PeerId | undefined>(RECENT_IDS).fill(undefined)

/** The text of the 16 bytes at `offset`. The caller has checked that they are there. */
export function peerIdFromBytes(bytes: Uint8Array, offset = 0): PeerId {
  const slot = ((bytes[offset]! << 8) | bytes[offset + 1]!) & (RECENT_IDS - 1)
  const known = recent[slot]
  if (known !== undefined && isTextOfId(known, bytes, offset)) return known
  const id = toHex(bytes.subarray(offset, offset + PEER_ID_BYTES)).toUpperCase()
  recent[slot] = id
  return id
}

/** Whether `id` is the text of the 16 bytes at `offset`. */
export function isTextOfId(id: PeerId, bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < PEER_ID_BYTES; i++) {
    const byte = bytes[offset + i]!
    if (id.charCodeAt(2 * i) !== digitOf(byte >> 4)) return false
    if (id.charCodeAt(2 * i + 1) !== digitOf(byte & 15)) return false
  }
  return true
}

/** The code of an upper-case hexadecimal digit. */
function digitOf(value: number): number {
  return value < 10 ? 0x30 + value : 0x37 + value
}

/** RFC 36 "Protocol Signature": an identity in a handshake is 1 and the UUID. */
export function isIdentity(bytes: Uint8Array): boolean {
  return bytes.length === PEER_ID_BYTES + 1 && bytes[0] === 1
}

/** The 16 bytes of an id that this module made or parsed. */
export function peerIdToBytes(id: PeerId): Uint8Array {
  const bytes = fromHex(id)
  if (bytes === undefined || bytes.length !== PEER_ID_BYTES) {
    throw new TypeError(`not a peer id: ${id}`)
  }
  return bytes
}

/** Reads an id as people write it: either case, with or without the dashes of a UUID. */
export function parsePeerId(text: string): PeerId | undefined {
  const digits = text.replaceAll('-', '').toUpperCase()
  return /^[0-9A-F]{32}$/.test(digits) ? digits : undefined
}

/** Makes a version 4 UUID of 16 random bytes, in place. */
export function stampUuid(random: Uint8Array): Uint8Array {
  random[6] = (random[6]! & 0x0f) | 0x40
  random[8] = (random[8]! & 0x3f) | 0x80
  return random
}
