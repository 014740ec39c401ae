/**
 * The reckoning of a real run: out of what all workers saw, when views were complete, how long messages took, and
 * everything that must not be. Pure: records in, numbers and failures out.
 */
import { MILESTONES } from '../../sim/journal/views.ts'
import { type Delivery, deliver } from './delivery.ts'
import { Failures, Lives, type RealFailure } from './lives.ts'
import type { Measures } from './measures.ts'
import { PEER_ROW, VIEW_ROW, type WorkerRecord } from './protocol.ts'
import { NodeTally } from './tally.ts'

export interface Reckoning {
  readonly measures: Measures
  readonly failures: readonly RealFailure[]
  /** Failures that were only counted. */
  readonly moreFailures: number
  readonly warnings: Readonly<Record<string, number>>
  /** Messages of the script that could not be offered. */
  readonly unsaid: number
}

export function reckon(
  records: readonly WorkerRecord[],
  names: readonly string[],
  wallMs: number,
): Reckoning {
  const lives = new Lives(records)
  const failures = new Failures()
  const changes = changesOf(records, lives)
  const falseExits = checkExits(changes, lives, names, failures)
  const seen = checkPeers(records, lives, names, failures)
  const delivery = deliver(records, lives, names, failures)
  const tally = new NodeTally()
  for (const record of records) tally.merge(record.tally)
  const warnings = sumByName(records.map((each) => each.warnings))
  const { running } = lives
  return {
    measures: {
      startedMs: startedMs(lives, names.length),
      viewsMs: milestonesOf(changes, lives, names.length),
      viewsKnown: seen,
      viewsExpected: running.length * (running.length - 1),
      ...messagesOf(delivery),
      tally: tally.sums(),
      warnings: Object.values(warnings).reduce((sum, count) => sum + count, 0),
      falseExits,
      wallMs,
      cpuMs: records.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
      bytesPerNode: records.reduce((sum, each) => sum + each.residentBytes, 0) / names.length,
    },
    failures: failures.told,
    moreFailures: failures.more,
    warnings,
    unsaid: records.reduce((sum, { unsaid }) => sum + unsaid, 0),
  }
}

function messagesOf(
  delivery: Delivery,
): Pick<Measures, 'sent' | 'accepted' | 'received' | 'latencyMs' | 'latencyCount'> {
  const { sent, accepted, received, latency } = delivery
  return {
    sent,
    accepted,
    received,
    latencyMs: latency.percentilesMs(),
    latencyCount: latency.count,
  }
}

function sumByName(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums = new Map<string, number>()
  for (const [name, count] of all.flatMap((each) => Object.entries(each))) {
    sums.set(name, (sums.get(name) ?? 0) + count)
  }
  return Object.fromEntries(sums)
}

function startedMs({ all }: Lives, members: number): number | null {
  const first = all.filter(({ start }) => start === 1)
  if (first.length < members) return null
  return Math.max(...first.map(({ startedAtMs }) => startedAtMs))
}

// Views

interface ViewChange {
  readonly atMs: number
  readonly observer: number
  readonly subject: number
  readonly kind: 'enter' | 'exit'
}

/** Of all workers, in the order of time, strangers left out. */
function changesOf(records: readonly WorkerRecord[], lives: Lives): readonly ViewChange[] {
  const changes: ViewChange[] = []
  for (const record of records) {
    const indices = lives.indicesOf(record)
    const { views } = record
    for (let at = 0; at < views.length; at += VIEW_ROW) {
      const observer = indices[views[at + 1]!]!
      const subject = indices[views[at + 2]!]!
      if (observer < 0 || subject < 0) continue
      const kind = views[at + 3] === 1 ? 'enter' : 'exit'
      changes.push({ atMs: views[at]!, observer, subject, kind })
    }
  }
  return changes.sort((a, b) => a.atMs - b.atMs)
}

/** As the virtual run has it: a view counts as long as both of its nodes run. */
function milestonesOf(
  changes: readonly ViewChange[],
  { all }: Lives,
  members: number,
): Measures['viewsMs'] {
  const views = members * (members - 1)
  const ends = all
    .flatMap(({ stoppedAtMs }, life) => (stoppedAtMs === null ? [] : [{ life, at: stoppedAtMs }]))
    .sort((a, b) => a.at - b.at)
  const known = new Set<number>()
  const ended = new Set<number>()
  const reached = new Map<number, number>()
  for (const { atMs, observer, subject, kind } of changes) {
    while (ends[0] !== undefined && ends[0].at <= atMs) {
      const { life } = ends.shift()!
      ended.add(life)
      for (let other = 0; other < all.length; other++) {
        known.delete(life * all.length + other)
        known.delete(other * all.length + life)
      }
    }
    const pair = observer * all.length + subject
    if (kind === 'exit') known.delete(pair)
    else if (!ended.has(observer) && !ended.has(subject)) known.add(pair)
    for (const percent of MILESTONES) {
      if (known.size * 100 >= percent * views && !reached.has(percent)) reached.set(percent, atMs)
    }
  }
  return Object.fromEntries(MILESTONES.map((percent) => [percent, reached.get(percent) ?? null]))
}

/** Nobody may be reported gone who runs on. Returns how often that was so. */
function checkExits(
  changes: readonly ViewChange[],
  { all }: Lives,
  names: readonly string[],
  failures: Failures,
): number {
  let count = 0
  for (const { atMs, observer, subject, kind } of changes) {
    if (kind !== 'exit') continue
    const stopped = [all[observer]!, all[subject]!].some(
      ({ stoppedAtMs }) => stoppedAtMs !== null && stoppedAtMs <= atMs,
    )
    if (stopped) continue
    count++
    const who = `${names[all[observer]!.member]} reported ${names[all[subject]!.member]} gone`
    failures.add('no-false-exit', `${who}, which ran on (${atMs.toFixed(0)} ms)`)
  }
  return count
}

/** At the end every running node sees exactly the others, all alive. Returns how many views there are. */
function checkPeers(
  records: readonly WorkerRecord[],
  lives: Lives,
  names: readonly string[],
  failures: Failures,
): number {
  const { all, running } = lives
  const isRunning = new Set(running)
  const seen = new Map<number, Set<number>>(running.map((index) => [index, new Set()]))
  const nameOf = (index: number): string => names[all[index]!.member] ?? ''
  for (const record of records) {
    const indices = lives.indicesOf(record)
    const { peers } = record
    for (let at = 0; at < peers.length; at += PEER_ROW) {
      const observer = indices[peers[at]!]!
      const subject = indices[peers[at + 1]!]!
      if (observer < 0 || subject < 0) continue
      const pair = `${nameOf(observer)} sees ${nameOf(subject)}`
      if (!isRunning.has(subject)) failures.add('convergence', `${pair}, which is gone`)
      else seen.get(observer)?.add(subject)
      if (isRunning.has(subject) && peers[at + 2] !== 1) {
        failures.add('convergence', `${pair}, and finds it not alive`)
      }
    }
  }
  let count = 0
  for (const [observer, subjects] of seen) {
    count += subjects.size
    const missing = running.filter((each) => each !== observer && !subjects.has(each))
    if (missing.length === 0) continue
    failures.add(
      'convergence',
      `${nameOf(observer)} does not see ${missing.map(nameOf).join(', ')}`,
    )
  }
  return count
}
