/**
 * Weather: what a way through the network does to packets. Plain numbers, checked once.
 *
 * All of it counts per packet and per direction. What is lost on a byte stream is sent again by the (virtual)
 * TCP, so there it shows as delay.
 */
import { EarshotError } from '../../src/base/errors.ts'

/** How long a packet takes, in milliseconds. */
export type Latency =
  | number
  | { readonly distribution: 'uniform'; readonly min: number; readonly max: number }
  /** Cut off at `min` (default 0). */
  | {
      readonly distribution: 'normal'
      readonly mean: number
      readonly deviation: number
      readonly min?: number
    }
  /** `min` plus an exponential tail with the mean `mean` − `min`. */
  | { readonly distribution: 'exponential'; readonly min: number; readonly mean: number }
  /** A long tail: half of the packets take up to `min` · 2^(1/shape); shape 1 to 3 is what WiFi shows. */
  | { readonly distribution: 'pareto'; readonly min: number; readonly shape: number }

export interface Weather {
  readonly latencyMs: Latency
  /** Added to each packet's latency: uniform from 0 to this. */
  readonly jitterMs: number
  /** Share of packets lost, 0 to 1. */
  readonly loss: number
  /** Share of datagrams that arrive twice. */
  readonly duplicate: number
  /** Share of datagrams that are held back by `reorderMs`, so that later ones overtake them. */
  readonly reorder: number
  readonly reorderMs: number
  /** Thousands of bits per second; Infinity: no limit. Each direction has its own. */
  readonly bandwidthKbps: number
  /** Larger packets travel in parts, each of which can be lost. */
  readonly mtuBytes: number
  /** Chance that a chunk on a byte stream has its connection reset instead of arriving. */
  readonly reset: number
}

/** A quiet wired network. */
export const CALM: Weather = {
  latencyMs: 0.2,
  jitterMs: 0.2,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  reorderMs: 5,
  bandwidthKbps: Number.POSITIVE_INFINITY,
  mtuBytes: 1_500,
  reset: 0,
}

/** A wireless network at home. */
const WIFI: Weather = {
  ...CALM,
  latencyMs: { distribution: 'exponential', min: 1, mean: 4 },
  jitterMs: 2,
  loss: 0.01,
  duplicate: 0.001,
  reorder: 0.005,
  bandwidthKbps: 50_000,
}

/** A wireless network that hundreds share. */
const CROWDED_WIFI: Weather = {
  ...WIFI,
  latencyMs: { distribution: 'pareto', min: 4, shape: 1.6 },
  jitterMs: 20,
  loss: 0.12,
  duplicate: 0.005,
  reorder: 0.03,
  reorderMs: 30,
  bandwidthKbps: 6_000,
}

export const WEATHERS: Readonly<Record<string, Weather>> = {
  calm: CALM,
  wifi: WIFI,
  'crowded-wifi': CROWDED_WIFI,
}

const SHARES = ['loss', 'duplicate', 'reorder', 'reset'] as const
const DURATIONS = ['jitterMs', 'reorderMs'] as const
const NAMES: ReadonlySet<string> = new Set(Object.keys(CALM))

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming the option under `where`. */
export function checkWeather(given: Partial<Weather>, base: Weather, where: string): Weather {
  for (const name of Object.keys(given)) {
    if (!NAMES.has(name)) throw bad(`${where}.${name}`, `one of ${[...NAMES].join(', ')}`)
  }
  const weather: Weather = { ...base, ...given }
  for (const name of SHARES) {
    if (!(isDuration(weather[name]) && weather[name] <= 1)) throw bad(`${where}.${name}`, '0 to 1')
  }
  for (const name of DURATIONS) {
    if (!isDuration(weather[name])) throw bad(`${where}.${name}`, 'milliseconds, 0 or more')
  }
  if (!isLatency(weather.latencyMs)) {
    throw bad(`${where}.latencyMs`, 'milliseconds or a distribution of them')
  }
  if (!(isNumber(weather.bandwidthKbps) && weather.bandwidthKbps > 0)) {
    throw bad(`${where}.bandwidthKbps`, 'more than 0')
  }
  if (!(isNumber(weather.mtuBytes) && weather.mtuBytes >= 68)) {
    throw bad(`${where}.mtuBytes`, 'at least 68 (RFC 791)')
  }
  return weather
}

function bad(option: string, expected: string): EarshotError {
  return new EarshotError('ERR_EARSHOT_BAD_OPTION', `option ${option}: expected ${expected}`)
}

/** Options may come from untyped text. */
function isNumber(value: unknown): boolean {
  return typeof value === 'number'
}

function isDuration(value: number): boolean {
  return isNumber(value) && value >= 0 && value < Number.POSITIVE_INFINITY
}

function isLatency(latency: Latency): boolean {
  if (typeof latency === 'number') return isDuration(latency)
  if (latency === null || typeof latency !== 'object') return false
  switch (latency.distribution) {
    case 'uniform':
      return isDuration(latency.min) && isDuration(latency.max) && latency.max >= latency.min
    case 'normal':
      return [latency.mean, latency.deviation, latency.min ?? 0].every(isDuration)
    case 'exponential':
      return isDuration(latency.min) && isDuration(latency.mean) && latency.mean >= latency.min
    case 'pareto':
      return isDuration(latency.min) && latency.shape > 0
    default:
      return false
  }
}

/** A latency for two independent numbers in [0, 1). */
export function drawLatency(latency: Latency, u: number, v: number): number {
  if (typeof latency === 'number') return latency
  switch (latency.distribution) {
    case 'uniform':
      return latency.min + (latency.max - latency.min) * u
    case 'normal': {
      // Box and Muller.
      const normal = Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v)
      return Math.max(latency.min ?? 0, latency.mean + latency.deviation * normal)
    }
    case 'exponential':
      return latency.min - (latency.mean - latency.min) * Math.log(1 - u)
    case 'pareto':
      // Cut off where one packet in 10,000 would be slower.
      return latency.min / Math.max(1e-4, 1 - u) ** (1 / latency.shape)
  }
}
