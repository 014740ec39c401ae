/**
 * False alarms: an observer calls a node silent, or gone, that is up and has no fault, and neither has the observer.
 * Only neighbours count, those in one network.
 * A fault excuses its members, or everybody when it concerns a whole network, while it lasts and for a time after.
 */
import type { ReportData } from './data.ts'
import { Places } from './places.ts'
import { SEEN, type ViewLog } from './view-log.ts'

/** After a fault, connections have to come back and silences are still being noticed: no alarm is false yet. */
export const GRACE_MS = 10_000
/** A node that says goodbye is up until all have been told. */
const GOODBYE_MS = 2_000

export interface Alarm {
  readonly atMs: number
  readonly observer: number
  readonly subject: number
  readonly kind: 'silent' | 'exit'
}

export function falseAlarms(log: ViewLog, data: ReportData): Alarm[] {
  const excuses = new Excuses(data)
  const places = new Places(data)
  const alarms: Alarm[] = []
  const last = new Map<number, number>()
  const present = log.size <= 4_096 ? new Uint8Array(log.size * log.size) : undefined
  for (let row = 0; row < log.atMs.length; row++) {
    const pair = log.pairs[row]!
    const state = log.states[row]!
    const before = present === undefined ? (last.get(pair) ?? SEEN.none) : present[pair]!
    if (present === undefined) last.set(pair, state)
    else present[pair] = state
    const isSilent = state === SEEN.silent
    const isGone = state === SEEN.none && before !== SEEN.none && before <= SEEN.silent
    if (!isSilent && !isGone) continue
    const atMs = log.atMs[row]!
    const observer = Math.floor(pair / log.size)
    const subject = pair % log.size
    places.seek(atMs)
    // Out of reach of beacons, silence is the truth.
    if (!places.areNeighbours(observer, subject)) continue
    if (excuses.covers(observer, atMs) || excuses.covers(subject, atMs)) continue
    alarms.push({ atMs, observer, subject, kind: isSilent ? 'silent' : 'exit' })
  }
  return alarms
}

type Interval = readonly [fromMs: number, toMs: number]

class Excuses {
  readonly #everybody: readonly Interval[]
  readonly #members: readonly (readonly Interval[])[]

  constructor(data: ReportData) {
    const everybody: Interval[] = []
    const members: Interval[][] = data.names.map(() => [])
    for (const { members: concerned, atMs, endMs } of data.faults) {
      const interval = [atMs, endMs + GRACE_MS] as const
      if (concerned.length === 0) everybody.push(interval)
      // What parts some of the nodes from the rest concerns the rest too.
      else if (concerned.length > 1) everybody.push(interval)
      else for (const member of concerned) members[member]!.push(interval)
    }
    for (const [member, interval] of downTimes(data)) members[member]!.push(interval)
    this.#everybody = union(everybody)
    this.#members = members.map(union)
  }

  covers(member: number, ms: number): boolean {
    return within(this.#everybody, ms) || within(this.#members[member]!, ms)
  }
}

/** When members are down, or about to be. */
function* downTimes({ truths, names, endMs }: ReportData): Generator<[number, Interval]> {
  const downSince = names.map(() => 0)
  for (const [atMs, member, isUp] of truths) {
    if (isUp === 0) downSince[member] = atMs
    // Times in the log are whole milliseconds.
    else yield [member, [downSince[member]! - GOODBYE_MS, atMs + 1]]
    if (isUp === 1) downSince[member] = Infinity
  }
  for (const [member, sinceMs] of downSince.entries()) {
    if (sinceMs < Infinity) yield [member, [sinceMs - GOODBYE_MS, endMs]]
  }
}

function union(intervals: readonly Interval[]): Interval[] {
  const merged: [number, number][] = []
  for (const [fromMs, toMs] of [...intervals].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last !== undefined && fromMs <= last[1]) last[1] = Math.max(last[1], toMs)
    else merged.push([fromMs, toMs])
  }
  return merged
}

function within(intervals: readonly Interval[], ms: number): boolean {
  let low = 0
  let high = intervals.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (intervals[middle]![1] < ms) low = middle + 1
    else high = middle
  }
  return low < intervals.length && intervals[low]![0] <= ms
}
