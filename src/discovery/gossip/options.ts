/** The options of gossip, checked once. */
import { parseIpv4 } from '../../base/ipv4.ts'
import { badOption } from '../../runtime/options.ts'
import type { SocketAddress } from '../../runtime/platform.ts'
import { parseEndpoint } from '../../zre/endpoint.ts'
import { checkPlace, checkResolvable, type Place } from '../place.ts'

export interface GossipOptions {
  /** Where to be a hub: `tcp://address:port`; `*` as the address is every IPv4 address of this host. */
  readonly bind?: string
  /** Hubs to connect to: `tcp://host:port`, the host an address or a name. At most 32. */
  readonly connect?: string | readonly string[]
}

export interface CheckedGossipOptions {
  readonly bind: SocketAddress | undefined
  readonly connect: readonly Place[]
}

const HUBS_MAX = 32
const ANY = /^tcp:\/\/(?:\*|0\.0\.0\.0):([0-9]{1,5})$/
const ANY_PORT = /^tcp:\/\/([0-9.]+):(?:\*|0)$/

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming the option. */
export function checkGossipOptions(
  options: GossipOptions,
  platform: { readonly resolve?: unknown },
): CheckedGossipOptions {
  if (typeof options !== 'object' || options === null) {
    throw badOption('gossip', "an object: { bind: 'tcp://…', connect: 'tcp://…' }")
  }
  const { bind, connect = [] } = options
  const texts: readonly unknown[] = Array.isArray(connect) ? connect : [connect]
  if (bind === undefined && texts.length === 0) throw badOption('gossip', 'bind, connect or both')
  if (texts.length > HUBS_MAX) throw badOption('gossip.connect', `at most ${HUBS_MAX} hubs`)
  const places = new Map<string, Place>()
  for (const text of texts) {
    const place = checkPlace('gossip.connect', text)
    places.set(place.text, place)
  }
  checkResolvable('gossip.connect', [...places.values()], platform)
  return { bind: bind === undefined ? undefined : checkBind(bind), connect: [...places.values()] }
}

/** As libzmq writes it: `*` for every address, or for a port that the host chooses. */
function checkBind(text: unknown): SocketAddress {
  const at = typeof text === 'string' ? parseBind(text) : undefined
  if (at === undefined) throw badOption('gossip.bind', 'tcp://address:port, or tcp://*:port')
  return at
}

function parseBind(text: string): SocketAddress | undefined {
  const port = ANY.exec(text)?.[1]
  if (port !== undefined) {
    return Number(port) <= 65_535 ? { address: '0.0.0.0', port: Number(port) } : undefined
  }
  const address = ANY_PORT.exec(text)?.[1]
  if (address === undefined) return parseEndpoint(text)
  return parseIpv4(address) === undefined ? undefined : { address, port: 0 }
}
