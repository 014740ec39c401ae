/** Takes out of a run what its report shows. */
import type { Column } from '../journal/columns.ts'
import { type Journal, OUTBOX_NODES_MAX, SAMPLE_COLUMNS } from '../journal/journal.ts'
import type { Member } from '../population.ts'
import type { ScenarioRun } from '../scenario/run.ts'
import { mergeViews } from './merge.ts'
import type { FaultData, MoveData, ReportData } from './model/data.ts'
import { encodeViewLog } from './model/view-log.ts'

/** More points than a chart has pixels are thinned out. */
const SAMPLES_MAX = 6_000

/** Ends where the mesh was settled: that all nodes stop after it is not what a report is about. */
export function reportData({ journal, members, info, result }: ScenarioRun): ReportData {
  const endMs = Math.ceil(journal.settledMs ?? result.virtualMs)
  return {
    title: info.scenario,
    names: members.map(({ name }) => name),
    ...placesOf(journal, members, endMs),
    endMs,
    durationMs: info.durationMs,
    faults: journal.faults.filter(({ atMs }) => atMs < endMs).map((each) => faultData(each, endMs)),
    truths: journal.truths
      .filter(({ atMs }) => atMs <= endMs)
      .map(({ atMs, member, truth }) => [atMs, member, truth === 'up' ? 1 : 0]),
    samples: samplesOf(journal, endMs),
    hasOutboxes: info.nodes <= OUTBOX_NODES_MAX,
    hasViews: hasViews(journal),
  }
}

/** The log of views until `endMs`, encoded; nothing when the run kept none. */
export function viewBytes({ journal, members }: ScenarioRun, endMs: number): Uint8Array {
  if (!hasViews(journal)) return new Uint8Array()
  const { views } = journal
  return encodeViewLog(mergeViews(views, views.ghosts, members.length, endMs))
}

function hasViews({ views }: Journal): boolean {
  return views.ghosts !== undefined
}

/** Numbers for the networks, where each member is at first, and where it goes. */
function placesOf(
  { places }: Journal,
  members: readonly Member[],
  endMs: number,
): Pick<ReportData, 'networks' | 'moves'> {
  const numbers = new Map<string, number>()
  const numbersOf = (names: readonly string[]): number[] =>
    names.map((name) => {
      const number = numbers.get(name) ?? numbers.size
      numbers.set(name, number)
      return number
    })
  const firsts = new Map<number, readonly number[]>()
  const moves: MoveData[] = []
  for (const { atMs, member, networks } of places) {
    if (!firsts.has(member)) firsts.set(member, numbersOf(networks))
    else if (atMs <= endMs) moves.push([atMs, member, numbersOf(networks)])
  }
  const networks = members.map(
    ({ index, host }) =>
      firsts.get(index) ?? numbersOf(host.attachments.map(({ subnet }) => subnet.name)),
  )
  return { networks, moves }
}

function faultData(fault: Journal['faults'][number], endMs: number): FaultData {
  const { kind, label, members, atMs } = fault
  return { kind, label, members, atMs, endMs: Math.min(endMs, fault.endMs ?? endMs) }
}

function samplesOf({ samples }: Journal, endMs: number): Record<string, number[]> {
  const { atMs } = samples
  let count = 0
  while (count < atMs.length && atMs.at(count) <= endMs) count++
  const step = Math.max(1, Math.ceil(count / SAMPLES_MAX))
  return Object.fromEntries(
    SAMPLE_COLUMNS.map((name) => [name, thinned(samples[name], count, step)]),
  )
}

/** Every `step`th value; the last one always. */
function thinned(column: Column, count: number, step: number): number[] {
  const values: number[] = []
  for (let row = count - 1; row >= 0; row -= step) values.push(rounded(column.at(row)))
  return values.reverse()
}

/** What charts show, not what a double holds. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(7))
}
