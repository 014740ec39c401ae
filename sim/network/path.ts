/**
 * Paths: what a packet meets on its way from one interface to another, as draws that depend only on the seed,
 * the two interfaces and the packet's number.
 */
import { combine, hashUnit } from '../kernel/random.ts'
import { drawLatency, type Weather } from './weather.ts'

/** IP and TCP or UDP headers, roughly; they count for bandwidth alone. */
const HEADER_BYTES = 48

/** What a draw is for: each purpose has numbers of its own. */
const PURPOSE = {
  loss: 1,
  latency: 2,
  tail: 3,
  jitter: 4,
  duplicate: 5,
  reorder: 6,
  reset: 7,
} as const

export class Path {
  readonly #layers: readonly Weather[]
  readonly #seeds: Readonly<Record<keyof typeof PURPOSE, number>>
  /** The chance that a packet of one MTU arrives. */
  readonly #survival: number
  readonly #mtuBytes: number
  readonly duplicate: number
  readonly reorder: number
  readonly reorderMs: number
  readonly reset: number
  /** Thousands of bits per second, of the narrowest part beyond the sender's own. */
  readonly narrowKbps: number
  /** Whether packets can be lost here at all. */
  readonly isLossy: boolean

  /** `own` is what counts for all that the sender sends; `rest`, for what goes this way. */
  constructor(own: readonly Weather[], rest: readonly Weather[], seed: number) {
    const layers = [...own, ...rest]
    this.#layers = layers
    this.#seeds = mapPurposes((purpose) => combine(seed, purpose))
    this.#survival = layers.reduce((share, { loss }) => share * (1 - loss), 1)
    this.#mtuBytes = Math.min(...layers.map((each) => each.mtuBytes))
    this.duplicate = either(layers.map((each) => each.duplicate))
    this.reorder = either(layers.map((each) => each.reorder))
    this.reorderMs = Math.max(...layers.map((each) => each.reorderMs))
    this.reset = either(layers.map((each) => each.reset))
    this.narrowKbps = Math.min(...rest.map((each) => each.bandwidthKbps))
    this.isLossy = this.#survival < 1
  }

  /** Packets that `bytes` travel in. */
  packets(bytes: number): number {
    return Math.max(1, Math.ceil((bytes + HEADER_BYTES) / this.#mtuBytes))
  }

  /** Whether any packet of `bytes` is lost. */
  loses(from: number, to: number, packet: number, bytes: number): boolean {
    if (!this.isLossy) return false
    const survival = this.#survival ** this.packets(bytes)
    return hashUnit(this.#seeds.loss, from, to, packet) >= survival
  }

  /**
   * How often `bytes` are sent until all of their packets have arrived, each time only those that were lost. One
   * draw for all rounds: within `n` of them a packet gets through by 1 − lossⁿ.
   */
  rounds(from: number, to: number, packet: number, bytes: number): number {
    if (!this.isLossy) return 1
    if (this.#survival === 0) return Number.POSITIVE_INFINITY
    const unlucky = hashUnit(this.#seeds.loss, from, to, packet) ** (1 / this.packets(bytes))
    return Math.max(1, Math.ceil(Math.log(1 - unlucky) / Math.log(1 - this.#survival)))
  }

  /** Milliseconds on the way, jitter included. */
  latencyMs(from: number, to: number, packet: number): number {
    let ms = 0
    for (let i = 0; i < this.#layers.length; i++) {
      const { latencyMs, jitterMs } = this.#layers[i]!
      if (typeof latencyMs === 'number') {
        ms += latencyMs
      } else {
        const u = hashUnit(this.#seeds.latency + i, from, to, packet)
        const v = hashUnit(this.#seeds.tail + i, from, to, packet)
        ms += drawLatency(latencyMs, u, v)
      }
      if (jitterMs > 0) ms += jitterMs * hashUnit(this.#seeds.jitter + i, from, to, packet)
    }
    return ms
  }

  /** Whether the rare thing of this kind happens to a packet. */
  happens(
    what: 'duplicate' | 'reorder' | 'reset',
    from: number,
    to: number,
    packet: number,
  ): boolean {
    return this[what] > 0 && hashUnit(this.#seeds[what], from, to, packet) < this[what]
  }

  /** Milliseconds for which a datagram is held back, so that later ones overtake it. */
  heldBackMs(from: number, to: number, packet: number): number {
    return this.happens('reorder', from, to, packet) ? this.reorderMs : 0
  }

  /** What `bytes` are on the wire, headers included. */
  bits(bytes: number): number {
    return (bytes + this.packets(bytes) * HEADER_BYTES) * 8
  }
}

function either(shares: readonly number[]): number {
  return 1 - shares.reduce((none, share) => none * (1 - share), 1)
}

function mapPurposes(seedOf: (purpose: number) => number): Record<keyof typeof PURPOSE, number> {
  const entries = Object.entries(PURPOSE).map(([name, purpose]) => [name, seedOf(purpose)])
  return Object.fromEntries(entries) as Record<keyof typeof PURPOSE, number>
}
