/** IPv4 and IPv6 addresses as bytes: to compare them, to tell subnets, and to keep out what nobody can be dialled at. */
import { parseIpv4 } from '../../base/ipv4.ts'
import { isLinkLocalIpv6, parseIpv6, withoutZone, zoneOf } from '../../base/ipv6.ts'

export { isDialable, isLoopback } from '../addresses.ts'

/** An address of an interface. */
export interface LocalAddress {
  /** Without a zone. */
  readonly address: string
  /** Length of the subnet prefix in bits. */
  readonly prefixLength: number
}

/** The 4 or 16 bytes of an address; a zone (`%eth0`) is left out. `undefined` for every other text. */
export function addressBytes(text: string): Uint8Array | undefined {
  const ipv4 = parseIpv4(text)
  if (ipv4 !== undefined) return Uint8Array.of(ipv4 >>> 24, ipv4 >>> 16, ipv4 >>> 8, ipv4)
  const words = parseIpv6(withoutZone(text))
  return words && Uint8Array.from(words.flatMap((word) => [word >>> 8, word & 255]))
}

/** Whether an address lies in the subnet of an interface's address. */
export function isInSubnet(address: string, { address: own, prefixLength }: LocalAddress): boolean {
  const a = addressBytes(address)
  const b = addressBytes(own)
  if (a === undefined || b === undefined || a.length !== b.length) return false
  for (let i = 0; 8 * i < prefixLength && i < a.length; i++) {
    const mask = 0xff << Math.max(0, 8 * (i + 1) - prefixLength)
    if (((a[i]! ^ b[i]!) & mask & 0xff) !== 0) return false
  }
  return true
}

/** Whether an address is of a link: in one of its subnets, or with its zone. All links have fe80::/10. */
export function isOnLink(
  address: string,
  { zone, addresses }: { readonly zone: string; readonly addresses: readonly LocalAddress[] },
): boolean {
  if (isLinkLocalIpv6(address)) return zoneOf(address) === zone
  return addresses.some((each) => isInSubnet(address, each))
}

/** The zone of an interface, given the host's texts for its addresses. */
export function zoneOfInterface(name: string, addresses: readonly string[]): string {
  // On Windows it is a number, which only the link-local address tells.
  return addresses.map(zoneOf).find((zone) => zone !== undefined) ?? name
}
