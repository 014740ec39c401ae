/**
 * Endpoints as HELLO and gossip carry them: `tcp://10.0.0.7:49152`, `tcp://[fe80::1]:49152`.
 *
 * Only numbers are read. A host name would make us ask a name server on a stranger's behalf, and a
 * wildcard is no place to dial. Each address comes out in one spelling, so that addresses can be
 * compared as text: IPv6 as RFC 5952 writes it, and an IPv4 address that is mapped into IPv6 as IPv4.
 */
import { parseIpv4 } from '../base/ipv4.ts'
import { addressAndPort, canonicalIpv6, withoutZone } from '../base/ipv6.ts'

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
  return `tcp://${addressAndPort(withoutZone(address), port)}`
}

function canonicalIpv4(text: string): string | undefined {
  return parseIpv4(text) === undefined ? undefined : text
}
