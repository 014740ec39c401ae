/** All ways of discovery beside beacons, for a node on Node.js. */
import { type GossipMetrics, startGossip } from './gossip/gossip.ts'
import type { DiscoveryHost } from './host.ts'
import type { MdnsMetrics } from './mdns/metrics.ts'
import { MdnsOnNode } from './mdns/on-node.ts'
import type { DiscoveryOptions } from './options.ts'
import { type SeedMetrics, startSeeds } from './seeds/seeds.ts'

/** Of the ways in use; mDNS is when the node has a mailbox beyond its own host. */
export interface DiscoveryMetrics {
  readonly mdns?: MdnsMetrics
  readonly gossip?: GossipMetrics
  readonly seeds?: SeedMetrics
}

type Way = () => DiscoveryMetrics

const ways = new WeakMap<object, Way>()

/** Starts those that the options want; they end with the node. The options have been checked. */
export function startDiscovery(host: DiscoveryHost, options: DiscoveryOptions): void {
  const { mdns: wantsMdns = true, gossip: wanted, peers } = options
  const mdns = wantsMdns ? new MdnsOnNode(host) : undefined
  const gossip = wanted && startGossip(host, wanted)
  const seeds = peers === undefined ? undefined : startSeeds(host, peers)
  ways.set(host, () => {
    const counted = mdns?.metrics()
    return {
      ...(counted !== undefined && { mdns: counted }),
      ...(gossip !== undefined && { gossip: gossip.metrics() }),
      ...(seeds !== undefined && { seeds: seeds.metrics() }),
    }
  })
}

/** What the ways of discovery of a node have counted; nothing, for one that `createNode` did not make. */
export function discoveryMetrics(node: DiscoveryHost): DiscoveryMetrics {
  return ways.get(node)?.() ?? {}
}
