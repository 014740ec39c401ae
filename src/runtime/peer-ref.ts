/** A peer as the application names it. */
import { EarshotError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'

/** A peer, by its id or by any description of it. */
export type PeerRef = PeerId | { readonly id: PeerId }

export function idOf(peer: PeerRef): PeerId {
  return typeof peer === 'string' ? peer : peer.id
}

export function noSuchPeer(id: PeerId): EarshotError {
  return new EarshotError('ERR_EARSHOT_NO_SUCH_PEER', `no peer ${id} is present`)
}
