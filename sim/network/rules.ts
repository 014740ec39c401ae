/**
 * Rules laid over the network: partitions, clogs, and weather of single pairs. They are for hosts, and hold for all
 * their interfaces.
 */
import type { Weather } from './weather.ts'

/** Hosts by their index. */
export type HostSet = ReadonlySet<number>

/** Undoes a rule; twice is harmless. */
export type Undo = () => void

interface Rule {
  readonly from: HostSet
  readonly to: HostSet
}

interface Clog extends Rule {
  readonly untilMs: number
}

interface PairWeather extends Rule {
  readonly weather: Weather
}

export class Rules {
  readonly #blocks = new Set<Rule>()
  readonly #clogs = new Set<Clog>()
  readonly #weathers = new Set<PairWeather>()

  addBlock(from: HostSet, to: HostSet): Undo {
    const rule = { from, to }
    this.#blocks.add(rule)
    return () => this.#blocks.delete(rule)
  }

  addClog(from: HostSet, to: HostSet, untilMs: number): Undo {
    const rule = { from, to, untilMs }
    this.#clogs.add(rule)
    return () => this.#clogs.delete(rule)
  }

  addWeather(from: HostSet, to: HostSet, weather: Weather): Undo {
    const rule = { from, to, weather }
    this.#weathers.add(rule)
    return () => this.#weathers.delete(rule)
  }

  isBlocked(from: number, to: number): boolean {
    for (const block of this.#blocks) if (applies(block, from, to)) return true
    return false
  }

  /** Milliseconds for which a clog holds a packet back. */
  heldMs(from: number, to: number, nowMs: number): number {
    let untilMs = nowMs
    for (const clog of this.#clogs) {
      if (applies(clog, from, to)) untilMs = Math.max(untilMs, clog.untilMs)
    }
    return untilMs - nowMs
  }

  /** Whether anything is held back now. Clogs that are over are forgotten. */
  hasClogs(nowMs: number): boolean {
    if (this.#clogs.size === 0) return false
    for (const clog of [...this.#clogs]) if (clog.untilMs <= nowMs) this.#clogs.delete(clog)
    return this.#clogs.size > 0
  }

  get hasWeathers(): boolean {
    return this.#weathers.size > 0
  }

  hasWeather(from: number, to: number): boolean {
    for (const rule of this.#weathers) if (applies(rule, from, to)) return true
    return false
  }

  /** In the order in which they were added. */
  weathers(from: number, to: number): Weather[] {
    const found: Weather[] = []
    for (const rule of this.#weathers) if (applies(rule, from, to)) found.push(rule.weather)
    return found
  }
}

function applies(rule: Rule, from: number, to: number): boolean {
  return rule.from.has(from) && rule.to.has(to)
}
