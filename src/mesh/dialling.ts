/**
 * Dialling: from wanting a link to a connection that stands at the level of TCP.
 *
 * A peer may be known at several places: on several networks, over IPv4 and IPv6, or because ways of discovery
 * disagree. The best is dialled first, and when it has not answered within a moment the next one as well, beside it;
 * whichever stands first is kept (RFC 8305, "Happy Eyeballs", §5). The others end before anything was said on them: a
 * second connection with our identity would make the peer drop the first.
 */
import { assert } from '../base/assert.ts'
import type { EndpointAddress } from './connection.ts'
import { isSameEndpoint, MeshConnection } from './connection.ts'
import type { MeshContext } from './context.ts'
import { DialQueue } from './dial-queue.ts'
import type { LinkFailure } from './link-failure.ts'
import { addressToDialFrom } from './own-addresses.ts'
import type { Connection, Peer } from './peer.ts'

/** How much sooner than the next place the better one is dialled (RFC 8305 §5 recommends 250 ms). */
const HEAD_START_MS = 250
/** A peer whose endpoint refuses has so long to show at another place that it has not ended: that one may never answer. */
const REFUSED_ELSEWHERE_MS = 1_000

export class Dialling {
  readonly #context: MeshContext
  readonly #queue: DialQueue

  constructor(context: MeshContext) {
    this.#context = context
    this.#queue = new DialQueue(context.options.limits)
  }

  /** Has the peer dialled as soon as the limits allow. */
  enqueue(peer: Peer, now: number): void {
    peer.clearDeadline('redial')
    this.#context.reschedule(peer)
    peer.setLink('queued')
    this.#queue.add(peer)
    this.startQueued(now)
  }

  /** Starts as many queued dials as the limits allow. */
  startQueued(now: number): void {
    for (;;) {
      const peer = this.#queue.take(now)
      if (peer === undefined) return
      assert(peer.endpoint !== undefined && peer.holdsEndpoint, 'a queued peer holds an endpoint')
      peer.setLinkOver('dialling', this.open(peer.endpoint, peer, now))
      this.#context.counters.dials++
      peer.placesTried = 0
      if (peer.otherPlaces.length > 0) this.#armRace(peer, now)
    }
  }

  /** When the next queued dial may start, or NEVER. */
  nextQueuedAt(now: number): number {
    return this.#queue.nextAt(now)
  }

  /** Whether one more dial may start, outside the queue. */
  mayDial(now: number): boolean {
    const { stopping, suspended } = this.#context
    return !stopping && !suspended && this.#queue.takeBudget(now)
  }

  /** A new connection to a place; of nobody, as long as it is not known who answers there. */
  open(to: EndpointAddress, peer: Peer | undefined, now: number): Connection {
    const { identity, connectionLimits, actions, handshakes } = this.#context
    const connection = new MeshConnection<Peer>('dialler', to, identity, connectionLimits)
    connection.peer = peer
    handshakes.begin(connection, now)
    actions.push({ kind: 'dial', connection, from: addressToDialFrom(this.#context.mailboxes, to) })
    this.#context.markDirty(connection)
    return connection
  }

  // Several places

  #armRace(peer: Peer, now: number): void {
    peer.setDeadline('race', now + HEAD_START_MS)
    this.#context.reschedule(peer)
  }

  /** The places tried so far have not answered within their head start: dials the next beside them. */
  handleRaceDue(peer: Peer, now: number): void {
    if (peer.link !== 'dialling') return
    const rival = this.#dialNext(peer, now)
    if (rival !== undefined) peer.rivals = [...peer.rivals, rival]
    if (this.#nextPlace(peer) !== undefined) this.#armRace(peer, now)
  }

  /** `undefined` when there is no place left, or the limits do not allow it now. */
  #dialNext(peer: Peer, now: number): Connection | undefined {
    const place = this.#nextPlace(peer)
    if (place === undefined || !this.#queue.takeBudget(now)) return undefined
    peer.placesTried++
    return this.open(place, peer, now)
  }

  /** Passing over those where another peer is. */
  #nextPlace(peer: Peer): EndpointAddress | undefined {
    for (;;) {
      const place = peer.otherPlaces[peer.placesTried]
      const holder = place && this.#context.places.holder(place)
      if (holder === undefined || holder === peer) return place
      peer.placesTried++
    }
  }

  /** A connection stands at the level of TCP: the others that were dialled for the same peer are not needed. */
  handleOpened(connection: Connection): void {
    const { peer } = connection
    if (peer?.link !== 'dialling') return
    const others = [peer.outbound!, ...peer.rivals].filter((each) => each !== connection)
    peer.setLinkOver('dialling', connection)
    this.#dropRivals(peer, others)
  }

  #dropRivals(peer: Peer, rivals: readonly Connection[]): void {
    peer.rivals = []
    peer.clearDeadline('race')
    this.#context.reschedule(peer)
    for (const rival of rivals) this.#context.closeConnection(rival, 'abort')
  }

  /** A connection that was dialled ended. True when another place is being tried: nothing is decided yet. */
  goesOn(
    peer: Peer,
    connection: Connection,
    failure: LinkFailure | undefined,
    now: number,
  ): boolean {
    if (peer.link !== 'dialling') return false
    const { endpoint } = peer
    if (failure?.kind === 'refused' && isSameEndpoint(connection.remote, endpoint)) {
      peer.refusedAt = now
      if (peer.phase === 'present') peer.setDeadline('evidence', now + REFUSED_ELSEWHERE_MS)
      this.#context.reschedule(peer)
    }
    if (connection !== peer.outbound) {
      peer.rivals = peer.rivals.filter((each) => each !== connection)
      return true
    }
    const [next = this.#dialNext(peer, now), ...rivals] = peer.rivals
    if (next === undefined) return false
    peer.rivals = rivals
    peer.setLinkOver('dialling', next)
    return true
  }

  // The end of a dial

  /** The peer's dial is over: it has led to a link, or to nothing. */
  end(peer: Peer): void {
    if (peer.link !== 'dialling') return
    this.#queue.handleEnded()
    this.#dropRivals(peer, peer.rivals)
  }

  /** The peer is not to be dialled any more. */
  cancel(peer: Peer): void {
    this.#queue.delete(peer)
    if (peer.link === 'dialling') this.#context.counters.dialsAbandoned++
    this.end(peer)
  }
}
