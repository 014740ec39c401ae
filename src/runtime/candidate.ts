/** Where peers may be found, as ways of discovery tell a node. */
import type { PeerId } from '../base/peer-id.ts'
import type { SocketAddress } from './platform.ts'

export type { Mailbox } from '../mesh/context.ts'

/** The ways beside beacons, which the engine itself sends and hears. */
export type DiscoveryWay = 'mdns' | 'gossip' | 'seed'

/**
 * Where a peer may be: a hint, not a proof, and no sign of life. The node dials there, and whoever answers has to
 * introduce itself. Repeating it costs nothing: a way tells it again as long as it holds it for true.
 */
export interface Candidate {
  readonly way: DiscoveryWay
  /** Where it is known. Without, whoever answers there is meant. */
  readonly id?: PeerId
  /** The best first; addresses of link-local IPv6 with the zone of this host, as `fe80::7%eth0`. */
  readonly endpoints: readonly SocketAddress[]
}

/** What goes wrong with the ways; `docs/errors.md` explains each. */
export const DISCOVERY_WARNING_CODES = [
  'mdns-failed', // an interface's mDNS socket cannot be opened, or failed
  'mdns-conflict', // somebody else announces our instance name: another was chosen
  'mdns-invalid', // an mDNS answer about a mesh node makes no sense
  'gossip-failed', // the gossip port cannot be opened, or failed
  'gossip-unreachable', // a gossip hub cannot be reached
  'gossip-invalid', // bytes on a gossip connection make no sense
  'seed-unresolved', // the name of a seed cannot be resolved
] as const

export type DiscoveryWarningCode = (typeof DISCOVERY_WARNING_CODES)[number]
