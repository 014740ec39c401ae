/**
 * Strangers: places at which somebody is said to be, nobody knows who (a configured seed). To learn it, one has to
 * call: earshot's acceptors say who they are in the handshake; of another implementation we learn it when it has taken
 * our HELLO, and introduces itself in turn from that place. Then the connection becomes our link to it, which has begun
 * with that HELLO: a second one would make it take us for restarted.
 */
import { isIdentity, peerIdFromBytes } from '../base/peer-id.ts'
import { type EndpointAddress, endpointText, isSameEndpoint } from './connection.ts'
import type { MeshContext } from './context.ts'
import type { FoundBy } from './events.ts'
import type { LinkFailure } from './link-failure.ts'
import type { Links } from './links.ts'
import type { Connection, Peer } from './peer.ts'
import type { Roster } from './roster.ts'
import type { Watch } from './watch.ts'

/** Places are configured, and names lead to them: more than these are not called. */
const PLACES_MAX = 256
/** How long one who took our HELLO has to introduce itself, before we call again. */
const INTRODUCTION_MS = 10_000
/** A place that turned out to be ourselves is not called again for so long. */
const OWN_PAUSE_MS = 60_000
/** A place that nobody names any more is forgotten after so long, when another needs the room. */
const UNNAMED_MS = 60_000
/** So many calls in vain are worth a warning; whoever is just starting will be there by then. */
const CALLS_BEFORE_WARNING = 3
const RECALL_DOUBLINGS_MAX = 10

interface Stranger {
  readonly place: EndpointAddress
  way: FoundBy
  /** Under way, or waiting for an introduction. */
  connection: Connection | undefined
  hasHello: boolean
  /** Not to be called again before. */
  nextAt: number
  /** When somebody was said to be there last. */
  namedAt: number
  failures: number
  /** Who it was. */
  peer: Peer | undefined
}

export class Strangers {
  readonly #context: MeshContext
  readonly #links: Links
  readonly #roster: Roster
  readonly #watch: Watch
  readonly #byPlace = new Map<string, Stranger>()

  constructor(context: MeshContext, links: Links, roster: Roster, watch: Watch) {
    this.#context = context
    this.#links = links
    this.#roster = roster
    this.#watch = watch
  }

  /**
   * Somebody is said to be at one of these places. To be told again and again: each time is an occasion to call, at one
   * place after the other, as they may all be of one node.
   */
  handlePlaces(way: FoundBy, places: readonly EndpointAddress[], now: number): void {
    const strangers = places.flatMap((place) => this.#strangerAt(way, place, now) ?? [])
    for (const stranger of strangers) {
      const peer = this.#peerAt(stranger)
      if (peer === undefined) continue
      peer.noteFoundBy(way)
      peer.hintedAt = now
      if (peer.link === 'idle') this.#links.establish(peer, now)
      return
    }
    const next = this.#nextToCall(strangers, now)
    if (next !== undefined) this.#call(next, now)
  }

  /** Known, or made now; `undefined` when there are too many. */
  #strangerAt(way: FoundBy, place: EndpointAddress, now: number): Stranger | undefined {
    const known = this.#byPlace.get(endpointText(place))
    if (known !== undefined) {
      known.namedAt = now
      return known
    }
    if (this.#byPlace.size >= PLACES_MAX) this.#forgetUnnamed(now)
    return this.#byPlace.size < PLACES_MAX ? this.#add(way, place, now) : undefined
  }

  #forgetUnnamed(now: number): void {
    for (const [key, { namedAt, connection }] of this.#byPlace) {
      if (now - namedAt < UNNAMED_MS) continue
      if (connection !== undefined) this.#context.closeConnection(connection, 'abort')
      this.#byPlace.delete(key)
    }
  }

  #peerAt({ place, peer }: Stranger): Peer | undefined {
    const found = this.#roster.atEndpoint(place) ?? peer ?? this.#alsoAt(place)
    return found?.phase === 'gone' ? undefined : found
  }

  /** Who is linked at another place and was heard of at this one. */
  #alsoAt(place: EndpointAddress): Peer | undefined {
    return this.#roster
      .all()
      .find(
        ({ openConnection, otherPlaces }) =>
          openConnection !== undefined && otherPlaces.some((each) => isSameEndpoint(each, place)),
      )
  }

  /** Nobody, as long as a call to one of them is under way; then whoever was called longest ago. */
  #nextToCall(strangers: readonly Stranger[], now: number): Stranger | undefined {
    if (strangers.some(({ connection, nextAt }) => connection !== undefined && now < nextAt)) {
      return undefined
    }
    const due = strangers.filter(({ nextAt }) => now >= nextAt)
    return due.toSorted((a, b) => a.nextAt - b.nextAt)[0]
  }

  #add(way: FoundBy, place: EndpointAddress, now: number): Stranger {
    const stranger: Stranger = {
      place,
      way,
      connection: undefined,
      hasHello: false,
      nextAt: 0,
      namedAt: now,
      failures: 0,
      peer: undefined,
    }
    this.#byPlace.set(endpointText(place), stranger)
    return stranger
  }

  #call(stranger: Stranger, now: number): void {
    if (!this.#links.dialling.mayDial(now)) return
    if (stranger.connection !== undefined)
      this.#context.closeConnection(stranger.connection, 'abort')
    this.#context.counters.dials++
    stranger.hasHello = false
    stranger.connection = this.#links.dialling.open(stranger.place, undefined, now)
    stranger.nextAt = now + this.#context.options.limits.handshakeMs
  }

  /** The handshake of a connection that has no peer is complete. */
  handleReady(connection: Connection, identity: Uint8Array, now: number): void {
    const stranger = this.#of(connection)
    if (stranger === undefined) return
    this.#context.handshakes.complete(connection)
    stranger.failures = 0
    stranger.nextAt = now + INTRODUCTION_MS
    if (!isIdentity(identity)) {
      stranger.hasHello = true
      this.#links.greet(connection)
      return
    }
    const id = peerIdFromBytes(identity, 1)
    const known = this.#roster.get(id)
    const isOwn = id === this.#context.options.id
    const peer = isOwn ? undefined : (known ?? this.#roster.admit(id, stranger.place.address, now))
    if (isOwn) stranger.nextAt = now + OWN_PAUSE_MS
    if (peer === undefined) {
      stranger.connection = undefined
      this.#context.closeConnection(connection, 'abort')
      return
    }
    if (known === undefined) this.#watch.begin(peer, now)
    this.#settle(stranger, peer, now)
  }

  /** Somebody dialled us from there with our own identity: true when that is one of our calls. */
  isOurCall(from: EndpointAddress, now: number): boolean {
    for (const stranger of this.#byPlace.values()) {
      if (!isSameEndpoint(from, stranger.connection?.local)) continue
      stranger.nextAt = now + OWN_PAUSE_MS // an address that is shared may lead to others later
      this.#context.closeConnection(stranger.connection!, 'abort')
      stranger.connection = undefined
      return true
    }
    return false
  }

  /** A peer has introduced itself: is it whom we called, or are calling? Then that is, or will be, our link to it. */
  handleIntroduced(peer: Peer, now: number): boolean {
    if (this.#byPlace.size === 0 || peer.openConnection !== undefined) return false
    for (const stranger of this.#byPlace.values()) {
      if (stranger.connection === undefined) continue
      if (!isSameEndpoint(stranger.place, peer.endpoint)) continue
      if (stranger.hasHello) this.#settle(stranger, peer, now)
      return true
    }
    return false
  }

  /** It is known who was called: the connection is our link to it. */
  #settle(stranger: Stranger, peer: Peer, now: number): void {
    const { connection, place, hasHello, way } = stranger
    if (connection === undefined) return
    stranger.connection = undefined
    stranger.peer = peer
    peer.noteFoundBy(way)
    peer.hintedAt = now
    this.#links.close(peer, 'abort', now)
    this.#roster.setEndpoint(peer, place, now)
    this.#links.adopt(peer, connection, hasHello, now)
    this.#watch.handleLinkOpened(connection, now)
  }

  /** A connection that has no peer ended. */
  handleEnded(connection: Connection, failure: LinkFailure | undefined, now: number): void {
    const stranger = this.#of(connection)
    if (stranger === undefined) return
    stranger.connection = undefined
    const there = this.#roster.atEndpoint(stranger.place)
    if (there !== undefined) this.#links.establish(there, now)
    if (stranger.hasHello) return
    const { counters, options } = this.#context
    counters.dialsFailed++
    counters.dialFailures[failure?.kind ?? 'ended']++
    const kind = failure?.kind ?? 'ended'
    if (kind === 'ended' || kind === 'reset') stranger.peer = this.#linkedElsewhere(stranger)
    if (stranger.peer !== undefined) return
    const doublings = Math.min(stranger.failures++, RECALL_DOUBLINGS_MAX)
    const pause = Math.min(options.timers.redialMinMs * 2 ** doublings, options.timers.expiredMs)
    stranger.nextAt = now + pause
    if (stranger.failures !== CALLS_BEFORE_WARNING) return
    const why = failure?.message ?? 'the connection ended during the handshake'
    const address = endpointText(stranger.place)
    const reason = `nobody answers at ${address} after ${stranger.failures} attempts: ${why}`
    this.#context.warn('seed-unreachable', reason, { address }, now)
  }

  /** Who has our link already turns down another from us: the same node, by another address of its host. */
  #linkedElsewhere({ place }: Stranger): Peer | undefined {
    return this.#roster
      .all()
      .find((peer) => peer.openConnection !== undefined && peer.endpoint?.port === place.port)
  }

  #of(connection: Connection): Stranger | undefined {
    const stranger = this.#byPlace.get(endpointText(connection.remote))
    return stranger?.connection === connection ? stranger : undefined
  }
}
