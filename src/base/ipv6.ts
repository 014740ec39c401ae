/**
 * IPv6 addresses as words: to compare, and to write each in one spelling. And zones: a link-local address means
 * something on one link only, so this host's text for it ends in that link's name, `fe80::7%eth0` (RFC 4007 §11.2).
 * Elsewhere the name means nothing: what goes out has no zone.
 */
import { formatIpv4, parseIpv4 } from './ipv4.ts'

/** Whether an address is one of IPv6, given that it is an address. */
export function isIpv6(address: string): boolean {
  return address.includes(':')
}

/** What follows the `%`; `undefined` for an address without a zone. */
export function zoneOf(address: string): string | undefined {
  const at = address.indexOf('%')
  return at < 0 ? undefined : address.slice(at + 1)
}

export function withoutZone(address: string): string {
  const at = address.indexOf('%')
  return at < 0 ? address : address.slice(0, at)
}

/** `10.0.0.7:5670`, `[fe80::7%eth0]:5670`. */
export function addressAndPort(address: string, port: number): string {
  return isIpv6(address) ? `[${address}]:${port}` : `${address}:${port}`
}

/** Whether an address is valid on its link only: one of fe80::/10 (RFC 4291 §2.5.6). */
export function isLinkLocalIpv6(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address)
}

/** Eight words (RFC 4291 §2.2): hexadecimal, at most one `::`, perhaps an IPv4 address at the end; no zone. */
export function parseIpv6(text: string): number[] | undefined {
  const [before = '', after, ...more] = text.split('::')
  if (more.length > 0) return undefined
  const head = parseWords(before, after === undefined)
  const tail = after === undefined ? [] : parseWords(after, true)
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  const fits = after === undefined ? missing === 0 : missing >= 1
  return fits ? [...head, ...new Array<number>(missing).fill(0), ...tail] : undefined
}

function parseWords(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return []
  const words: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      words.push(Number.parseInt(part, 16))
      continue
    }
    const ipv4 = isLast && index === parts.length - 1 ? parseIpv4(part) : undefined
    if (ipv4 === undefined) return undefined
    words.push(ipv4 >>> 16, ipv4 & 0xffff)
  }
  return words
}

/** RFC 5952 §4: lower case, no leading zeros, the first longest run of two or more zeros as `::`. */
function formatIpv6(words: readonly number[]): string {
  let runStart = 0
  let runLength = 1
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (words[start + length] === 0) length++
    if (length > runLength) {
      runStart = start
      runLength = length
    }
  }
  const hex = words.map((word) => word.toString(16))
  if (runLength < 2) return hex.join(':')
  return `${hex.slice(0, runStart).join(':')}::${hex.slice(runStart + runLength).join(':')}`
}

/** An address in the spelling of RFC 5952, its zone kept, one of IPv4 that is mapped into IPv6 as IPv4; else `undefined`. */
export function canonicalIpv6(text: string): string | undefined {
  const zone = zoneOf(text)
  const words = parseIpv6(withoutZone(text))
  if (words === undefined || zone === '') return undefined
  const isMapped = words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0)
  if (isMapped) return formatIpv4(words[6]! * 0x10000 + words[7]!)
  return zone === undefined ? formatIpv6(words) : `${formatIpv6(words)}%${zone}`
}

/** The first 64 bits, `2001:db8:0:7::/64`: one link (RFC 4291 §2.5.4), so whoever has one address there has all of them. */
export function ipv6Link(address: string): string | undefined {
  const words = parseIpv6(withoutZone(address))
  return words && `${formatIpv6([...words.slice(0, 4), 0, 0, 0, 0])}/64`
}

/** Whether two addresses agree in their first `length` bits. Of zones nothing is asked; false for what is no address. */
export function sharesIpv6Prefix(one: string, other: string, length: number): boolean {
  const a = parseIpv6(withoutZone(one))
  const b = parseIpv6(withoutZone(other))
  if (a === undefined || b === undefined || !(length >= 0 && length <= 128)) return false
  return a.every((word, i) => {
    const bits = Math.min(16, Math.max(0, length - 16 * i))
    return (word ^ b[i]!) >>> (16 - bits) === 0
  })
}
