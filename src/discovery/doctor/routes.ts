/** Findings about the way to an address. */
import { type Finding, finding } from './findings.ts'

type Data = Readonly<Record<string, unknown>>

/** It is in none of our subnets. */
export function otherSubnet(who: string, routeBy: string | undefined, data: Data): Finding {
  const by = routeBy === undefined ? {} : { routeBy }
  const sentence = `${who} is in none of the subnets that this node is in: beacons do not get there.`
  return finding('peer-other-subnet', sentence, { ...data, ...by }, [
    'Put both into one network, or correct the prefix length (netmask) of either.',
    'Beacons do not cross routers: use a way of discovery that does (gossip, seeds).',
  ])
}

/** The host's routes lead away from the interface whose subnet it is in. */
export function detour(who: string, routeBy: string, expected: string, data: Data): Finding {
  const sentence = `Packets to ${who} leave by ${routeBy}, though ${expected} is in its subnet: a route, as of a VPN, takes them elsewhere.`
  return finding('vpn-route', sentence, { ...data, routeBy, expected }, [
    'Let the VPN spare the local network (“allow LAN access”, split tunnelling), or end it.',
  ])
}
