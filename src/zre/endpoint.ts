/**
 * Endpoints as HELLO and gossip carry them: `tcp://10.0.0.7:49152`, `tcp://[fe80::1]:49152`.
 *
 * Only numbers are read. A host name would make us ask a name server on a stranger's behalf, and a
 * wildcard is no place to dial. Each address comes out in one spelling, so that addresses can be
 * compared as text: IPv6 as RFC 5952 writes it, and an IPv4 address that is mapped into IPv6 as IPv4.
 */
import { formatIpv4, parseIpv4 } from '../base/ipv4.ts'

export interface Endpoint {
  /** IPv4 or IPv6 in its usual spelling, without brackets and without a `%scope`. */
  readonly address: string
  /** 1 to 65535. */
  readonly port: number
}

// Inside brackets a `%scope` may follow (libzmq writes it). It names an interface of the sender's host.
const ENDPOINT = /^tcp:\/\/(?:([0-9.]+)|\[([0-9a-fA-F:.]+)(?:%[^\]]+)?\]):([1-9][0-9]{0,4})$/

const WILDCARDS: readonly string[] = ['0.0.0.0', '::']

/** Reads an endpoint, or gives `undefined` when it is not one that can be dialled as it stands. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = ENDPOINT.exec(text)
  if (match === null) return undefined
  const [, ipv4, ipv6 = ''] = match
  const port = Number(match[3])
  const address = ipv4 === undefined ? canonicalIpv6(ipv6) : canonicalIpv4(ipv4)
  if (address === undefined || WILDCARDS.includes(address) || port > 65_535) return undefined
  return { address, port }
}

/** Writes an endpoint; a `%scope` means nothing to others and is left out. */
export function formatEndpoint(address: string, port: number): string {
  const scopeAt = address.indexOf('%')
  const bare = scopeAt < 0 ? address : address.slice(0, scopeAt)
  return bare.includes(':') ? `tcp://[${bare}]:${port}` : `tcp://${bare}:${port}`
}

function canonicalIpv4(text: string): string | undefined {
  return parseIpv4(text) === undefined ? undefined : text
}

function canonicalIpv6(text: string): string | undefined {
  const words = parseIpv6(text)
  if (words === undefined) return undefined
  const isMapped = words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0)
  if (!isMapped) return formatIpv6(words)
  return formatIpv4(words[6]! * 0x10000 + words[7]!)
}

/** Eight words (RFC 4291 §2.2): hexadecimal, at most one `::`, perhaps an IPv4 address at the end. */
function parseIpv6(text: string): number[] | undefined {
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
