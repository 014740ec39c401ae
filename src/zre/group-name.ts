/**
 * Group names: 1 to 255 bytes of UTF-8, case-sensitive, compared byte by byte.
 *
 * Every SHOUT carries one, and nearly always one that was there a moment ago. So recent names are kept,
 * in both directions: coming in, a text is found by its bytes (no decoding, no new string, and the string
 * already has the hash by which the engine looks the group up); going out, the bytes by their text. This
 * is a memory aid and no more: what a call answers never depends on an earlier one.
 */
import { EMPTY_BYTES, utf8DecodeStrict, utf8Encode } from '../base/bytes.ts'
import { STRING_BYTES_MAX } from './message.ts'
import { utf8Length } from './text.ts'

/** True for a name that every node can carry: 1 to 255 bytes, no NUL (where a C program would cut it off), and no
 *  half of a surrogate pair. */
export function isGroupName(name: string): boolean {
  if (name.length === 0 || name.length > STRING_BYTES_MAX || name.includes('\0')) return false
  const length = utf8Length(name)
  if (length === name.length) return true
  // With the `u` flag, a class of surrogates matches only those that are not part of a pair.
  return length <= STRING_BYTES_MAX && !/\p{Surrogate}/u.test(name)
}

interface Recent {
  /** A copy of our own. */
  readonly bytes: Uint8Array
  readonly text: string
}

// A power of two, and far more groups than are busy at one time.
const RECENT_NAMES = 256
// Names that people choose are shorter; 256 × 64 bytes is the most that a peer can make us keep.
const RECENT_BYTES_MAX = 64

const recent: (Recent | undefined)[] = new Array<Recent | undefined>(RECENT_NAMES).fill(undefined)

/** The text of `bytes[start, end)`, or `undefined` when it is not well-formed UTF-8. */
export function readGroupName(bytes: Uint8Array, start: number, end: number): string | undefined {
  const length = end - start
  if (length > RECENT_BYTES_MAX) return utf8DecodeStrict(bytes.subarray(start, end))
  const slot = slotOf(bytes, start, end)
  const known = recent[slot]
  if (known !== undefined && known.bytes.length === length) {
    let i = 0
    while (i < length && known.bytes[i] === bytes[start + i]) i++
    if (i === length) return known.text
  }
  const view = bytes.subarray(start, end)
  const text = utf8DecodeStrict(view)
  // Not `slice`: where `bytes` is a Buffer of Node.js, that would not copy.
  if (text !== undefined) recent[slot] = { bytes: new Uint8Array(view), text }
  return text
}

function slotOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
  return (hash ^ (hash >>> 8)) & (RECENT_NAMES - 1)
}

const recentBytes = new Map<string, Uint8Array>()
// A shout goes to many peers, one after the other, and each asks twice.
let lastName = ''
let lastBytes = EMPTY_BYTES

/** The name as UTF-8. Not to be written to: the next caller gets the same array. */
export function groupNameBytes(name: string): Uint8Array {
  if (name === lastName) return lastBytes
  let bytes = recentBytes.get(name)
  if (bytes === undefined) {
    bytes = utf8Encode(name)
    if (recentBytes.size >= RECENT_NAMES) recentBytes.clear()
    recentBytes.set(name, bytes)
  }
  lastName = name
  lastBytes = bytes
  return bytes
}
