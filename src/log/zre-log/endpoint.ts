/**
 * The value of the header `X-ZRELOG`: `tcp://10.0.0.7:49152`. IPv4 and numbers only, as in the rest of the mesh: a
 * host name would make us ask a name server on a stranger's behalf, and a wildcard is no place to dial.
 */
import { parseIpv4 } from '../../base/ipv4.ts'
import type { SocketAddress } from '../../runtime/platform.ts'

/** RFC 20 "Extension Protocols": the service name. A node that collects has this header. */
export const ZRE_LOG_HEADER: string = 'X-ZRELOG'

const ENDPOINT = /^tcp:\/\/([0-9.]{7,15}):([1-9][0-9]{0,4})$/

/** 224.0.0.0: from here on an address names no single host. */
const MULTICAST_MIN = 0xe0000000

/**
 * Reads a collector's endpoint, or gives `undefined` when it is not one that can be dialled as it stands. Who
 * announces it may point at a third party: before dialling, hold the address against where the peer itself is.
 */
export function parseCollectorEndpoint(text: string): SocketAddress | undefined {
  const match = ENDPOINT.exec(text)
  if (match === null) return undefined
  const address = match[1]!
  const port = Number(match[2])
  const value = parseIpv4(address)
  // 0.0.0.0/8 is "this host": whoever read it would dial itself.
  if (value === undefined || value < 0x0100_0000 || value >= MULTICAST_MIN) return undefined
  return port > 65_535 ? undefined : { address, port }
}

export function formatCollectorEndpoint({ address, port }: SocketAddress): string {
  return `tcp://${address}:${port}`
}
