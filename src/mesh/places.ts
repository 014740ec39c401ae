/**
 * Places: which peer is dialled at which endpoint. One endpoint is one process, so of several identities that
 * claim it only one can be right, and only that one is dialled, its holder: anybody can send a beacon in the name
 * of an endpoint, and each dial there would make its owner drop the link it has with us for the newer one.
 *
 * When the holder leaves, its place goes to a peer that has introduced itself, else to the one heard last.
 */
import type { EndpointAddress } from './connection.ts'
import type { Peer } from './peer.ts'

/** Several peers claim one endpoint. */
interface Contest {
  holder: Peer
  readonly claimants: Set<Peer>
}

type Place = Peer | Contest

export class Places {
  /** By address: most have one place, others their places by port. */
  readonly #places = new Map<string, Peer | Map<number, Place>>()

  holder({ address, port }: EndpointAddress): Peer | undefined {
    const place = this.#get(address, port)
    return place === undefined || isPeer(place) ? place : place.holder
  }

  /** The peer says that it is at `endpoint`, and nowhere else (`leave` its old place first). */
  claim(peer: Peer, endpoint: EndpointAddress): void {
    const { address, port } = endpoint
    const place = this.#get(address, port)
    peer.endpoint = endpoint
    peer.holdsEndpoint = place === undefined
    if (place === undefined) {
      this.#set(address, port, peer)
    } else if (isPeer(place)) {
      this.#set(address, port, { holder: place, claimants: new Set([place, peer]) })
    } else {
      place.claimants.add(peer)
    }
  }

  /** The peer is there no more; gives back who holds the place from now on, if that is somebody else. */
  leave(peer: Peer): Peer | undefined {
    if (peer.endpoint === undefined) return undefined
    const { address, port } = peer.endpoint
    const place = this.#get(address, port)
    const wasHolder = peer.holdsEndpoint
    peer.endpoint = undefined
    peer.holdsEndpoint = false
    if (place === undefined) return undefined
    if (isPeer(place)) {
      this.#delete(address, port)
      return undefined
    }
    place.claimants.delete(peer)
    const heir = wasHolder ? heirOf(place.claimants) : place.holder
    if (place.claimants.size === 1) this.#set(address, port, heir!)
    if (!wasHolder) return undefined
    heir!.holdsEndpoint = true
    place.holder = heir!
    return heir
  }

  #get(address: string, port: number): Place | undefined {
    const places = this.#places.get(address)
    if (places instanceof Map) return places.get(port)
    return places?.endpoint?.port === port ? places : undefined
  }

  #set(address: string, port: number, place: Place): void {
    const places = this.#places.get(address)
    if (places instanceof Map) {
      places.set(port, place)
    } else if (isPeer(place) && (places === undefined || places === place)) {
      this.#places.set(address, place)
    } else {
      const byPort = new Map<number, Place>()
      if (places !== undefined) byPort.set(places.endpoint!.port, places)
      byPort.set(port, place)
      this.#places.set(address, byPort)
    }
  }

  #delete(address: string, port: number): void {
    const places = this.#places.get(address)
    if (!(places instanceof Map)) {
      this.#places.delete(address)
      return
    }
    places.delete(port)
    if (places.size === 0) this.#places.delete(address)
  }
}

function isPeer(place: Place): place is Peer {
  return !('claimants' in place)
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
