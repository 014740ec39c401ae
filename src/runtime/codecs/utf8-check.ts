/**
 * Whether a stretch of bytes is well-formed UTF-8, without decoding it and without an exception for
 * the answer "no". For many short strings inside a larger message; a whole payload is better decoded
 * with `utf8DecodeStrict`.
 */

/** Looks at `bytes[start, end)`, which the caller knows to be there. */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let i = start
  while (i < end) {
    const lead = bytes[i++]!
    if (lead < 0x80) continue
    const length = trailLength(bytes, i, end, lead)
    if (length < 0) return false
    i += length
  }
  return true
}

/**
 * How many bytes follow `lead`, or −1 when they are not what may follow: the table "Well-Formed UTF-8
 * Byte Sequences" of the Unicode Standard (3.9, D92), which leaves out overlong forms, surrogates and
 * everything beyond U+10FFFF by restricting the second byte.
 */
function trailLength(bytes: Uint8Array, offset: number, end: number, lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return -1
  const length = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
  if (offset + length > end) return -1
  const second = bytes[offset]!
  if (second < lowestSecond(lead) || second > highestSecond(lead)) return -1
  for (let i = 1; i < length; i++) if ((bytes[offset + i]! & 0xc0) !== 0x80) return -1
  return length
}

function lowestSecond(lead: number): number {
  if (lead === 0xe0) return 0xa0
  return lead === 0xf0 ? 0x90 : 0x80
}

function highestSecond(lead: number): number {
  if (lead === 0xed) return 0x9f
  return lead === 0xf4 ? 0x8f : 0xbf
}
