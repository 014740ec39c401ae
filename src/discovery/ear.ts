/**
 * An ear on the beacon port: hears what everybody's beacons say, and says nothing. The port is shared, so it hears as much
 * as the nodes of this host do.
 */
import type { Invalid } from '../base/errors.ts'
import { inSubnet } from '../runtime/interface-selection.ts'
import type {
  DatagramPort,
  NetworkInterface,
  Platform,
  SocketAddress,
} from '../runtime/platform.ts'
import { type Beacon, decodeBeacon } from '../zre/beacon.ts'

export type Overheard = Beacon | Invalid

/** Rejects with ERR_EARSHOT_PORT_IN_USE when a program has the port that does not share it. */
export function openEar(
  platform: Platform,
  port: number,
  heard: (overheard: Overheard, from: SocketAddress) => void,
): Promise<DatagramPort> {
  return platform.openDatagrams(
    { port },
    { datagram: (bytes, from) => heard(decodeBeacon(bytes), from), failed: () => {} },
  )
}

/** The address of ours whose subnet an address lies in: the narrowest, where there are several. */
export function subnetOf<Each extends NetworkInterface>(
  address: string,
  interfaces: readonly Each[],
): Each | undefined {
  return interfaces
    .filter((each) => inSubnet(address, each))
    .sort((a, b) => b.prefixLength - a.prefixLength)[0]
}
