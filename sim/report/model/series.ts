/** Series for the charts, from the samples of the journal and the log of views. */
import type { ReportData } from './data.ts'
import { Places } from './places.ts'
import { GHOST, SEEN, type ViewLog } from './view-log.ts'

export interface Series {
  readonly label: string
  /** One per x; `null` leaves a gap. */
  readonly values: readonly (number | null)[]
}

export interface Chart {
  /** Virtual seconds, strictly rising. */
  readonly seconds: readonly number[]
  readonly series: readonly Series[]
}

/** Intervals that are too short for a rate: the last sample of a run can fall right behind the one before. */
const INTERVAL_MS_MIN = 200
const POINTS_MAX = 4_000

/** Gauges as they were sampled. */
export function gauges(data: ReportData, columns: Readonly<Record<string, string>>): Chart {
  const seconds = data.samples['atMs']!.map((ms) => ms / 1_000)
  const series = Object.entries(columns).map(([label, column]) => ({
    label,
    values: data.samples[column]!,
  }))
  return { seconds, series }
}

/** Counters as rates per virtual second; several columns of one label are added up. */
export function rates(
  data: ReportData,
  columns: Readonly<Record<string, readonly string[]>>,
  divisor?: string,
): Chart {
  const atMs = data.samples['atMs']!
  const rows: number[] = []
  let lastMs = 0
  for (const [row, ms] of atMs.entries()) {
    if (ms - lastMs < INTERVAL_MS_MIN) continue
    rows.push(row)
    lastMs = ms
  }
  const series = Object.entries(columns).map(([label, names]) => {
    const total = (row: number): number =>
      names.reduce((sum, name) => sum + data.samples[name]![row]!, 0)
    const values = rows.map((row, index) => {
      const before = index === 0 ? undefined : rows[index - 1]!
      const difference = total(row) - (before === undefined ? 0 : total(before))
      const elapsed = (atMs[row]! - (before === undefined ? 0 : atMs[before]!)) / 1_000
      const by = divisor === undefined ? 1 : data.samples[divisor]![row]!
      return by === 0 ? null : difference / elapsed / by
    })
    return { label, values }
  })
  return { seconds: rows.map((row) => atMs[row]! / 1_000), series }
}

/** Views that there are, against those there would be if every running node saw every other. */
export function viewCurve(log: ViewLog, data: ReportData): Chart {
  const points = knownPoints(log, data.endMs)
  const expected = expectedCurve(data)
  const seconds = points.map(([ms]) => ms / 1_000)
  return {
    seconds,
    series: [
      { label: 'known', values: points.map(([, known]) => known) },
      { label: 'expected', values: points.map(([ms]) => expected(ms)) },
    ],
  }
}

/** One point per moment at which something changed; fewer when there are very many. */
function knownPoints(log: ViewLog, endMs: number): [ms: number, known: number][] {
  const states = new Map<number, number>()
  const present = log.size <= 4_096 ? new Uint8Array(log.size * log.size) : undefined
  let known = 0
  const points: [number, number][] = [[0, 0]]
  const stepMs = endMs / POINTS_MAX
  for (let row = 0; row < log.atMs.length; row++) {
    const pair = log.pairs[row]!
    const state = log.states[row]!
    const before = present === undefined ? (states.get(pair) ?? 0) : present[pair]!
    if (present === undefined) states.set(pair, state)
    else present[pair] = state
    known += Number(isView(state)) - Number(isView(before))
    if (log.atMs[row + 1] === log.atMs[row]) continue
    const last = points.at(-1)!
    if (log.atMs[row]! - last[0] < stepMs) last[1] = known
    else points.push([log.atMs[row]!, known])
  }
  if (points.at(-1)![0] < endMs) points.push([endMs, known])
  return points
}

function isView(state: number): boolean {
  return state > SEEN.none && state < GHOST
}

function expectedCurve(data: ReportData): (ms: number) => number | null {
  if (new Places(data).isOne) return upCurve(data)
  const { atMs, completeViews } = data.samples
  let row = 0
  return (ms) => {
    while (row < atMs!.length - 1 && atMs![row]! < ms) row++
    return completeViews![row] ?? null
  }
}

/** In one network everybody is to see everybody who is up. Moments must be asked for in rising order. */
function upCurve({ truths }: ReportData): (ms: number) => number {
  const up = new Set<number>()
  let row = 0
  return (ms) => {
    for (; row < truths.length && truths[row]![0] <= ms; row++) {
      const [, member, isUp] = truths[row]!
      if (isUp === 1) up.add(member)
      else up.delete(member)
    }
    return up.size * (up.size - 1)
  }
}

/** How many views per second became alive, evasive, silent, or ended. */
export function changeRates(log: ViewLog, endMs: number): Chart {
  const binMs = Math.max(1_000, Math.ceil(endMs / 1_500_000) * 1_000)
  const bins = Math.ceil(endMs / binMs) + 1
  const labels = ['ended', 'alive', 'evasive', 'silent'] as const
  const values = labels.map(() => new Array<number>(bins).fill(0))
  for (let row = 0; row < log.atMs.length; row++) {
    const state = log.states[row]!
    const bin = Math.floor(log.atMs[row]! / binMs)
    const kind = state >= GHOST ? SEEN.none : state
    values[kind]![bin]! += 1_000 / binMs
  }
  const seconds = Array.from({ length: bins }, (_, bin) => (bin * binMs) / 1_000)
  const order = [1, 2, 3, 0]
  return { seconds, series: order.map((kind) => ({ label: labels[kind]!, values: values[kind]! })) }
}
