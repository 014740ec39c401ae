/**
 * Candidates: what ways of discovery beside our beacons say of peers (mDNS, gossip, configured seeds).
 *
 * All ways lead to the same table of peers: one that is found three ways is one peer. What they say is a hint, and no
 * sign of life: hints may be old, or made up. A place is dialled for a peer that is not linked, or tried beside its known
 * ones; and a hint never pushes aside a peer that is linked at the place it names.
 */
import type { PeerId } from '../base/peer-id.ts'
import { type EndpointAddress, isSameEndpoint } from './connection.ts'
import type { MeshContext } from './context.ts'
import type { FoundBy } from './events.ts'
import type { Links } from './links.ts'
import type { Peer } from './peer.ts'
import type { Roster } from './roster.ts'
import type { Strangers } from './strangers.ts'
import type { Watch } from './watch.ts'

export class Candidates {
  readonly #context: MeshContext
  readonly #links: Links
  readonly #roster: Roster
  readonly #watch: Watch
  readonly #strangers: Strangers

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
  }

  /** A peer may be at one of these places, the best first; without an id, whoever answers there. */
  handle(
    way: FoundBy,
    id: PeerId | undefined,
    endpoints: readonly EndpointAddress[],
    now: number,
  ): void {
    const { options, stopping, counters } = this.#context
    if (stopping || id === options.id) return
    counters.candidatesHeard++
    const places = endpoints.filter((each) => !this.#context.isOwn(each))
    if (id !== undefined) this.#handlePeer(way, id, places, now)
    else for (const place of places) this.#strangers.handlePlace(way, place, now)
  }

  #handlePeer(way: FoundBy, id: PeerId, named: readonly EndpointAddress[], now: number): void {
    const known = this.#roster.get(id)
    const places = named.filter((each) => this.#isPossible(each, known))
    const [best] = places
    if (best === undefined) return
    const peer = known ?? this.#roster.admit(id, best.address, now)
    if (peer === undefined) return
    if (known === undefined) this.#watch.begin(peer, now)
    peer.noteFoundBy(way)
    peer.hintedAt = now
    for (const place of places) peer.addPlace(place)
    if (peer.endpoint === undefined) this.#watch.locate(peer, best, now)
    else if (this.#seemsGone(peer, places, now)) this.#watch.handleElsewhere(peer, best, now)
    if (peer.link === 'idle') this.#links.establish(peer, now)
  }

  /** Neither named where it is known, nor heard from there of late. */
  #seemsGone(peer: Peer, places: readonly EndpointAddress[], now: number): boolean {
    const isQuiet = now - peer.heardAt > this.#context.options.timers.beaconsStoppedMs
    return isQuiet && !places.some((each) => isSameEndpoint(each, peer.endpoint))
  }

  /** Not where another peer is, as far as its link shows. */
  #isPossible(place: EndpointAddress, peer: Peer | undefined): boolean {
    const holder = this.#roster.atEndpoint(place)
    return holder === undefined || holder === peer || holder.openConnection === undefined
  }
}
