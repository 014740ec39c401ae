/**
 * Finding nodes on one link: asks who is there, less and less often (RFC 6762 §5.2), hears what is announced, asks for
 * what is missing, and tells of each node that is complete: at once, when something changes, and every five seconds.
 *
 * No clocks and no timers: call `handleDue` when `nextAt` has come. Start reading there.
 */
import { Agenda, NEVER } from '../../base/deadlines.ts'
import { RecordCache } from './cache.ts'
import type { MdnsCounters } from './metrics.ts'
import { SERVICE_NAME } from './names.ts'
import { BROWSE, Questions, queryPackets } from './queries.ts'
import type { MdnsPacket, MdnsRecord } from './records.ts'
import {
  askDelayMs,
  type FoundService,
  type Instance,
  isSameService,
  type OwnNode,
  Services,
} from './services.ts'
import type { MdnsLink } from './transport.ts'

export interface BrowserEvents {
  send(packet: MdnsPacket): void
  /** A node is there, or still there. */
  found(service: FoundService): void
  /** An answer makes no sense. The reason holds nothing of the answer. */
  invalid(reason: string): void
}

/** §5.2: many may have been switched on at once. */
const FIRST_DELAY_MS = { from: 20, span: 100 } as const
/** §5.2: at least doubled each time, and an hour at the most. */
const BROWSE_MS = { first: 1_000, factor: 3, max: 3_600_000 } as const
const TELL_EVERY_MS = 5_000
/** Instances looked at anew: a packet can change something about hundreds, and each is told to the node. */
const REVIEWS = { max: 64, perMs: 100 } as const

export class Browser {
  readonly #counters: MdnsCounters
  readonly #events: BrowserEvents
  readonly #cache: RecordCache
  readonly #services: Services
  /** Instances that lack something, by when to ask for it. */
  readonly #asks = new Agenda<Instance>()
  readonly #questions = new Questions()
  /** Instances of which something has changed, by whose answer. */
  readonly #dirty = new Map<Instance, string | undefined>()
  #reviews = { since: Number.NEGATIVE_INFINITY, count: 0 }
  #browseAt: number
  #browseMs: number = BROWSE_MS.first
  #tellAt = NEVER

  constructor(
    link: MdnsLink,
    own: OwnNode,
    random: () => number,
    counters: MdnsCounters,
    events: BrowserEvents,
    now: number,
  ) {
    this.#counters = counters
    this.#events = events
    this.#cache = new RecordCache(random)
    this.#services = new Services(this.#cache, link, own)
    this.#browseAt = now + FIRST_DELAY_MS.from + FIRST_DELAY_MS.span * random()
  }

  /** Records held. */
  get records(): number {
    return this.#cache.size
  }

  /** Complete services held. */
  get services(): number {
    return [...this.#services.all].filter(({ service }) => service !== undefined).length
  }

  get nextAt(): number {
    return Math.min(
      this.#dirty.size > 0 ? this.#reviews.since + REVIEWS.perMs : NEVER,
      this.#questions.nextAt,
      this.#browseAt,
      this.#tellAt,
      this.#cache.nextAt,
      this.#asks.next(),
    )
  }

  handleDue(now: number): void {
    this.#handleCache(now)
    this.#reviewDirty(now)
    if (this.#browseAt <= now) {
      this.#questions.want(BROWSE, now)
      this.#browseAt = now + this.#browseMs
      this.#browseMs = Math.min(BROWSE_MS.max, this.#browseMs * BROWSE_MS.factor)
    }
    for (;;) {
      const instance = this.#asks.takeDue(now)
      if (instance === undefined) break
      this.#ask(instance, now)
    }
    if (this.#tellAt <= now) this.#tellAll(now)
    this.#query(now)
  }

  handleResponse(
    { answers = [], additionals = [] }: MdnsPacket,
    source: string,
    now: number,
  ): void {
    const taken = this.#services.take([...answers, ...additionals], source, now)
    this.#counters.recordsRefused += taken.refused
    for (const reason of taken.invalid) this.#complain(reason, source)
    for (const instance of taken.changed) this.#dirty.set(instance, source)
    this.#reviewDirty(now)
  }

  // What is known

  #handleCache(now: number): void {
    for (;;) {
      const due = this.#cache.takeDue(now)
      if (due === undefined) break
      if (due.kind === 'refresh') this.#questions.want(due.record, now, true)
      else for (const each of this.#services.lose(due.record)) this.#dirty.set(each, undefined)
    }
  }

  #reviewDirty(now: number): void {
    if (now - this.#reviews.since >= REVIEWS.perMs) this.#reviews = { since: now, count: 0 }
    for (const [instance, source] of [...this.#dirty]) {
      if (this.#reviews.count >= REVIEWS.max) return
      this.#reviews.count++
      this.#dirty.delete(instance)
      this.#review(instance, now, source)
    }
  }

  /** Something about an instance has changed. */
  #review(instance: Instance, now: number, source: string | undefined): void {
    instance.asks = 0
    if (!this.#services.holds(instance)) {
      instance.service = undefined
      this.#asks.remove(instance)
      return
    }
    const assembly = this.#services.assemble(instance)
    const isAsking = assembly.kind === 'incomplete'
    this.#asks.schedule(instance, isAsking ? now + askDelayMs(0) : NEVER)
    if (assembly.kind === 'invalid') this.#complainOnce(instance, assembly.reason, source)
    if (assembly.kind !== 'complete') {
      instance.service = undefined
      return
    }
    instance.complaint = undefined
    if (isSameService(instance.service, assembly)) return
    instance.service = assembly
    this.#events.found(assembly)
    if (this.#tellAt === NEVER) this.#tellAt = now + TELL_EVERY_MS
  }

  #tellAll(now: number): void {
    this.#tellAt = NEVER
    for (const { service, isLeaving } of this.#services.all) {
      if (service === undefined || isLeaving) continue
      this.#tellAt = now + TELL_EVERY_MS
      this.#events.found(service)
    }
  }

  #complainOnce(instance: Instance, reason: string, source: string | undefined): void {
    if (instance.complaint === reason) return
    instance.complaint = reason
    this.#complain(reason, source)
  }

  #complain(reason: string, source = 'an answer that expired'): void {
    this.#counters.answersInvalid++
    this.#events.invalid(`${source}: ${reason}`)
  }

  // Asking

  #ask(instance: Instance, now: number): void {
    const assembly = this.#services.assemble(instance)
    if (assembly.kind !== 'incomplete') return
    for (const question of assembly.questions) this.#questions.want(question, now)
    instance.asks++
    const delayMs = askDelayMs(instance.asks)
    this.#asks.schedule(instance, now + delayMs)
  }

  #query(now: number): void {
    const questions = this.#questions.take(now)
    if (questions.length === 0) return
    const isBrowsing = questions.some(({ name }) => name === SERVICE_NAME)
    const known = isBrowsing ? this.#knownPointers(now) : []
    for (const packet of queryPackets(questions, known)) this.#events.send(packet)
  }

  /** §7.1: what has more than half of its life before it, with what is left of that. */
  #knownPointers(now: number): MdnsRecord[] {
    return this.#cache.find(SERVICE_NAME, 'PTR').flatMap(({ record, expiresAt, ttlMs }) => {
      const leftMs = expiresAt - now
      return leftMs > ttlMs / 2 ? [{ ...record, ttl: Math.floor(leftMs / 1_000) }] : []
    })
  }
}
