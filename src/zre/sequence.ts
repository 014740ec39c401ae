/**
 * Sequence numbers: 16 bits, 1 for HELLO, one more for each message after it.
 *
 * RFC 36 "ZRE Commands": "The first message from a peer (HELLO) MUST have sequence number 1, and every
 * message must have a strictly incrementing sequence number." After 65535 comes 0, as a two-byte cyclic
 * number does; but zyre.js and Pyre count modulo 65535, so that their 65534 is followed by 0. A
 * receiver can tell which of the two it has before it and takes both.
 */

/** RFC 36: "The sequence number for HELLO SHALL be 1." */
export const HELLO_SEQUENCE = 1

const SEQUENCE_LAST = 65_535

/** The number after `sequence`, as RFC 36 counts. */
export function sequenceAfter(sequence: number): number {
  return sequence === SEQUENCE_LAST ? 0 : sequence + 1
}

/**
 * `next`: the successor. `short-wrap`: 0 after 65534, the successor for a peer that counts modulo 65535.
 * `gap`: neither; messages are missing, repeated or out of order.
 */
export type SequenceVerdict = 'next' | 'short-wrap' | 'gap'

/** Whether `received` follows `previous`. On a gap, `sequenceAfter(previous)` was expected. */
export function checkSequence(previous: number, received: number): SequenceVerdict {
  if (received === sequenceAfter(previous)) return 'next'
  return received === 0 && previous === SEQUENCE_LAST - 1 ? 'short-wrap' : 'gap'
}
