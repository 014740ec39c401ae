/** Hearing of nodes by mDNS, for a scan on Node.js. Loaded where somebody scans. */
import { browse } from './mdns/browse.ts'
import { openMulticast } from './mdns/multicast.ts'
import type { OpenWay } from './scan.ts'

export const hearMdns: OpenWay = async (platform, interfaces, beaconPort, tell) =>
  browse(platform, interfaces, { openTransport: openMulticast, beaconPort }, (found) => {
    const { id, name, endpoints } = found
    // The best place: the others are the same node.
    for (const { address, port } of endpoints.slice(0, 1)) {
      tell({ way: 'mdns', id, ...(name !== undefined && { name }), address, port })
    }
  })
