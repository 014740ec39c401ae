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

/** Places are configured: whoever names more than these has another problem. The oldest is forgotten. */
const PLACES_MAX = 256
/** How long one who took our HELLO has to introduce itself, before we call again. */
const INTRODUCTION_MS = 10_000
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
  failures: number
  /** It is ourselves, by an address that we did not know for ours. */
  isOwn: boolean
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

  /** Somebody is said to be there. To be told again and again: each time is an occasion to call. */
  handlePlace(way: FoundBy, place: EndpointAddress, now: number): void {
    const stranger = this.#byPlace.get(endpointText(place)) ?? this.#add(way, place)
    const peer = this.#roster.atEndpoint(place) ?? stranger.peer
    if (peer !== undefined && peer.phase !== 'gone') {
      peer.noteFoundBy(way)
      peer.hintedAt = now
      if (peer.link === 'idle') this.#links.establish(peer, now)
      return
    }
    stranger.peer = undefined
    if (stranger.isOwn || now < stranger.nextAt) return
    if (stranger.connection !== undefined)
      this.#context.closeConnection(stranger.connection, 'abort')
    stranger.connection = undefined
    this.#call(stranger, now)
  }

  #add(way: FoundBy, place: EndpointAddress): Stranger {
    const [oldest] = this.#byPlace.keys()
    if (oldest !== undefined && this.#byPlace.size >= PLACES_MAX) this.#byPlace.delete(oldest)
    const stranger: Stranger = {
      place,
      way,
      connection: undefined,
      hasHello: false,
      nextAt: 0,
      failures: 0,
      isOwn: false,
      peer: undefined,
    }
    this.#byPlace.set(endpointText(place), stranger)
    return stranger
  }

  #call(stranger: Stranger, now: number): void {
    const { timers } = this.#context.options
    if (!this.#links.dialling.mayDial(now)) return
    this.#context.counters.dials++
    stranger.hasHello = false
    stranger.connection = this.#links.dialling.open(stranger.place, undefined, now)
    const doublings = Math.min(stranger.failures, RECALL_DOUBLINGS_MAX)
    const pause = Math.min(timers.redialMinMs * 2 ** doublings, timers.expiredMs)
    stranger.nextAt = now + Math.max(pause, this.#context.options.limits.handshakeMs)
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
    const peer =
      id === this.#context.options.id
        ? undefined
        : this.#roster.admit(id, stranger.place.address, now)
    if (peer === undefined) {
      this.#context.closeConnection(connection, 'abort')
      return
    }
    this.#settle(stranger, peer, now)
  }

  /** Somebody dialled us from there with our own identity: true when that is one of our calls. */
  isOurCall(from: EndpointAddress): boolean {
    for (const stranger of this.#byPlace.values()) {
      if (!isSameEndpoint(from, stranger.connection?.local)) continue
      stranger.isOwn = true
      return true
    }
    return false
  }

  /** A peer has introduced itself: is it whom we called? */
  handleIntroduced(peer: Peer, now: number): void {
    if (this.#byPlace.size === 0 || peer.openConnection !== undefined) return
    for (const stranger of this.#byPlace.values()) {
      if (stranger.connection === undefined || !stranger.hasHello) continue
      if (!isSameEndpoint(stranger.place, peer.endpoint)) continue
      this.#settle(stranger, peer, now)
      return
    }
  }

  #settle(stranger: Stranger, peer: Peer, now: number): void {
    const { connection, place, hasHello } = stranger
    if (connection === undefined) return
    stranger.connection = undefined
    stranger.peer = peer
    peer.noteFoundBy(stranger.way)
    peer.hintedAt = now
    if (peer.heardAt === Number.NEGATIVE_INFINITY) this.#watch.begin(peer, now)
    this.#roster.setEndpoint(peer, place, now)
    this.#links.adopt(peer, connection, hasHello, now)
    this.#watch.handleLinkOpened(connection, now)
  }

  /** A connection that has no peer ended. */
  handleEnded(connection: Connection, failure: LinkFailure | undefined, now: number): void {
    const stranger = this.#of(connection)
    if (stranger === undefined) return
    stranger.connection = undefined
    if (stranger.hasHello || stranger.isOwn) return
    stranger.failures++
    this.#context.counters.dialsFailed++
    this.#context.counters.dialFailures[failure?.kind ?? 'ended']++
    if (stranger.failures !== CALLS_BEFORE_WARNING) return
    const why = failure?.message ?? 'the connection ended during the handshake'
    const address = endpointText(stranger.place)
    const reason = `nobody answers at ${address} after ${stranger.failures} attempts: ${why}`
    this.#context.warn('seed-unreachable', reason, { address }, now)
  }

  #of(connection: Connection): Stranger | undefined {
    const stranger = this.#byPlace.get(endpointText(connection.remote))
    return stranger?.connection === connection ? stranger : undefined
  }
}
