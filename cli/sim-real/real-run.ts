/**
 * The real half of the comparison: worker processes full of real nodes on the loopback interface play the script of
 * the virtual run. Everything has a limit; whatever happens, no process is left.
 */
import { randomInt } from 'node:crypto'
import { pause } from '../deadline.ts'
import { hostNow, PORTS } from './protocol.ts'
import { type Reckoning, reckon } from './reckoning.ts'
import type { Script } from './script.ts'
import { Worker } from './workers.ts'

export interface RealRunOptions {
  readonly script: Script
  readonly jobs: number
  readonly durationMs: number
  readonly signal: AbortSignal
  readonly onStarted: (pids: readonly number[]) => void
  readonly onProgress: (progress: RealProgress) => void
}

export interface RealRun extends Reckoning {
  /** When all views were complete for the first time, and what processor time that had taken; null: never. */
  readonly completion: Completion | null
}

export interface Completion {
  readonly atMs: number
  readonly cpuMs: number
}

export interface RealProgress {
  readonly atMs: number
  readonly durationMs: number
  readonly running: number
  readonly known: number
  readonly expected: number
}

/** Many processes at once on a busy host take their time. */
const START_MS = 60_000
/** Between the order to begin and the beginning: all workers have it by then. */
const BEGIN_MS = 500
const LOOK_MS = 100
/** After the time is over, the mesh has this long until all see each other and nothing is on its way. */
const CONVERGE_MS = 45_000
/** Nothing has arrived for this long: nothing will. */
const QUIET_MS = 500
const REPORT_MS = 60_000
const STOP_MS = 30_000

export async function runReal(options: RealRunOptions): Promise<RealRun> {
  const { script, jobs, signal } = options
  signal.throwIfAborted()
  const { names } = script
  const startedAt = performance.now()
  const workers = Array.from({ length: jobs }, () => new Worker())
  options.onStarted(workers.flatMap(({ pid }) => (pid === undefined ? [] : [pid])))
  try {
    await Promise.all(workers.map((worker) => worker.ready(START_MS, signal)))
    const beginAtMs = hostNow() + BEGIN_MS
    begin(workers, script, beginAtMs)
    const completion = await watch(workers, beginAtMs, options)
    for (const worker of workers) worker.tell({ kind: 'settle' })
    const records = await Promise.all(workers.map((worker) => worker.settled(REPORT_MS, signal)))
    // Only now: the goodbyes of some are not to be in the records of others.
    for (const worker of workers) worker.tell({ kind: 'stop' })
    await Promise.all(workers.map((worker) => worker.stopped(STOP_MS, signal)))
    return { ...reckon(records, names, performance.now() - startedAt), completion }
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()))
  }
}

/** Deals the members out to the workers, like cards: those who start late are not all in one. */
function begin(workers: readonly Worker[], { names, steps }: Script, beginAtMs: number): void {
  const port = randomInt(PORTS.first, PORTS.end)
  workers.forEach((worker, index) => {
    const own = steps.filter(({ member }) => member % workers.length === index)
    worker.tell({ kind: 'begin', port, steps: own, names, beginAtMs })
  })
}

/** Resolves when the time is over and the mesh is complete and quiet, or when there is no more time for that. */
async function watch(
  workers: readonly Worker[],
  beginAtMs: number,
  { script, durationMs, signal, onProgress }: RealRunOptions,
): Promise<Completion | null> {
  const views = script.names.length * (script.names.length - 1)
  let completion: Completion | null = null
  let received = 0
  let quietSince = 0
  for (;;) {
    await pause(LOOK_MS, signal)
    signal.throwIfAborted()
    for (const worker of workers) worker.check()
    const sums = sumOf(workers)
    const atMs = hostNow() - beginAtMs
    const expected = sums.running * (sums.running - 1)
    if (sums.received !== received) quietSince = atMs
    received = sums.received
    onProgress({ atMs, durationMs, running: sums.running, known: sums.known, expected })
    if (sums.known === views) completion ??= { atMs, cpuMs: sums.cpuMs }
    const isComplete = sums.toldAll && sums.stepsLeft === 0 && sums.known === expected
    if (atMs >= durationMs && isComplete && atMs - quietSince >= QUIET_MS) return completion
    if (atMs >= durationMs + CONVERGE_MS) return completion
  }
}

interface Sums {
  readonly toldAll: boolean
  readonly running: number
  readonly known: number
  readonly received: number
  readonly stepsLeft: number
  readonly cpuMs: number
}

function sumOf(workers: readonly Worker[]): Sums {
  const all = workers.flatMap(({ headway }) => (headway === undefined ? [] : [headway]))
  const sum = (name: Exclude<keyof Sums, 'toldAll'>): number => {
    return all.reduce((total, each) => total + each[name], 0)
  }
  return {
    toldAll: all.length === workers.length,
    running: sum('running'),
    known: sum('known'),
    received: sum('received'),
    stepsLeft: sum('stepsLeft'),
    cpuMs: sum('cpuMs'),
  }
}
