/**
 * The greeting: 64 fixed octets each way before the first frame.
 *
 *     0        1 … 8      9    10     11     12 … 31     32         33 … 63
 *     FF       padding    7F   major  minor  mechanism   as-server  filler
 *     └───────── head ────────────────┘└──── tail ────────────────────────┘
 *
 * RFC 37 "Version Negotiation" lets a peer send only the head, so that it can learn the other's version before it
 * goes on; libzmq does that and waits for our eleventh octet. A dialler of ours sends all at once: it speaks no older
 * version, and a link stands a round trip sooner. An acceptor sends its head unprompted and its tail when the
 * dialler's head is here, which costs nothing; and libzmq, when it finds another mechanism in our greeting, closes
 * without telling its own, unless its greeting is out already.
 */
import { invalid } from '../base/errors.ts'
import type { ZmtpInvalid } from './codes.ts'
import type { WriteBuffer } from './write-buffer.ts'

export const GREETING_BYTES: number = 64
/** Signature and major version: enough "to trigger version detection". */
export const GREETING_HEAD_BYTES: number = 11

const SIGNATURE_LAST = 9
const MAJOR = 10
const MECHANISM = 12
const MECHANISM_BYTES = 20

/** We speak ZMTP 3.1, as libzmq 4.3 does. */
const OUR_MAJOR = 3
const OUR_MINOR = 1
/** RFC 37: "A peer MUST accept higher protocol versions as valid." ZMTP 2.0 says 1 here, ZMTP 1.0 0. */
const MAJOR_MIN = 3

/** By the name of our mechanism. */
const tails = new Map<string, Uint8Array>()

export function writeGreetingHead(output: WriteBuffer, identityBytes: number): void {
  const writer = output.reserve(GREETING_HEAD_BYTES)
  writer.u8(0xff)
  // The padding is "not significant"; a ZMTP 1.0 peer would read it as the length of our identity frame.
  writer.u32(0)
  writer.u32(identityBytes + 1)
  writer.u8(0x7f)
  writer.u8(OUR_MAJOR)
}

export function writeGreetingTail(output: WriteBuffer, mechanism: string): void {
  let tail = tails.get(mechanism)
  if (tail === undefined) {
    tail = greetingTail(mechanism)
    tails.set(mechanism, tail)
  }
  output.reserve(tail.length).raw(tail)
}

function greetingTail(mechanism: string): Uint8Array {
  // As-server stays 0 for every mechanism, as libzmq has it; it ignores ours in turn.
  const tail = new Uint8Array(GREETING_BYTES - GREETING_HEAD_BYTES)
  tail[0] = OUR_MINOR
  for (let i = 0; i < MECHANISM_BYTES; i++) tail[1 + i] = mechanismByte(mechanism, i)
  return tail
}

/**
 * Judges a part of a greeting, `bytes[start, end)`: its octets from number `at` on. Undefined means: good so far.
 * Padding, minor version, as-server and filler are not looked at.
 */
export function checkGreeting(
  bytes: Uint8Array,
  start: number,
  end: number,
  at: number,
  mechanism: string,
): ZmtpInvalid | undefined {
  const origin = start - at
  const length = end - origin
  // RFC 37 "Formal Grammar": `signature = %xFF padding %x7F`.
  if (at === 0 && length > 0 && bytes[start] !== 0xff) {
    return invalid('zmtp-unversioned', 'not ZMTP, or ZMTP 1.0 without a version')
  }
  if (at <= SIGNATURE_LAST && length > SIGNATURE_LAST && bytes[origin + SIGNATURE_LAST] !== 0x7f) {
    return invalid('zmtp-signature', 'the signature does not end with 7F')
  }
  // RFC 37: "If a peer cannot downgrade its protocol to match its peer, it MUST close the connection."
  if (at <= MAJOR && length > MAJOR && bytes[origin + MAJOR]! < MAJOR_MIN) {
    return invalid('zmtp-version', `the peer's major version is ${bytes[origin + MAJOR]}`)
  }
  // RFC 37 "Authentication and Confidentiality": "If the mechanism that the peer received does not
  // exactly match the mechanism it sent, it MUST close the connection."
  const mechanismEnd = Math.min(length, MECHANISM + MECHANISM_BYTES)
  for (let i = Math.max(at, MECHANISM); i < mechanismEnd; i++) {
    if (bytes[origin + i] !== mechanismByte(mechanism, i - MECHANISM)) {
      return invalid('zmtp-mechanism', `the peer's mechanism is not ${mechanism}`)
    }
  }
  return undefined
}

/** Whether a part of a greeting, as `checkGreeting` has it, shows a version after 3.0. */
export function showsLaterThan30(
  bytes: Uint8Array,
  start: number,
  end: number,
  at: number,
): boolean {
  const major = start + MAJOR - at
  const minor = major + 1
  if (major >= start && major < end && bytes[major]! > MAJOR_MIN) return true
  return minor >= start && minor < end && bytes[minor]! > 0
}

/** RFC 37: "an ASCII string, null-padded as needed to fit 20 octets". */
function mechanismByte(mechanism: string, index: number): number {
  return index < mechanism.length ? mechanism.charCodeAt(index) : 0
}
