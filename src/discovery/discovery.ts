/** All ways of discovery beside beacons, for a node on Node.js. */
import { startGossip } from './gossip/gossip.ts'
import type { DiscoveryHost } from './host.ts'
import { followMdns } from './mdns/on-node.ts'
import type { DiscoveryOptions } from './options.ts'
import { startSeeds } from './seeds/seeds.ts'

/** Starts those that the options want; they end with the node. The options have been checked. */
export function startDiscovery(host: DiscoveryHost, options: DiscoveryOptions): void {
  const { mdns = true, gossip, peers } = options
  if (mdns) followMdns(host)
  if (gossip !== undefined) startGossip(host, gossip)
  if (peers !== undefined) startSeeds(host, peers)
}
