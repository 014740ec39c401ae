/**
 * What both ends of a gossip connection say and expect, by zgossip.xml and zgossip.c of CZMQ's sources.
 *
 *     client (dialled)                       hub (accepted)
 *     HELLO                           ──►    tells all that it knows
 *     tells all that it knows         ──►
 *                                 PUBLISH, both ways, at any time
 *     PING, at every beat             ──►    PONG
 *                                     ◄──    INVALID: say HELLO (again)
 */
import { assertNever } from '../../base/assert.ts'
import type { GossipLink } from './link.ts'
import type { GossipMessage, Publish } from './message.ts'

export interface ConversationEvents {
  /** The other side wants to hear all there is. */
  tellAll(link: GossipLink): void
  publish(link: GossipLink, message: Publish): void
}

/** Milliseconds between two HELLOs that are said: each costs telling everything. */
const HELLO_MS_MIN = 1_000
/** Milliseconds between two that are answered, twice as long after each: who has cause for one in a minute is rare. */
const ANSWER_MS = { min: 1_000, max: 600_000 } as const
/**
 * Milliseconds between two beats after which a hub of CZMQ's may have dropped us. It tells nobody: it goes on answering
 * PINGs, and no more.
 */
const FORGOTTEN_MS = 900

export class Conversation {
  readonly #link: GossipLink
  readonly #events: ConversationEvents
  #state: 'start' | 'greeted' = 'start'
  #helloAt = Number.NEGATIVE_INFINITY
  #answerMs: number = ANSWER_MS.min
  #beatAt: number | undefined
  #unexpected = 0

  constructor(link: GossipLink, events: ConversationEvents) {
    this.#link = link
    this.#events = events
  }

  /** Whether what becomes known is to be told at once. */
  get isGreeted(): boolean {
    return this.#state === 'greeted'
  }

  /** Messages that had no place here. */
  get unexpected(): number {
    return this.#unexpected
  }

  opened(now: number): void {
    if (this.#link.role === 'dialler') this.#sayHello(now)
  }

  handle(message: GossipMessage, now: number): void {
    if (this.#link.role === 'dialler') this.#handleAsClient(message)
    else this.#handleAsHub(message, now)
  }

  beat(now: number): void {
    if (this.#link.role !== 'dialler') return
    const isLate = this.#beatAt !== undefined && now - this.#beatAt > FORGOTTEN_MS
    if (isLate && !this.#link.isAged) this.#state = 'start'
    this.#beatAt = now
    if (this.#state === 'start' && now - this.#helloAt >= HELLO_MS_MIN) this.#sayHello(now)
    this.#link.signal('ping')
  }

  #sayHello(now: number): void {
    this.#helloAt = now
    this.#state = 'greeted'
    this.#link.signal('hello')
    this.#events.tellAll(this.#link)
  }

  #handleAsClient(message: GossipMessage): void {
    switch (message.kind) {
      case 'publish':
        this.#events.publish(this.#link, message)
        return
      case 'pong':
        return
      case 'rejected':
        // The hub has forgotten us, and with us what we said just before. The next beat says it all again.
        this.#state = 'start'
        return
      case 'hello':
      case 'ping':
        this.#unexpected++
        return
      default:
        assertNever(message)
    }
  }

  #handleAsHub(message: GossipMessage, now: number): void {
    switch (message.kind) {
      case 'hello':
        this.#state = 'greeted'
        if (now - this.#helloAt < this.#answerMs) return
        if (this.#helloAt >= 0) this.#answerMs = Math.min(2 * this.#answerMs, ANSWER_MS.max)
        this.#helloAt = now
        this.#events.tellAll(this.#link)
        return
      case 'publish':
        if (this.#state === 'greeted') this.#events.publish(this.#link, message)
        else this.#reject()
        return
      case 'ping':
        this.#link.signal('pong')
        return
      case 'pong':
      case 'rejected':
        this.#reject()
        return
      default:
        assertNever(message)
    }
  }

  /** As zgossip.xml has it: "All other protocol messages are invalid". */
  #reject(): void {
    this.#unexpected++
    this.#state = 'start'
    this.#link.signal('rejected')
  }
}
