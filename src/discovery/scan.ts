/**
 * Looking who is there without being there: listens for a while, visits what it hears of, and tells what it found. Nobody
 * hears of us but as a visitor.
 *
 * Ways of hearing are `OpenWay`s: beacons are one, mDNS (`scan-mdns.ts`) is another.
 */
import { EarshotError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import { selectInterfaces } from '../runtime/interface-selection.ts'
import type { NetworkInterface, Platform, SocketAddress } from '../runtime/platform.ts'
import { BEACON_PORT } from '../zre/beacon.ts'
import { openEar, subnetOf } from './ear.ts'
import { type Visit, visit } from './visit.ts'
import { passed } from './waiting.ts'

/** What a way hears of a node, each time it does. */
export interface Heard {
  readonly way: 'beacon' | 'mdns'
  readonly id: PeerId
  /** Where it is known. */
  readonly name?: string
  /** Of a beacon: 1, or 3 of a node that speaks CURVE only. */
  readonly version?: number
  readonly address: string
  /** 0: it says that it leaves. */
  readonly port: number
}

/** Starts to hear on these interfaces; gives back how to end that. Tells of nodes, and sends nothing that makes us one. */
export type OpenWay = (
  platform: Platform,
  interfaces: readonly NetworkInterface[],
  beaconPort: number,
  tell: (heard: Heard) => void,
) => Promise<() => void>

/** A node at one address. */
export interface Sighting {
  readonly id: PeerId
  readonly name?: string
  readonly version?: number
  readonly address: string
  /** `undefined`: nothing but its goodbye was heard. */
  readonly port?: number
  /** The name of our interface in whose subnet the address is. */
  readonly interfaceName?: string
  /** How often it was heard, by each way. */
  readonly heard: Readonly<Partial<Record<Heard['way'], number>>>
  /** Milliseconds since it was heard last. */
  readonly agoMs: number
  /** Its last beacon was its goodbye. */
  readonly isLeaving: boolean
  /** What answers there; absent when it left before it was visited. */
  readonly visit?: Visit
}

export interface ScanOptions {
  /** UDP port of the beacons. Default 5670. */
  readonly port?: number
  /** As `NodeOptions.interfaces`: names, addresses or subnets. Default: all that a node would use. */
  readonly interfaces?: readonly string[]
  /** Whether IPv6 is used beside IPv4. Default true. */
  readonly ipv6?: boolean
  /** Whether to ask by mDNS, too. Default true. */
  readonly mdns?: boolean
  /** Milliseconds to listen. Default 3000: three beacons of each node. */
  readonly forMs?: number
  /** Ends it early, with what was found by then. */
  readonly signal?: AbortSignal
}

const LISTEN_MS = 3_000
const VISIT_MS = 2_000
/** Beacons are easily made up: what is heard of beyond these is not looked at. */
const SIGHTINGS_MAX = 4_096
const VISITS_AT_ONCE = 16

/**
 * Rejects with ERR_EARSHOT_NO_INTERFACE when an entry of `interfaces` matches none, and ERR_EARSHOT_PORT_IN_USE when the
 * port of the beacons is taken by a program that does not share it. `others` are ways of hearing beside beacons.
 */
export async function scanOn(
  platform: Platform,
  options: ScanOptions,
  others: readonly OpenWay[] = [],
): Promise<Sighting[]> {
  const { port = BEACON_PORT, interfaces, ipv6 = true, forMs = LISTEN_MS, signal } = options
  const used = chosen(platform.interfaces(), interfaces, ipv6)
  const isNear = (address: string): boolean =>
    interfaces === undefined || subnetOf(address, used) !== undefined
  const scan = new Scan(platform, isNear, signal)
  const ways = [hearBeacons, ...others]
  const tell = (heard: Heard): void => scan.handle(heard)
  const ends = await Promise.all(ways.map((way) => way(platform, used, port, tell)))
  await passed(platform.clock, forMs, signal)
  for (const end of ends) end()
  return scan.finish()
}

const hearBeacons: OpenWay = (platform, interfaces, port, tell) =>
  openEar(platform, port, interfaces, (heard, { address }) => {
    if (heard.kind === 'invalid') return
    tell({ way: 'beacon', id: heard.id, version: heard.version, address, port: heard.port })
  })

/** As a node with the same options chooses. */
function chosen(
  all: readonly NetworkInterface[],
  wanted: readonly string[] | undefined,
  ipv6: boolean,
): readonly NetworkInterface[] {
  const { used, unmatched } = selectInterfaces(all, wanted, ipv6)
  if (unmatched.length === 0) return used
  const reason = `no network interface matches ${unmatched.join(', ')}`
  throw new EarshotError('ERR_EARSHOT_NO_INTERFACE', reason)
}

/** A sighting that is not finished. */
interface Spot {
  readonly first: Heard
  name: string | undefined
  version: number | undefined
  port: number | undefined
  isLeaving: boolean
  lastAt: number
  readonly counts: Partial<Record<Heard['way'], number>>
  visit: Promise<Visit> | undefined
}

class Scan {
  readonly #platform: Platform
  readonly #isNear: (address: string) => boolean
  readonly #signal: AbortSignal | undefined
  readonly #spots = new Map<string, Spot>()
  readonly #waiting: (() => void)[] = []
  #underWay = 0

  constructor(
    platform: Platform,
    isNear: (address: string) => boolean,
    signal: AbortSignal | undefined,
  ) {
    this.#platform = platform
    this.#isNear = isNear
    this.#signal = signal
  }

  handle(heard: Heard): void {
    const { way, id, name, version, address, port } = heard
    if (!this.#isNear(address)) return
    const spot = this.#spotOf(`${id} ${address}`, heard)
    if (spot === undefined) return
    spot.counts[way] = (spot.counts[way] ?? 0) + 1
    spot.lastAt = this.#platform.clock.now()
    spot.name ??= name
    spot.version ??= version
    spot.isLeaving = port === 0
    if (port === 0) return
    // It has moved: what answered at the other port says nothing of this one.
    if (spot.port !== port) spot.visit = this.#visitLater({ address, port })
    spot.port = port
  }

  #spotOf(key: string, first: Heard): Spot | undefined {
    const known = this.#spots.get(key)
    if (known !== undefined || this.#spots.size >= SIGHTINGS_MAX) return known
    const spot: Spot = {
      first,
      name: first.name,
      version: first.version,
      port: undefined,
      isLeaving: false,
      lastAt: 0,
      counts: {},
      visit: undefined,
    }
    this.#spots.set(key, spot)
    return spot
  }

  async #visitLater(to: SocketAddress): Promise<Visit> {
    while (this.#underWay >= VISITS_AT_ONCE) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#underWay++
    const signal = this.#signal
    const limits = { limitMs: VISIT_MS, ...(signal !== undefined && { signal }) }
    const seen = await visit(this.#platform, to, limits)
    this.#underWay--
    this.#waiting.shift()?.()
    return seen
  }

  async finish(): Promise<Sighting[]> {
    const interfaces = this.#platform.interfaces()
    const endedAt = this.#platform.clock.now()
    return Promise.all(
      [...this.#spots.values()].map(async ({ first, name, version, port, counts, ...spot }) => {
        const { id, address } = first
        const seen = await spot.visit
        const at = subnetOf(address, interfaces)
        return {
          id,
          ...(name !== undefined && { name }),
          ...(version !== undefined && { version }),
          address,
          ...(port !== undefined && { port }),
          ...(at !== undefined && { interfaceName: at.name }),
          heard: counts,
          agoMs: Math.max(0, Math.round(endedAt - spot.lastAt)),
          isLeaving: spot.isLeaving,
          ...(seen !== undefined && { visit: seen }),
        }
      }),
    )
  }
}
