/** IPv4 and IPv6 addresses as bytes: to compare them, to tell subnets, and to keep out what nobody can be dialled at. */
import { parseIpv4 } from '../../base/ipv4.ts'

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
  return ipv6Bytes(withoutZone(text))
}

export function withoutZone(address: string): string {
  return address.replace(/%.*$/, '')
}

/** RFC 4291 §2.2: eight groups, of which one run of zeros may be `::`. */
function ipv6Bytes(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(groupsOf)
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  const count = head.length + (tail?.length ?? 0)
  if (halves.length === 1 ? count !== 8 : count > 7) return undefined
  const groups = [...head, ...new Array<number>(8 - count).fill(0), ...(tail ?? [])]
  return Uint8Array.from(groups.flatMap((group) => [group >>> 8, group & 255]))
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  const ok = groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))
  return ok ? groups.map((group) => Number.parseInt(group, 16)) : undefined
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

const LINK_LOCAL: LocalAddress = { address: 'fe80::', prefixLength: 10 }

/** IPv6 addresses that mean nothing without a zone. */
export function isLinkLocal(address: string): boolean {
  return isInSubnet(address, LINK_LOCAL)
}
