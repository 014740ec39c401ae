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

/** The text of the 16 bytes at `offset`. The caller has checked that they are there. */
export function peerIdFromBytes(bytes: Uint8Array, offset = 0): PeerId {
  return toHex(bytes.subarray(offset, offset + PEER_ID_BYTES)).toUpperCase()
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
