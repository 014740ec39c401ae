/** What to ask next, when, and the packets that it takes, within what one Ethernet frame carries. */
import { utf8Encode } from '../../base/bytes.ts'
import { NEVER } from '../../base/deadlines.ts'
import { SERVICE_NAME } from './names.ts'
import {
  encodedBytes,
  type MdnsPacket,
  type MdnsQuestion,
  type MdnsRecord,
  setKey,
} from './records.ts'

/** Bytes: RFC 6762 §17 wants packets within the link's MTU of mostly 1,500, with IPv6 and UDP headers of 48. */
const PACKET_BYTES_MAX = 1_440
const HEADER_BYTES = 12
/** Known answers beyond these are not listed: who is left out answers once more. */
const PACKETS_MAX = 4

/** Who is there? */
export const BROWSE: MdnsQuestion = { name: SERVICE_NAME, type: 'PTR' }
const BROWSE_KEY = setKey(BROWSE)

/** Between two of our queries: strangers' records can make us ask, and not more often. */
const QUERY_SPACING_MS = 100
/** RFC 6762 §5.2: between two times that the same is asked. */
const SAME_SPACING_MS = 1_000
/** Whoever asks who is there lists whom it knows, which may be many: after the first times it does so less often. */
const BROWSES = { often: 4, spacingMs: 10_000 } as const
const QUESTIONS_MAX = 1_024

interface Waiting {
  readonly question: MdnsQuestion
  /** When it may be asked. */
  readonly at: number
}

/** Questions that wait for the next packet. Strangers' records can make us ask: so often, and no more. */
export class Questions {
  /** By what they ask for, in the order in which they came. */
  readonly #waiting = new Map<string, Waiting>()
  /** When each was asked last, within the last second; the earliest first. */
  readonly #askedAt = new Map<string, number>()
  #allowedAt = Number.NEGATIVE_INFINITY
  #browsedAt = Number.NEGATIVE_INFINITY
  #browses = 0

  /** When to call `take`. */
  get nextAt(): number {
    let earliest = NEVER
    for (const { at } of this.#waiting.values()) {
      if (at <= this.#allowedAt) return this.#allowedAt
      earliest = Math.min(earliest, at)
    }
    return earliest
  }

  /** Who is there, and what is known and about to expire, is always asked for; the latter is bounded with the cache. */
  want({ name, type }: MdnsQuestion, now: number, isKnown = false): void {
    const key = setKey({ name, type })
    if (this.#waiting.has(key)) return
    const isBrowse = key === BROWSE_KEY
    if (!isKnown && !isBrowse && this.#waiting.size >= QUESTIONS_MAX) return
    const askedAt = this.#askedAt.get(key) ?? Number.NEGATIVE_INFINITY
    const sameAt = isBrowse ? this.#browsedAt + this.#browseSpacingMs : askedAt + SAME_SPACING_MS
    this.#waiting.set(key, { question: { name, type }, at: Math.max(now, sameAt) })
  }

  /** As many questions as leave room for something to be known. At least one, when one is due. */
  take(now: number): MdnsQuestion[] {
    if (now < this.#allowedAt) return []
    for (const [key, at] of this.#askedAt) {
      if (now - at < SAME_SPACING_MS) break
      this.#askedAt.delete(key)
    }
    const taken: MdnsQuestion[] = []
    let bytes = HEADER_BYTES
    for (const [key, { question, at }] of [...this.#waiting]) {
      if (at > now) continue
      bytes += utf8Encode(question.name).length + 2 + 4
      if (taken.length > 0 && bytes > PACKET_BYTES_MAX / 2) break
      taken.push(question)
      this.#waiting.delete(key)
      this.#note(key, now)
    }
    if (taken.length > 0) this.#allowedAt = now + QUERY_SPACING_MS
    return taken
  }

  get #browseSpacingMs(): number {
    return this.#browses < BROWSES.often ? SAME_SPACING_MS : BROWSES.spacingMs
  }

  #note(key: string, now: number): void {
    if (key === BROWSE_KEY) {
      this.#browsedAt = now
      this.#browses++
      return
    }
    this.#askedAt.delete(key)
    this.#askedAt.set(key, now)
  }
}

/** RFC 6762 §7.2: all but the last of the packets say that more known answers follow. */
export function queryPackets(
  questions: readonly MdnsQuestion[],
  known: readonly MdnsRecord[],
): MdnsPacket[] {
  const lists: MdnsRecord[][] = [[]]
  let bytes = PACKET_BYTES_MAX / 2
  for (const record of known) {
    const size = encodedBytes(record)
    if (bytes + size > PACKET_BYTES_MAX) {
      if (lists.length === PACKETS_MAX) break
      lists.push([])
      bytes = HEADER_BYTES
    }
    bytes += size
    lists.at(-1)!.push(record)
  }
  return lists.map((answers, i) => ({
    kind: 'query',
    truncated: i < lists.length - 1,
    questions: i === 0 ? questions : [],
    answers,
  }))
}
