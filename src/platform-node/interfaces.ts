/** The host's addresses, from `os.networkInterfaces()`, which lists only interfaces that are up. */
import { networkInterfaces } from 'node:os'
import type { NetworkInterface } from '../runtime/platform.ts'

/** All addresses of all interfaces; none where the operating system will not tell (Android from 11 on). */
export function nodeInterfaces(): readonly NetworkInterface[] {
  const found: NetworkInterface[] = []
  for (const [name, addresses] of Object.entries(listInterfaces())) {
    for (const { address, family, netmask, internal } of addresses ?? []) {
      found.push({
        name,
        family,
        address,
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
