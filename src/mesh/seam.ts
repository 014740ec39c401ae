/**
 * The seam between a link that broke and the next one: did anything get lost? Sequence numbers begin anew with each
 * HELLO, so they cannot tell. Between earshot nodes the HELLO of a later link says in a header how many messages with
 * content were written in the conversation before it; whoever has heard as many has missed nothing, and need not tell its
 * application of a restart. What else may have been lost does not matter: HELLO has all of JOIN and LEAVE, and PINGs are
 * asked again.
 *
 * Counts are modulo 65,536. Where that many were lost, and no other: bad luck.
 */
import type { Peer } from './peer.ts'
import { NEVER_HEARD } from './peer-table.ts'

/** HELLO header of a link that is not the first. */
export const SEAM_HEADER = 'X-EARSHOT-AFTER'

const COUNT_MAX = 0xffff

/** How many there are after one more. */
export function oneMore(count: number): number {
  return (count + 1) & COUNT_MAX
}

/** For the next HELLO to the peer; `undefined` when it starts the conversation, or would not be understood. */
export function saidSoFar({ isEarshot, helloSentAt, said }: Peer): number | undefined {
  return isEarshot && helloSentAt !== NEVER_HEARD ? said : undefined
}

/** The value of the header; `undefined` when it is none. */
export function parseSeam(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined
  const count = Number(text)
  return count <= COUNT_MAX ? count : undefined
}
