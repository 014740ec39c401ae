/**
 * The messages of zgossip, ØMQ's gossip protocol, as CZMQ speaks it (zgossip_msg.bnf in CZMQ's sources). Each is one
 * frame: the signature AA A0, the command, the version, then its fields in network order.
 *
 *     hello   = signature %d1 version
 *     publish = signature %d2 version key value ttl      ; string, longstr, number-4 of milliseconds
 *     ping    = signature %d3 version
 *     pong    = signature %d4 version
 *     invalid = signature %d5 version
 *
 * Who dials is a DEALER and says HELLO; who listens is a ROUTER, and tells it all it knows. Then both publish.
 */

export type GossipMessage = Publish | GossipSignal

/** A message without fields. The client sends `hello` and `ping`, the server `pong` and `rejected` (INVALID). */
export interface GossipSignal {
  readonly kind: 'hello' | 'ping' | 'pong' | 'rejected'
}

export interface Publish {
  readonly kind: 'publish'
  /** 1 to KEY_BYTES_MAX bytes. */
  readonly key: string
  /** Up to VALUE_BYTES_MAX bytes. */
  readonly value: string
  /**
   * 32 bits. CZMQ sends whatever its memory holds (mostly 0) and reads none; between earshot nodes it has the meaning
   * that `age.ts` gives it.
   */
  readonly ttl: number
}

export const GOSSIP_SIGNATURE_0 = 0xaa
export const GOSSIP_SIGNATURE_1 = 0xa0
export const GOSSIP_VERSION = 1
/** Signature, command and version: the whole of every message but PUBLISH. */
export const GOSSIP_HEADER_BYTES = 4

export const GOSSIP_COMMAND = { hello: 1, publish: 2, ping: 3, pong: 4, rejected: 5 } as const

/** A `string` has a length of one byte. */
export const KEY_BYTES_MAX = 255
/** An endpoint and a key have under 100 bytes. The protocol would allow 4 GiB. */
export const VALUE_BYTES_MAX = 1_024

export const GOSSIP_INVALID_CODES = [
  'gossip-signature', // does not start with AA A0
  'gossip-version', // another version than 1
  'gossip-command', // a command that does not exist
  'gossip-truncated', // ends before its last field
  'gossip-trailing-bytes', // goes on after its last field
  'gossip-limit', // a key or a value that is longer than we keep, or an empty key
  'gossip-text', // a key or a value that is no printable text
] as const

export type GossipInvalidCode = (typeof GOSSIP_INVALID_CODES)[number]
