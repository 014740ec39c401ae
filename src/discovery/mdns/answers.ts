/**
 * Answering questions about our own records (RFC 6762 §6): when, to whom, and what is left out.
 *
 *     a question ──► records that answer it, without those the asker knows (§7.1)
 *         from another port than 5353 ──► to the asker, at once (§6.7)
 *         a unicast answer will do, and all have heard it lately ──► to the asker, at once (§5.4)
 *         else ──► waiting ──► to everybody: at once, or for shared records after 20–120 ms,
 *                              and each record once a second at the most
 */
import { NEVER } from '../../base/deadlines.ts'
import type { SocketAddress } from '../../runtime/platform.ts'
import type { MdnsCounters } from './metrics.ts'
import type { OwnRecords } from './own.ts'
import { isSameRecord, type MdnsPacket, type MdnsRecord } from './records.ts'
import { MDNS_PORT } from './transport.ts'

/** §6: others may answer as well. */
const SHARED_DELAY_MS = { from: 20, span: 100 } as const
/** §7.2: more known answers are to come. */
const TRUNCATED_DELAY_MS = { from: 400, span: 100 } as const
/** §6: between two times that a record is sent to everybody. */
const SPACING_MS = 1_000
/** §6: the same, when somebody probes for our name. */
const PROBE_SPACING_MS = 250
/** §6.7: whoever asks like a plain resolver must not keep it for long. */
const LEGACY_TTL_MAX = 10
/** A question may claim to come from somebody else on the link, whom the answer would then reach. */
const UNICASTS_PER_SECOND_MAX = 20

interface Waiting {
  readonly dueAt: number
  /** The only one who asked, or `undefined` when several did. */
  readonly asker: string | undefined
}

export class Answers {
  readonly #random: () => number
  readonly #counters: MdnsCounters
  readonly #send: (packet: MdnsPacket, to?: SocketAddress) => void
  readonly #waiting = new Map<MdnsRecord, Waiting>()
  /** When each record was sent to everybody last. */
  readonly #sentAt = new Map<MdnsRecord, number>()
  #own: OwnRecords
  #unicasts = { since: Number.NEGATIVE_INFINITY, count: 0 }

  constructor(
    own: OwnRecords,
    random: () => number,
    counters: MdnsCounters,
    send: (packet: MdnsPacket, to?: SocketAddress) => void,
  ) {
    this.#own = own
    this.#random = random
    this.#counters = counters
    this.#send = send
  }

  /** Other records take the place of these; nothing of them is sent any more. */
  replace(own: OwnRecords): void {
    this.#own = own
    this.#waiting.clear()
    this.#sentAt.clear()
  }

  get nextAt(): number {
    let earliest = NEVER
    for (const { dueAt } of this.#waiting.values()) earliest = Math.min(earliest, dueAt)
    return earliest
  }

  handleDue(now: number): void {
    const due = [...this.#waiting].filter(([, { dueAt }]) => dueAt <= now).map(([record]) => record)
    if (due.length > 0) this.multicast(due, now)
  }

  /** Sends records to everybody, now. */
  multicast(records: readonly MdnsRecord[], now: number): void {
    const additionals = this.#own
      .additionalTo(records)
      .filter((record) => now - this.#lastSentAt(record) >= SPACING_MS)
    for (const record of [...records, ...additionals]) {
      this.#waiting.delete(record)
      this.#sentAt.set(record, now)
    }
    this.#counters.answersSent += records.length
    this.#send({ kind: 'response', answers: records, additionals })
  }

  #lastSentAt(record: MdnsRecord): number {
    return this.#sentAt.get(record) ?? Number.NEGATIVE_INFINITY
  }

  handleQuery(query: MdnsPacket, from: SocketAddress, now: number): void {
    const { questions = [], answers: known = [] } = query
    const isKnown = (record: MdnsRecord): boolean =>
      known.some((each) => each.ttl >= record.ttl / 2 && isSameRecord(each, record))
    if (questions.length === 0) {
      this.#forget(isKnown, from.address)
      return
    }
    const asked = new Set(questions.flatMap((question) => this.#own.answering(question)))
    const wanted = [...asked].filter((record) => !isKnown(record))
    if (wanted.length === 0) return
    if (from.port !== MDNS_PORT) {
      this.#answerLegacy(query, wanted, from, now)
    } else if (questions.every(({ unicast }) => unicast) && this.#allHeardLately(wanted, now)) {
      this.#unicast({ kind: 'response', answers: wanted }, from, now)
    } else {
      const isProbe = (query.authorities ?? []).length > 0
      const spacingMs = isProbe ? PROBE_SPACING_MS : SPACING_MS
      this.#plan(wanted, now + this.#delayMs(query, wanted), spacingMs, from.address)
      this.handleDue(now)
    }
  }

  /** The rest of what an asker knows (§7.2). */
  #forget(isKnown: (record: MdnsRecord) => boolean, address: string): void {
    for (const [record, { asker }] of [...this.#waiting]) {
      if (asker === address && isKnown(record)) this.#waiting.delete(record)
    }
  }

  /** §10.1: somebody said goodbye for records that are still ours: "rescue" them. */
  repeat(records: readonly MdnsRecord[], now: number): void {
    this.#plan(records, now + this.#within(SHARED_DELAY_MS), SPACING_MS, undefined)
  }

  #plan(
    records: readonly MdnsRecord[],
    dueAt: number,
    spacingMs: number,
    asker: string | undefined,
  ): void {
    for (const record of records) {
      const waiting = this.#waiting.get(record)
      const at = Math.max(dueAt, this.#lastSentAt(record) + spacingMs)
      this.#waiting.set(record, {
        dueAt: Math.min(at, waiting?.dueAt ?? NEVER),
        asker: waiting === undefined || waiting.asker === asker ? asker : undefined,
      })
    }
  }

  #delayMs(query: MdnsPacket, wanted: readonly MdnsRecord[]): number {
    const isShared = wanted.some(({ flush }) => !flush)
    if (query.truncated === true) return this.#within(TRUNCATED_DELAY_MS)
    return isShared ? this.#within(SHARED_DELAY_MS) : 0
  }

  #within({ from, span }: { readonly from: number; readonly span: number }): number {
    return from + span * this.#random()
  }

  /** §5.4: a record that was not sent to everybody within a quarter of its TTL is due for everybody. */
  #allHeardLately(records: readonly MdnsRecord[], now: number): boolean {
    return records.every((record) => now - this.#lastSentAt(record) < (record.ttl * 1_000) / 4)
  }

  /** §6.7: with the question and its id, short TTLs, and no cache-flush bit. */
  #answerLegacy(
    { id = 0, questions = [] }: MdnsPacket,
    wanted: readonly MdnsRecord[],
    to: SocketAddress,
    now: number,
  ): void {
    const plain = (record: MdnsRecord): MdnsRecord => ({
      ...record,
      ttl: Math.min(record.ttl, LEGACY_TTL_MAX),
      flush: false,
    })
    const ours = questions.filter((question) => this.#own.answering(question).length > 0)
    const additionals = this.#own.additionalTo(wanted).map(plain)
    const packet = { questions: ours, answers: wanted.map(plain), additionals }
    this.#unicast({ kind: 'response', id, ...packet }, to, now)
  }

  #unicast(packet: MdnsPacket, to: SocketAddress, now: number): void {
    if (now - this.#unicasts.since >= 1_000) this.#unicasts = { since: now, count: 0 }
    if (this.#unicasts.count >= UNICASTS_PER_SECOND_MAX) {
      this.#counters.answersRefused++
      return
    }
    this.#unicasts.count++
    this.#counters.answersSent += packet.answers?.length ?? 0
    this.#send(packet, to)
  }
}
