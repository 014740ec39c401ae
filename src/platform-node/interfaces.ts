/**
 * The host's addresses, from `os.networkInterfaces()`, which lists only interfaces that are up.
 *
 * It gives addresses of IPv6 without their zone, but sockets tell theirs with it: the interface's name, on Windows its number
 * (libuv's `uv_if_indextoiid`). So it is added here, and addresses can be compared as text.
 */
import { networkInterfaces } from 'node:os'
import type { NetworkInterface } from '../runtime/platform.ts'

/** All addresses of all interfaces; none where the operating system will not tell (Android from 11 on). */
export function nodeInterfaces(): readonly NetworkInterface[] {
  const found: NetworkInterface[] = []
  for (const [name, addresses] of Object.entries(listInterfaces())) {
    for (const { address, family, netmask, internal, scopeid } of addresses ?? []) {
      found.push({
        name,
        family,
        address: withZone(address, name, scopeid ?? 0),
        prefixLength: prefixLengthOf(netmask, family),
        loopback: internal,
      })
    }
  }
  return found
}

function listInterfaces(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces()
  } catch {
    return {}
  }
}

/** `scope` is 0 for an address that is valid everywhere. */
function withZone(address: string, name: string, scope: number): string {
  if (scope === 0) return address
  return `${address}%${process.platform === 'win32' ? scope : name}`
}

/** Counts the leading ones of a netmask (`255.255.0.0`, `ffff:ffff::`). */
export function prefixLengthOf(netmask: string, family: 'IPv4' | 'IPv6'): number {
  const [separator, radix, groupBits] = family === 'IPv4' ? ['.', 10, 8] : [':', 16, 16]
  let length = 0
  for (const group of netmask.split(separator as string)) {
    const value = Number.parseInt(group, radix as number)
    if (Number.isNaN(value)) break
    const ones = Math.clz32(~(value << (32 - (groupBits as number))))
    length += ones
    if (ones < (groupBits as number)) break
  }
  return length
}
