/**
 * Beacons: the datagram by which nodes find each other, and say that they leave.
 *
 *     version 1 (RFC 36)   "ZRE" 01  UUID(16)  port(2)                 22 bytes
 *     version 3 (RFC 43)   "ZRE" 03  UUID(16)  port(2)  public key(32)  54 bytes
 *
 * Anybody can send one, for any node: a beacon is a hint, not a proof.
 */
import { assert } from '../base/assert.ts'
import { ByteWriter } from '../base/bytes.ts'
import type { Invalid } from '../base/errors.ts'
import { invalid } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import { PEER_ID_BYTES, peerIdFromBytes, peerIdToBytes } from '../base/peer-id.ts'

/** UDP. RFC 36 "Node Discovery and Presence": "UDP port 5670 (ZRE-DISC port assigned by IANA)". */
export const BEACON_PORT = 5670

/** Bytes of a CURVE public key. */
const BEACON_KEY_BYTES = 32

/** `port` is the mailbox port; 0 means that the node is leaving. */
export interface PlainBeacon {
  readonly kind: 'beacon'
  readonly version: 1
  readonly id: PeerId
  readonly port: number
}

/** Sent by nodes that speak CURVE only. */
export interface SecureBeacon {
  readonly kind: 'beacon'
  readonly version: 3
  readonly id: PeerId
  readonly port: number
  /** 32 bytes, of which the first is not 0. */
  readonly publicKey: Uint8Array
}

export type Beacon = PlainBeacon | SecureBeacon

/** Why a datagram is not a beacon. */
export const BEACON_INVALID_CODES = [
  'beacon-signature', // does not start with "ZRE": another protocol's traffic
  'beacon-version', // neither version 1 nor 3
  'beacon-length', // not the length of its version
  'beacon-key', // a public key that stands for none
] as const

export type BeaconInvalidCode = (typeof BEACON_INVALID_CODES)[number]

const VERSION_OFFSET = 3
/** Where the 16 bytes of the node's id begin. */
export const BEACON_ID_OFFSET = 4
const PORT_OFFSET = BEACON_ID_OFFSET + PEER_ID_BYTES
const PLAIN_BYTES = PORT_OFFSET + 2
const SECURE_BYTES = PLAIN_BYTES + BEACON_KEY_BYTES

const Z = 0x5a
const R = 0x52
const E = 0x45

/**
 * The port of a beacon of version 1 as it should be, and 0 for everything else: for a first look at what comes in
 * numbers and mostly says what is known.
 */
export function plainBeaconPort(bytes: Uint8Array): number {
  if (bytes.length !== PLAIN_BYTES || bytes[VERSION_OFFSET] !== 1) return 0
  if (bytes[0] !== Z || bytes[1] !== R || bytes[2] !== E) return 0
  return bytes[PORT_OFFSET]! * 0x100 + bytes[PORT_OFFSET + 1]!
}

/** Reads one datagram. The result holds nothing of `bytes`. */
export function decodeBeacon(bytes: Uint8Array): Beacon | Invalid<BeaconInvalidCode> {
  // RFC 36 "Node Discovery and Presence": "A valid beacon SHALL use a recognized header and a body of
  // the correct size. A node that receives an invalid beacon SHALL discard it silently."
  if (bytes[0] !== Z || bytes[1] !== R || bytes[2] !== E) {
    return invalid('beacon-signature', `a datagram of ${bytes.length} bytes without "ZRE"`)
  }
  const version = bytes[VERSION_OFFSET]
  if (version === undefined) return wrongLength(bytes.length, PLAIN_BYTES)
  if (version !== 1 && version !== 3) return invalid('beacon-version', `version ${version}`)
  const length = version === 1 ? PLAIN_BYTES : SECURE_BYTES
  if (bytes.length !== length) return wrongLength(bytes.length, length)
  const id = peerIdFromBytes(bytes, BEACON_ID_OFFSET)
  const port = bytes[PORT_OFFSET]! * 0x100 + bytes[PORT_OFFSET + 1]!
  if (version === 1) return { kind: 'beacon', version, id, port }
  // Not `slice`: where `bytes` is a Buffer of Node.js, that would not copy.
  const publicKey = new Uint8Array(bytes.subarray(PLAIN_BYTES))
  // C Zyre takes a first byte of 0 for "no key". Whom it will not talk to, we do not let in halfway.
  if (publicKey[0] === 0) return invalid('beacon-key', 'the first byte of the public key is 0')
  return { kind: 'beacon', version, id, port, publicKey }
}

/** The datagram, in a fresh array. A key that `decodeBeacon` would refuse is the caller's bug. */
export function encodeBeacon(beacon: Beacon): Uint8Array {
  const writer = new ByteWriter(new Uint8Array(beacon.version === 1 ? PLAIN_BYTES : SECURE_BYTES))
  writer.u8(Z)
  writer.u8(R)
  writer.u8(E)
  writer.u8(beacon.version)
  writer.raw(peerIdToBytes(beacon.id))
  writer.u16(beacon.port)
  if (beacon.version === 3) {
    assert(beacon.publicKey.length === BEACON_KEY_BYTES, 'a public key has 32 bytes')
    assert(beacon.publicKey[0] !== 0, 'a public key does not start with 0')
    writer.raw(beacon.publicKey)
  }
  return writer.bytes
}

function wrongLength(actual: number, expected: number): Invalid<BeaconInvalidCode> {
  return invalid('beacon-length', `a beacon of ${actual} bytes, not ${expected}`)
}
