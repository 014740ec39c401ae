/** Addresses of strangers: which can be dialled at all, and which are of one and the same. */
import { parseIpv4 } from '../base/ipv4.ts'
import { ipv6Link, isIpv6, sharesIpv6Prefix } from '../base/ipv6.ts'

/** Whoever is told to dial there reaches nobody, or everybody. */
const NOBODY: readonly (readonly [prefix: string, length: number])[] = [
  ['::', 128],
  ['::ffff:0:0', 96], // IPv4 in disguise
  ['ff00::', 8], // multicast
]

/** Whether it is an address, and of the loopback interface. */
export function isLoopback(address: string): boolean {
  if (isIpv6(address)) return sharesIpv6Prefix(address, '::1', 128)
  const ipv4 = parseIpv4(address)
  return ipv4 !== undefined && ipv4 >>> 24 === 127
}

/** Whether a host can have the address, and be dialled at it. */
export function isDialable(address: string): boolean {
  if (isIpv6(address)) {
    const isAddress = sharesIpv6Prefix(address, '::', 0)
    return (
      isAddress && !NOBODY.some(([prefix, length]) => sharesIpv6Prefix(address, prefix, length))
    )
  }
  const first = (parseIpv4(address) ?? 0) >>> 24
  // Not 0.0.0.0/8, nor what is multicast, reserved and broadcast, 224.0.0.0/3.
  return first > 0 && first < 224
}

/** Who is at an address, as far as limits go: with IPv6, changing the last 64 bits makes nobody another. */
export function strangerAt(address: string): string {
  return (isIpv6(address) ? ipv6Link(address) : undefined) ?? address
}
