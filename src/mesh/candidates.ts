/**
 * Candidates: what ways of discovery beside our beacons say of peers (mDNS, gossip, configured seeds).
 *
 * All ways lead to the same table of peers: one that is found three ways is one peer. What they say is a hint, and no
 * sign of life: hints may be old, or made up. A place is dialled for a peer that is not linked, or tried beside its known
 * ones; and a hint never pushes aside a peer that is linked at the place it names.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { EndpointAddress } from './connection.ts'
import type { MeshContext } from './context.ts'
import { DialBudget } from './dial-budget.ts'
import type { FoundBy } from './events.ts'
import type { Links } from './links.ts'
import type { Peer } from './peer.ts'
import type { Roster } from './roster.ts'
import type { Strangers } from './strangers.ts'
import type { Watch } from './watch.ts'

/** Of the dials that we may start. */
const HINTED_SHARE = 0.25

export class Candidates {
  readonly #context: MeshContext
  readonly #links: Links
  readonly #roster: Roster
  readonly #watch: Watch
  readonly #strangers: Strangers
  /** Whoever can name places has us dial them: that many new ones a second. */
  readonly #budget: DialBudget

  constructor(
    context: MeshContext,
    links: Links,
    roster: Roster,
    watch: Watch,
    strangers: Strangers,
  ) {
    this.#context = context
    this.#links = links
    this.#roster = roster
    this.#watch = watch
    this.#strangers = strangers
    this.#budget = new DialBudget(context.options.limits.dialsPerSecond * HINTED_SHARE)
  }

  /** A peer may be at one of these places, the best first; without an id, whoever answers there. */
  handle(
    way: FoundBy,
    id: PeerId | undefined,
    endpoints: readonly EndpointAddress[],
    now: number,
  ): void {
    const { options, stopping, suspended, counters } = this.#context
    if (stopping || suspended || id === options.id) return
    counters.candidatesHeard++
    const places = endpoints.filter((each) => !this.#context.isOwn(each))
    if (id !== undefined) this.#handlePeer(way, id, places, now)
    else this.#strangers.handlePlaces(way, places, now)
  }

  #handlePeer(way: FoundBy, id: PeerId, named: readonly EndpointAddress[], now: number): void {
    const known = this.#roster.get(id)
    const places = named.filter((each) => this.#isPossible(each, known))
    const [best] = places
    if (best === undefined) return
    const peer = known ?? this.#admit(id, best, now)
    if (peer === undefined) return
    peer.noteFoundBy(way)
    peer.hintedAt = now
    for (const place of places) peer.addPlace(place)
    if (peer.endpoint === undefined) this.#roster.setEndpoint(peer, best, now)
    if (peer.link === 'idle') this.#links.establish(peer, now)
  }

  #admit(id: PeerId, place: EndpointAddress, now: number): Peer | undefined {
    const { ghosts } = this.#context
    if (ghosts.isOne(id, place, now) || !this.#budget.take(now)) return undefined
    const peer = this.#roster.admit(id, place.address, now)
    if (peer !== undefined) this.#watch.begin(peer, now)
    return peer
  }

  /** Not where another peer is: a hint is no reason to doubt it. */
  #isPossible(place: EndpointAddress, peer: Peer | undefined): boolean {
    const holder = this.#context.places.holder(place)
    return holder === undefined || holder === peer || holder.phase !== 'present'
  }
}
