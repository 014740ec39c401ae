/** The plan of a run: what is known before anything exists. */
import { RandomStream, seedNumber } from '../kernel/random.ts'
import type { Chunking } from '../network/tcp-shared.ts'
import type { SubnetOptions } from '../network/topology.ts'
import type { Weather } from '../network/weather.ts'
import type { Settings, SettingValues } from './settings.ts'

export interface NetworkPlan {
  readonly networks: readonly SubnetOptions[]
  /** Networks that a router joins, by name. */
  readonly routers?: readonly {
    readonly joins: readonly string[]
    readonly weather?: Partial<Weather>
  }[]
  /** How byte streams are cut into chunks, instead of the common setting. */
  readonly chunking?: Chunking
}

/** What is known before anything exists. */
export interface Plan<Declared extends Settings> {
  readonly nodes: number
  readonly durationMs: number
  readonly settings: SettingValues<Declared>
  /** Random numbers for one purpose, as those of the stage. */
  readonly random: (purpose: string) => RandomStream
}

/** Random numbers as those of the simulation, before there is one. */
export function planRandom(seed: number | string): (purpose: string) => RandomStream {
  return (purpose) => new RandomStream(seedNumber(seed), `application ${purpose}`)
}
