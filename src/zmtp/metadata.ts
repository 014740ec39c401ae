/**
 * Connection metadata: the name-value properties that both peers send as the end of the handshake.
 * RFC 37 "The NULL Security Mechanism" has the encoding, "Connection Metadata" the meaning.
 */
import {
  ByteReader,
  ByteWriter,
  concatBytes,
  EMPTY_BYTES,
  utf8Decode,
  utf8Encode,
} from '../base/bytes.ts'
import { invalid } from '../base/errors.ts'
import { RecentReads } from '../base/recent-reads.ts'
import type { ZmtpInvalid } from './codes.ts'

/** What the peer said about itself. The values are copies: they pin no chunk. */
export interface PeerMetadata {
  /** Exactly as sent. The connection has checked that it is our counterpart. */
  readonly socketType: string
  /** Up to 255 bytes; empty when the peer named none. */
  readonly identity: Uint8Array
  /** Every property, the two above included. Names are in lower case. */
  readonly properties: ReadonlyMap<string, Uint8Array>
}

/** RFC 37 "The Identity Property": `identity = 0*255OCTET`. */
const IDENTITY_BYTES_MAX = 255

const SOCKET_TYPE = utf8Encode('Socket-Type')
const IDENTITY = utf8Encode('Identity')

/**
 * A node says the same of itself on all its links, and listeners mostly say the same as each other. The latest
 * blocks of usual size are kept with what they say: of 128 bytes and a few properties each. With what a property
 * costs beside its bytes, strangers can make us keep a few mebibytes.
 */
const RECENT_BYTES_MAX = 128
const RECENT_PROPERTIES_MAX = 3

const recent = new RecentReads<PeerMetadata>(RECENT_BYTES_MAX)

/** By identity and socket type: a node says the same on all its links. */
const own = new WeakMap<Uint8Array, Map<string, Uint8Array>>()

/** A property beside those of RFC 37: "X-" and a name, and its value; both are ASCII. */
export type ExtraProperty = readonly [name: string, value: string]

/** Of this library alone, in READY of a mailbox: which of its extensions it knows, as the header X-EARSHOT in HELLO. */
export const EARSHOT_PROPERTY = 'X-Earshot'

/**
 * What we say of ourselves, the same bytes at each call. The socket type is ASCII; the identity must not change, and to one
 * socket type belongs always the same that is said beside.
 */
export function ownMetadata(
  socketType: string,
  identity: Uint8Array,
  extra?: readonly ExtraProperty[],
): Uint8Array {
  const known = own.get(identity)?.get(socketType)
  if (known !== undefined) return known
  const block = encodeMetadata(socketType, identity, extra)
  own.set(identity, (own.get(identity) ?? new Map()).set(socketType, block))
  return block
}

/** The socket type is ASCII. */
export function encodeMetadata(
  socketType: string,
  identity: Uint8Array,
  extra: readonly ExtraProperty[] = [],
): Uint8Array {
  return concatBytes([
    encodeProperty(SOCKET_TYPE, utf8Encode(socketType)),
    encodeProperty(IDENTITY, identity),
    ...extra.map(([name, value]) => encodeProperty(utf8Encode(name), utf8Encode(value))),
  ])
}

function encodeProperty(name: Uint8Array, value: Uint8Array): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(1 + name.length + 4 + value.length))
  writer.u8(name.length)
  writer.raw(name)
  writer.u32(value.length)
  writer.raw(value)
  return writer.bytes
}

/** Reads a metadata block. How many properties there may be is bounded by the limit on the handshake. */
export function parseMetadata(block: Uint8Array): PeerMetadata | ZmtpInvalid {
  const known = recent.find(block)
  if (known !== undefined) return known
  const metadata = parseBlock(block)
  if (!('kind' in metadata) && metadata.properties.size <= RECENT_PROPERTIES_MAX) {
    recent.keep(block, metadata)
  }
  return metadata
}

function parseBlock(block: Uint8Array): PeerMetadata | ZmtpInvalid {
  const properties = new Map<string, Uint8Array>()
  const reader = new ByteReader(block)
  while (reader.remaining > 0) {
    const problem = readProperty(reader, properties)
    if (problem !== undefined) return invalid('zmtp-metadata', problem)
  }
  const identity = properties.get('identity') ?? EMPTY_BYTES
  if (identity.length > IDENTITY_BYTES_MAX) {
    return invalid('zmtp-metadata', `an Identity of ${identity.length} bytes`)
  }
  const socketType = utf8Decode(properties.get('socket-type') ?? EMPTY_BYTES)
  return { socketType, identity, properties }
}

/** Adds the next property; gives back what is wrong with it, if anything. */
function readProperty(reader: ByteReader, properties: Map<string, Uint8Array>): string | undefined {
  const nameBytes = reader.raw(reader.u8())
  const valueLength = reader.u32()
  if (reader.overrun) return 'a property that ends within its name or length'
  // RFC 37: "The name SHALL be 1 to 255 characters. Zero-sized names are not valid."
  if (nameBytes.length === 0) return 'a property without a name'
  if (!nameBytes.every(isNameChar)) return 'a property whose name has other than name characters'
  // Checked before the value is touched: the length is only what the peer claims.
  if (valueLength > reader.remaining) {
    return `a property value of ${valueLength} bytes where ${reader.remaining} are left`
  }
  // RFC 37: "The case (upper or lower) of names SHALL NOT be significant."
  const name = utf8Decode(nameBytes).toLowerCase()
  if (properties.has(name)) return 'a property that is there twice'
  properties.set(name, new Uint8Array(reader.raw(valueLength)))
  return undefined
}

/** RFC 37: `name-char = ALPHA | DIGIT | "-" | "_" | "." | "+"`. */
function isNameChar(byte: number): boolean {
  const letter = byte & 0xdf
  if (letter >= 0x41 && letter <= 0x5a) return true
  if (byte >= 0x30 && byte <= 0x39) return true
  return byte === 0x2d || byte === 0x5f || byte === 0x2e || byte === 0x2b
}
