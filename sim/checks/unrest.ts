/**
 * Unrest: when something was last done to a node or to the network around it, so that a check knows whether what
 * it sees has an excuse. It errs on the side of the nodes: a fault of one member excuses all its pairs.
 *
 * Ends and starts of processes (`LIVES`) are no unrest: they concern one identity, not the place where it runs.
 */

import type { Fault } from '../faults.ts'
import type { Attachment } from '../network/topology.ts'
import type { Weather } from '../network/weather.ts'
import type { Member } from '../population.ts'
import type { Simulation } from '../simulation.ts'

/** What ends or starts a process. */
const LIVES: readonly string[] = ['leave', 'kill', 'crash', 'restart']
/** What must not matter to presence: the time of day, and an application that is slow. */
export const HARMLESS: readonly string[] = ['clock-jump', 'stop-reading']

/** With more loss than this, several beacons in a row are lost now and then. */
const LOSS_FAIR = 0.01
const BANDWIDTH_FAIR_KBPS = 10_000
const JITTER_FAIR_MS = 500

interface Touch {
  /** Faults that last. */
  active: number
  lastMs: number
}

export class Unrest {
  readonly #sim: Simulation
  readonly #ignored: ReadonlySet<string>
  /** By member index. */
  readonly #touches = new Map<number, Touch>()
  readonly #everybody: Touch = { active: 0, lastMs: Number.NEGATIVE_INFINITY }

  constructor(sim: Simulation, ignored: readonly string[] = []) {
    this.#sim = sim
    this.#ignored = new Set([...LIVES, ...ignored])
  }

  faultBegan(fault: Fault): void {
    for (const touch of this.#touched(fault)) {
      touch.active++
      touch.lastMs = Math.max(touch.lastMs, fault.atMs)
    }
  }

  faultEnded(fault: Fault, atMs: number): void {
    for (const touch of this.#touched(fault)) {
      touch.active--
      touch.lastMs = Math.max(touch.lastMs, atMs, fault.heldUntilMs ?? atMs)
    }
  }

  /** When unrest last touches any of the members, which may be yet to come; Infinity: it lasts. */
  lastAt(...members: readonly Member[]): number {
    let last = touchedAt(this.#everybody)
    for (const { index } of members) {
      const touch = this.#touches.get(index)
      if (touch !== undefined) last = Math.max(last, touchedAt(touch))
    }
    return last
  }

  /** Whether nothing has been done to the members for so long, in a weather that loses little. */
  isCalm(ms: number, ...members: readonly Member[]): boolean {
    if (this.#sim.now - this.lastAt(...members) < ms) return false
    return members.every((member) => hasFairWeather(member))
  }

  *#touched({ kind, members }: Fault): Iterable<Touch> {
    if (this.#ignored.has(kind)) return
    if (members.length === 0) yield this.#everybody
    for (const index of new Set(members)) {
      let touch = this.#touches.get(index)
      if (touch === undefined) {
        touch = { active: 0, lastMs: Number.NEGATIVE_INFINITY }
        this.#touches.set(index, touch)
      }
      yield touch
    }
  }
}

function touchedAt({ active, lastMs }: Touch): number {
  return active > 0 ? Number.POSITIVE_INFINITY : lastMs
}

/** Whether the places of a member are such that a beacon is lost rarely, and a connection never. */
function hasFairWeather({ host }: Member): boolean {
  return host.attachments.every((each) => isOpenPlace(each) && weathersOf(each).every(isFair))
}

/** Whether nothing at all is lost on its way to and from a member. */
export function hasPerfectWeather({ host }: Member): boolean {
  return host.attachments.every((each) => {
    return (
      isOpenPlace(each) && weathersOf(each).every((weather) => isFair(weather) && !weather.loss)
    )
  })
}

function isOpenPlace({ subnet, up }: Attachment): boolean {
  const { isolated, broadcastBlocked, sharedKbps } = subnet
  return up && !isolated && !broadcastBlocked && sharedKbps >= BANDWIDTH_FAIR_KBPS
}

function weathersOf({ subnet, uplink, downlink }: Attachment): Weather[] {
  return [subnet.weather, uplink, downlink].filter((weather) => weather !== undefined)
}

function isFair({ loss, reset, bandwidthKbps, jitterMs }: Weather): boolean {
  const isSteady = reset === 0 && jitterMs <= JITTER_FAIR_MS
  return isSteady && loss <= LOSS_FAIR && bandwidthKbps >= BANDWIDTH_FAIR_KBPS
}
