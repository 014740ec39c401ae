/**
 * Announcing a node on one link: RFC 6762 §8 and §9.
 *
 *     probing ──► announcing ──► established        three questions 250 ms apart, whether anybody has the name;
 *        ▲  │         │               │              then two announcements, a second apart
 *        │  │         ▼               ▼
 *        │  │     somebody answers with our name: probe again
 *        │  └──► somebody has the name: `conflict`, and `restart` with another
 *        └────── somebody else probes for it as well, and wins: again after a second
 *
 * No clocks and no timers: call `handleDue` when `nextAt` has come. Start reading at `handleDue`.
 */
import { assertNever } from '../../base/assert.ts'
import { NEVER } from '../../base/deadlines.ts'
import { parsePeerId } from '../../base/peer-id.ts'
import type { SocketAddress } from '../../runtime/platform.ts'
import { Answers } from './answers.ts'
import type { MdnsCounters } from './metrics.ts'
import { foldName } from './names.ts'
import type { OwnRecords } from './own.ts'
import {
  compareRecords,
  isSameRecord,
  type MdnsPacket,
  type MdnsQuestion,
  type MdnsRecord,
} from './records.ts'
import { textValue } from './text.ts'

export interface ResponderEvents {
  send(packet: MdnsPacket, to?: SocketAddress): void
  /** Somebody else has the instance's name. `restart` follows, maybe at once. */
  conflict(): void
}

/** §8.1. */
const PROBES = 3
const PROBE_SPACING_MS = 250
/**
 * §8.1: "fifteen conflicts within any ten-second period", then "at least five seconds before each … attempt"; here until
 * there was none for a minute.
 */
const STORM = { conflicts: 15, withinMs: 10_000, waitMs: 5_000, calmMs: 60_000 } as const
/** §8.2: who loses to another prober "defers to the winning host by waiting one second". */
const DEFER_MS = 1_000
/** §8.3. */
const ANNOUNCEMENTS = 2
const ANNOUNCE_SPACING_MS = 1_000

type State =
  | { readonly kind: 'probing'; readonly sent: number; readonly nextAt: number }
  | { readonly kind: 'announcing'; readonly sent: number; readonly nextAt: number }
  | { readonly kind: 'established' }
  | { readonly kind: 'over' }

export class Responder {
  readonly #random: () => number
  readonly #counters: MdnsCounters
  readonly #events: ResponderEvents
  readonly #answers: Answers
  #own: OwnRecords
  #state: State
  /** When the last conflicts were. */
  #conflictsAt: number[] = []
  #stormUntil = Number.NEGATIVE_INFINITY
  /** Others may hold our records. */
  #isAnnounced = false
  /** Somebody else has our name on this link. */
  #isTaken = false

  constructor(
    own: OwnRecords,
    random: () => number,
    counters: MdnsCounters,
    events: ResponderEvents,
    now: number,
  ) {
    this.#own = own
    this.#random = random
    this.#counters = counters
    this.#events = events
    this.#answers = new Answers(own, random, counters, (packet, to) => events.send(packet, to))
    this.#state = this.#probingFrom(now)
  }

  get nextAt(): number {
    const state = this.#state
    switch (state.kind) {
      case 'probing':
        return state.nextAt
      case 'announcing':
        return Math.min(state.nextAt, this.#answers.nextAt)
      case 'established':
        return this.#answers.nextAt
      case 'over':
        return NEVER
      default:
        return assertNever(state)
    }
  }

  handleDue(now: number): void {
    const state = this.#state
    switch (state.kind) {
      case 'probing':
        if (state.nextAt <= now) this.#probe(state.sent, now)
        break
      case 'announcing':
        if (state.nextAt <= now) this.#announce(state.sent, now)
        this.#answers.handleDue(now)
        break
      case 'established':
        this.#answers.handleDue(now)
        break
      case 'over':
        break
      default:
        assertNever(state)
    }
  }

  /** Takes other records, probing for their names; those announced before are gone. */
  restart(own: OwnRecords, now: number): void {
    if (this.#state.kind === 'over') return
    // A pointer to a name that is taken is the same as that of whoever has it.
    const gone = this.#isTaken ? [] : [this.#own.pointer]
    this.#sayGoodbye([...gone, this.#own.srv, this.#own.txt])
    this.#isTaken = false
    this.#own = own
    this.#answers.replace(own)
    this.#state = this.#probingFrom(now)
  }

  /** Says goodbye (§10.1). Nothing follows. */
  close(): void {
    this.#sayGoodbye(this.#own.announced)
    this.#state = { kind: 'over' }
  }

  // What others say

  handleQuery(query: MdnsPacket, from: SocketAddress, now: number): void {
    const { kind } = this.#state
    if (kind === 'probing') this.#handleRival(query, now)
    else if (kind !== 'over') this.#answers.handleQuery(query, from, now)
  }

  /** §9: somebody else announces what should be ours alone. §10.1: or takes leave for what is ours. */
  handleResponse({ answers = [], additionals = [] }: MdnsPacket, now: number): void {
    if (this.#state.kind === 'over') return
    const records = [...answers, ...additionals]
    if (!records.some((record) => this.#isConflict(record))) {
      if (this.#state.kind !== 'probing') this.#rescue(records, now)
      return
    }
    this.#noteConflict(now)
    // Whoever has the name will tell so once more; or it probes as well, and one of the two wins.
    if (this.#state.kind !== 'probing') {
      this.#state = this.#probingFrom(now)
      return
    }
    this.#isTaken = true
    this.#events.conflict()
  }

  #rescue(records: readonly MdnsRecord[], now: number): void {
    const gone = records.filter(({ ttl }) => ttl === 0)
    const ours = this.#own.announced.filter((own) => gone.some((each) => isSameRecord(each, own)))
    this.#answers.repeat(ours, now)
  }

  /** Whoever uses our name with our host's name or our id is ourselves, on another interface or some time ago. */
  #isConflict(record: MdnsRecord): boolean {
    if (record.ttl === 0 || foldName(record.name) !== foldName(this.#own.instance)) return false
    if (record.type === 'SRV') return foldName(record.target) !== this.#own.host
    return record.type === 'TXT' && textId(record) !== textId(this.#own.txt)
  }

  #noteConflict(now: number): void {
    this.#counters.conflicts++
    this.#conflictsAt = [...this.#conflictsAt, now].slice(-STORM.conflicts)
    const areMany =
      this.#conflictsAt.length === STORM.conflicts && now - this.#conflictsAt[0]! < STORM.withinMs
    if (areMany || now < this.#stormUntil) this.#stormUntil = now + STORM.calmMs
  }

  /** §8.2: another host may probe for the same name at the same time. */
  #handleRival({ authorities = [] }: MdnsPacket, now: number): void {
    const name = foldName(this.#own.instance)
    const theirs = authorities.filter((record) => foldName(record.name) === name)
    if (theirs.length === 0) return
    const ours = this.#own.unique.filter((record) => record.name === this.#own.instance)
    if (compareRecords(ours, theirs) < 0) {
      this.#state = { kind: 'probing', sent: 0, nextAt: now + DEFER_MS }
    }
  }

  // Probing and announcing

  /** §8.1: the first probe is sent "after a short random delay … in the range 0-250 ms". */
  #probingFrom(now: number): State {
    const delayMs = now < this.#stormUntil ? STORM.waitMs : PROBE_SPACING_MS * this.#random()
    return { kind: 'probing', sent: 0, nextAt: now + delayMs }
  }

  #probe(sent: number, now: number): void {
    if (sent === PROBES) {
      this.#announce(0, now)
      return
    }
    this.#state = { kind: 'probing', sent: sent + 1, nextAt: now + PROBE_SPACING_MS }
    const names = [this.#own.instance, this.#own.host]
    const questions = names.map((name): MdnsQuestion => ({ name, type: 'ANY' }))
    this.#events.send({ kind: 'query', questions, authorities: this.#own.unique })
  }

  #announce(sent: number, now: number): void {
    const isLast = sent + 1 === ANNOUNCEMENTS
    this.#state = isLast
      ? { kind: 'established' }
      : { kind: 'announcing', sent: sent + 1, nextAt: now + ANNOUNCE_SPACING_MS }
    this.#isAnnounced = true
    this.#answers.multicast(this.#own.announced, now)
  }

  #sayGoodbye(records: readonly MdnsRecord[]): void {
    if (!this.#isAnnounced) return
    this.#isAnnounced = false
    // Without the cache-flush bit (§10.2): somebody else may have records of the same name by now.
    const answers = records.map((each) => ({ ...each, ttl: 0, flush: false }))
    this.#events.send({ kind: 'response', answers })
  }
}

function textId(record: MdnsRecord): string | undefined {
  return parsePeerId(textValue(record, 'uuid') ?? '')
}
