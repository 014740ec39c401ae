/**
 * An ear on the beacon port: hears what everybody's beacons say, and says nothing. The port is shared, so it hears as much
 * as the nodes of this host do.
 */
import type { Invalid } from '../base/errors.ts'
import { isIpv6 } from '../base/ipv6.ts'
import { beaconAddress, inSubnet } from '../runtime/interface-selection.ts'
import type {
  DatagramHandlers,
  DatagramPort,
  NetworkInterface,
  Platform,
  SocketAddress,
} from '../runtime/platform.ts'
import { type Beacon, decodeBeacon } from '../zre/beacon.ts'

export type Overheard = Beacon | Invalid

/**
 * Hears broadcasts of IPv4, and what is sent to all nodes on the links of these interfaces over IPv6. Gives back how to end
 * that. Rejects with ERR_EARSHOT_PORT_IN_USE when a program has the port that does not share it.
 */
export async function openEar(
  platform: Platform,
  port: number,
  interfaces: readonly NetworkInterface[],
  heard: (overheard: Overheard, from: SocketAddress) => void,
): Promise<() => void> {
  const handlers: DatagramHandlers = {
    datagram: (bytes, from) => heard(decodeBeacon(bytes), from),
    failed: () => {},
  }
  const groups = interfaces.map(beaconAddress).filter((each) => each !== undefined && isIpv6(each))
  const ports = [await platform.openDatagrams({ port }, handlers)]
  if (groups.length > 0) ports.push(...(await openIpv6(platform, port, handlers)))
  for (const group of groups) ports.at(-1)?.join?.(group!)
  return () => {
    for (const each of ports) each.close()
  }
}

/** A host may have addresses of IPv6 and no sockets for them: then it hears IPv4. */
function openIpv6(
  platform: Platform,
  port: number,
  handlers: DatagramHandlers,
): Promise<readonly DatagramPort[]> {
  return platform.openDatagrams({ port, address: '::' }, handlers).then(
    (opened) => [opened],
    () => [],
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
