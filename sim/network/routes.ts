/**
 * Routes: which way leads from one interface to another, and what weather there is on it. Ways with the same weather
 * share one `Path`, because there are as many pairs as hosts squared.
 */
import { Path } from './path.ts'
import type { Rules } from './rules.ts'
import { type Attachment, pairKey, type Subnet } from './topology.ts'
import type { Weather } from './weather.ts'

interface Router {
  readonly subnets: ReadonlySet<Subnet>
  readonly weather: Weather
}

const SUBNETS_MAX = 2 ** 16

export class Routes {
  readonly #seed: number
  readonly #rules: Rules
  readonly #routers: Router[] = []
  /** Weathers and ways by what they are made of. */
  readonly #weatherIds = new Map<string, number>()
  readonly #byWeathers = new Map<string, Path>()
  /** Between two subnets. */
  readonly #bySubnets = new Map<number, Path | undefined>()
  /** Between two interfaces, where one of them has a weather of its own, or the pair has. */
  readonly #byPair = new Map<number, Path | undefined>()

  constructor(seed: number, rules: Rules) {
    this.#seed = seed
    this.#rules = rules
  }

  /** Joins subnets: unicast passes, broadcasts do not. */
  addRouter(subnets: readonly Subnet[], weather: Weather): void {
    this.#routers.push({ subnets: new Set(subnets), weather })
    this.forget()
  }

  hasRouter(subnet: Subnet): boolean {
    return this.#routers.some(({ subnets }) => subnets.has(subnet))
  }

  /** Something changed that ways are made of. */
  forget(): void {
    this.#bySubnets.clear()
    this.#byPair.clear()
    this.#byWeathers.clear()
  }

  /** The way from one interface to one of another host, or `undefined`: there is none. */
  find(from: Attachment, to: Attachment): Path | undefined {
    const isPlain =
      from.uplink === undefined &&
      to.downlink === undefined &&
      !(this.#rules.hasWeathers && this.#rules.hasWeather(from.host.index, to.host.index))
    if (!isPlain) return this.#findOwn(from, to)
    return from.subnet === to.subnet ? from.subnet.path : this.#between(from.subnet, to.subnet)
  }

  #between(from: Subnet, to: Subnet): Path | undefined {
    const key = from.index * SUBNETS_MAX + to.index
    if (!this.#bySubnets.has(key)) {
      const passage = this.#passage(from, to)
      this.#bySubnets.set(key, passage && this.#make([from.weather], passage))
    }
    return this.#bySubnets.get(key)
  }

  #findOwn(from: Attachment, to: Attachment): Path | undefined {
    const key = pairKey(from, to)
    if (!this.#byPair.has(key)) this.#byPair.set(key, this.#makeOwn(from, to))
    return this.#byPair.get(key)
  }

  #makeOwn(from: Attachment, to: Attachment): Path | undefined {
    const passage = this.#passage(from.subnet, to.subnet)
    if (passage === undefined) return undefined
    const own =
      from.uplink === undefined ? [from.subnet.weather] : [from.subnet.weather, from.uplink]
    // How wide the way down is counts for all that comes that way (see `VirtualNetwork.downlinkQueueMs`).
    const down = to.downlink && { ...to.downlink, bandwidthKbps: Number.POSITIVE_INFINITY }
    const rest = [...passage, ...this.#rules.weathers(from.host.index, to.host.index)]
    return this.#make(own, down === undefined ? rest : [...rest, down])
  }

  #make(own: readonly Weather[], rest: readonly Weather[]): Path {
    const ids = (weathers: readonly Weather[]): string =>
      weathers.map((each) => this.#weatherId(each)).join(' ')
    const key = `${ids(own)}|${ids(rest)}`
    const known = this.#byWeathers.get(key)
    if (known !== undefined) return known
    const path = new Path(own, rest, this.#seed)
    this.#byWeathers.set(key, path)
    return path
  }

  #weatherId(weather: Weather): number {
    // JSON has no Infinity: it becomes null, which no other weather has.
    const key = JSON.stringify(weather)
    const known = this.#weatherIds.get(key)
    if (known !== undefined) return known
    this.#weatherIds.set(key, this.#weatherIds.size)
    return this.#weatherIds.size - 1
  }

  /** The fewest routers from one subnet to another, as the weathers on the way after the first subnet's. */
  #passage(from: Subnet, to: Subnet): Weather[] | undefined {
    const reached = new Map<Subnet, Weather[]>([[from, []]])
    // A Map visits entries added while it is read: this is the queue of a breadth-first search.
    for (const [subnet, weathers] of reached) {
      if (subnet === to) return weathers
      for (const router of this.#routers) {
        if (!router.subnets.has(subnet)) continue
        for (const next of router.subnets) {
          if (!reached.has(next)) reached.set(next, [...weathers, router.weather, next.weather])
        }
      }
    }
    return undefined
  }
}
