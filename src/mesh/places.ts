/**
 * Places: which peer is dialled at which endpoint. One endpoint is one process, so of several identities that
 * claim it only one can be right, and only that one is dialled, its holder: anybody can send a beacon in the name
 * of an endpoint, and each dial there would make its owner drop the link it has with us for the newer one.
 *
 * When the holder leaves, its place goes to a peer that has introduced itself, else to the one heard last.
 */
import type { EndpointAddress } from './connection.ts'
import type { Peer } from './peer.ts'

interface Place {
  holder: Peer
  readonly claimants: Set<Peer>
}

export class Places {
  readonly #places = new Map<string, Place>()

  holder(endpoint: EndpointAddress): Peer | undefined {
    return this.#places.get(keyOf(endpoint))?.holder
  }

  /** The peer says that it is at `endpoint`, and nowhere else (`leave` its old place first). */
  claim(peer: Peer, endpoint: EndpointAddress): void {
    peer.endpoint = endpoint
    const place = this.#places.get(keyOf(endpoint))
    peer.holdsEndpoint = place === undefined
    if (place === undefined) {
      this.#places.set(keyOf(endpoint), { holder: peer, claimants: new Set([peer]) })
    } else {
      place.claimants.add(peer)
    }
  }

  /** The peer is there no more; gives back who holds the place from now on, if that is somebody else. */
  leave(peer: Peer): Peer | undefined {
    if (peer.endpoint === undefined) return undefined
    const key = keyOf(peer.endpoint)
    const place = this.#places.get(key)
    const wasHolder = peer.holdsEndpoint
    peer.endpoint = undefined
    peer.holdsEndpoint = false
    place?.claimants.delete(peer)
    if (place === undefined || !wasHolder) return undefined
    const heir = heirOf(place.claimants)
    if (heir === undefined) {
      this.#places.delete(key)
      return undefined
    }
    heir.holdsEndpoint = true
    place.holder = heir
    return heir
  }
}

function heirOf(claimants: ReadonlySet<Peer>): Peer | undefined {
  let heir: Peer | undefined
  for (const peer of claimants) {
    if (heir === undefined || isBetter(peer, heir)) heir = peer
  }
  return heir
}

function isBetter(peer: Peer, than: Peer): boolean {
  const isPresent = peer.phase === 'present'
  if (isPresent !== (than.phase === 'present')) return isPresent
  return peer.heardAt >= than.heardAt
}

function keyOf(endpoint: EndpointAddress): string {
  return `${endpoint.address} ${endpoint.port}`
}
