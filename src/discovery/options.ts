/** The options of the ways of discovery beside beacons, as `createNode` takes them. */
import { badOption } from '../runtime/options.ts'
import type { Platform } from '../runtime/platform.ts'
import { checkGossipOptions, type GossipOptions } from './gossip/options.ts'
import { checkSeeds } from './seeds/seeds.ts'

export interface DiscoveryOptions {
  /**
   * Announces the node by mDNS, and finds others by it, on every interface in use but the loopback one. Default true:
   * it helps where broadcasts do not get through, and lets standard tools see the mesh.
   */
  readonly mdns?: boolean
  /** Takes part in gossip (zgossip): for networks without broadcast and multicast. */
  readonly gossip?: GossipOptions
  /** Where peers are, one of them or many: `tcp://host:port`. Names are resolved, and again while the node runs. */
  readonly peers?: string | readonly string[]
}

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming the option. */
export function checkDiscoveryOptions(
  { mdns, gossip, peers }: DiscoveryOptions,
  platform: Platform,
): void {
  if (mdns !== undefined && typeof mdns !== 'boolean') throw badOption('mdns', 'true or false')
  if (gossip !== undefined) checkGossipOptions(gossip, platform)
  if (peers !== undefined) checkSeeds(peers, platform)
}
