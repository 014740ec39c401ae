/**
 * A sweep: the same scenario with many seeds, over all cores. Each worker thread runs one seed at a time; what comes
 * back is handed on in the order of the seeds, so that two sweeps read alike.
 *
 *     seeds ─▶ slot ─▶ worker ─▶ outcome ─▶ waits for those before it ─▶ onOutcome
 *                └─(dies, hangs)─▶ outcome 'broken', a new worker
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { assertNever } from '../../src/base/assert.ts'
import { EarshotError } from '../../src/base/errors.ts'
import type { RunResult } from '../scenario/result.ts'
import { retryOf } from './request.ts'
import type { WorkerMessage, WorkerTask } from './worker.ts'

export type Outcome =
  | { readonly kind: 'finished'; readonly seed: number | string; readonly result: RunResult }
  /** The worker died, or nothing was heard of it, or the scenario threw. */
  | {
      readonly kind: 'broken'
      readonly seed: number | string
      readonly reason: string
      readonly replay: string
    }

export interface SweepProgress {
  readonly done: number
  readonly failed: number
  readonly wallMs: number
}

export interface SweepTotals extends SweepProgress {
  /** Seeds that failed, in their order. */
  readonly failedSeeds: readonly (number | string)[]
  readonly ended: 'all-done' | 'max-failures' | 'aborted'
  readonly virtualMs: number
  readonly events: number
}

export interface SweepOptions extends WorkerTask {
  readonly seeds: Iterable<number | string>
  /** Worker threads. Default: as many as there are cores. */
  readonly jobs?: number
  /** Ends the sweep after so many seeds that failed. Default: none. */
  readonly maxFailures?: number
  /** A run of which nothing is heard for so long has failed, in milliseconds. Default 120,000. */
  readonly hangMs?: number
  /** In the order of the seeds. */
  readonly onOutcome?: (outcome: Outcome) => void
  /** As soon as a seed is done, and about once per second. */
  readonly onProgress?: (progress: SweepProgress) => void
  readonly signal?: AbortSignal
}

/** More than the default: a run makes much that lives for a moment, and a worker little else. Saves a tenth. */
const YOUNG_MIB = 128
const HANG_MS = 120_000
const LOOK_MS = 500

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION when the request makes no sense with any seed */
export function sweep(options: SweepOptions): Promise<SweepTotals> {
  return new Sweep(options).run()
}

export function isFailure(outcome: Outcome): boolean {
  return outcome.kind === 'broken' || !outcome.result.ok
}

/** One worker thread at a time, and what it is at. */
interface Lane {
  worker: Worker | undefined
  job: Job | undefined
}

interface Job {
  readonly order: number
  readonly seed: number | string
  /** When anything was heard of it, on the host's clock. */
  heardAt: number
  virtualMs: number
}

class Sweep {
  readonly #options: SweepOptions
  readonly #task: WorkerTask
  readonly #seeds: Iterator<number | string>
  readonly #startedAt = performance.now()
  readonly #lanes = new Set<Lane>()
  /** Outcomes that wait for those before them, by their place in the order. */
  readonly #waiting = new Map<number, Outcome>()
  readonly #failedSeeds: (number | string)[] = []
  readonly #terminations: Promise<unknown>[] = []
  #ended: Exclude<SweepTotals['ended'], 'all-done'> | undefined
  #refusal: EarshotError | undefined
  #started = 0
  #released = 0
  #handedOn = 0
  #done = 0
  #failed = 0
  #virtualMs = 0
  #events = 0
  #finish: () => void = () => {}

  constructor(options: SweepOptions) {
    const { seeds, jobs, maxFailures, hangMs, onOutcome, onProgress, signal, ...task } = options
    this.#options = options
    this.#task = task
    this.#seeds = seeds[Symbol.iterator]()
  }

  async run(): Promise<SweepTotals> {
    const { jobs = availableParallelism(), signal } = this.#options
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve
    })
    const onAbort = (): void => {
      this.#end('aborted')
      this.#releaseRest()
    }
    signal?.addEventListener('abort', onAbort)
    const look = setInterval(() => this.#look(), LOOK_MS)
    try {
      const lanes = Array.from(
        { length: jobs },
        (): Lane => ({ worker: undefined, job: undefined }),
      )
      for (const lane of lanes) this.#lanes.add(lane)
      if (signal?.aborted === true) onAbort()
      for (const lane of lanes) this.#feed(lane)
      await finished
    } finally {
      clearInterval(look)
      signal?.removeEventListener('abort', onAbort)
    }
    await Promise.all(this.#terminations)
    if (this.#refusal !== undefined) throw this.#refusal
    return this.#totals()
  }

  #totals(): SweepTotals {
    return {
      done: this.#handedOn,
      failed: this.#failedSeeds.length,
      wallMs: performance.now() - this.#startedAt,
      failedSeeds: this.#failedSeeds,
      ended: this.#ended ?? 'all-done',
      virtualMs: this.#virtualMs,
      events: this.#events,
    }
  }

  #progress(): SweepProgress {
    const wallMs = performance.now() - this.#startedAt
    return { done: this.#done, failed: this.#failed, wallMs }
  }

  // Lanes

  /** The next seed, or the end of the lane. */
  #feed(lane: Lane): void {
    const next = this.#ended === undefined ? this.#seeds.next() : undefined
    if (next === undefined || next.done === true) {
      this.#close(lane)
      return
    }
    const seed = next.value
    lane.job = { order: this.#started++, seed, heardAt: performance.now(), virtualMs: 0 }
    lane.worker ??= this.#hire(lane)
    lane.worker.postMessage(seed)
  }

  #hire(lane: Lane): Worker {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: this.#task,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    })
    const isCurrent = (): boolean => lane.worker === worker
    worker.on('message', (message: WorkerMessage) => {
      if (isCurrent()) this.#handleMessage(lane, message)
    })
    worker.on('error', (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      if (isCurrent()) this.#replace(lane, `its worker died: ${reason}`)
    })
    worker.on('exit', (code) => {
      if (isCurrent()) this.#replace(lane, `its worker ended with exit code ${code}`)
    })
    return worker
  }

  #handleMessage(lane: Lane, message: WorkerMessage): void {
    const job = lane.job
    if (job === undefined) return
    job.heardAt = performance.now()
    switch (message.kind) {
      case 'progress':
        job.virtualMs = message.virtualMs
        break
      case 'refused':
        this.#refusal ??= new EarshotError('ERR_EARSHOT_BAD_OPTION', message.message)
        this.#end('aborted')
        break
      case 'threw':
        this.#settle(job, this.#broken(job, `threw: ${message.message}`))
        this.#feed(lane)
        break
      case 'finished':
        this.#settle(job, { kind: 'finished', seed: job.seed, result: message.result })
        this.#feed(lane)
        break
      default:
        assertNever(message)
    }
  }

  /** What the lane was at has failed; a new worker goes on. */
  #replace(lane: Lane, reason: string): void {
    this.#dismiss(lane)
    if (lane.job !== undefined) this.#settle(lane.job, this.#broken(lane.job, reason))
    this.#feed(lane)
  }

  #broken({ seed }: Job, reason: string): Outcome {
    return { kind: 'broken', seed, reason, replay: retryOf({ ...this.#task, seed }) }
  }

  #close(lane: Lane): void {
    lane.job = undefined
    this.#dismiss(lane)
    this.#lanes.delete(lane)
    if (this.#lanes.size === 0) this.#finish()
  }

  #dismiss(lane: Lane): void {
    const { worker } = lane
    lane.worker = undefined
    if (worker !== undefined) this.#terminations.push(worker.terminate())
  }

  /** What runs is given up. */
  #end(why: Exclude<SweepTotals['ended'], 'all-done'>): void {
    this.#ended ??= why
    for (const lane of [...this.#lanes]) this.#close(lane)
  }

  // Outcomes

  #settle(job: Job, outcome: Outcome): void {
    this.#waiting.set(job.order, outcome)
    if (isFailure(outcome)) this.#failed++
    this.#done++
    this.#release()
    this.#options.onProgress?.(this.#progress())
  }

  /** Hands on what is next in the order, up to the last failure that is wanted: the same ones in every sweep. */
  #release(): void {
    const { maxFailures = Number.POSITIVE_INFINITY } = this.#options
    while (this.#ended === undefined) {
      const outcome = this.#waiting.get(this.#released)
      if (outcome === undefined) return
      this.#waiting.delete(this.#released++)
      this.#handOn(outcome)
      if (this.#failedSeeds.length >= maxFailures) this.#end('max-failures')
    }
  }

  /** Interrupted: what is there is handed on, gaps or not. */
  #releaseRest(): void {
    const rest = [...this.#waiting].sort(([a], [b]) => a - b)
    this.#waiting.clear()
    for (const [, outcome] of rest) this.#handOn(outcome)
  }

  #handOn(outcome: Outcome): void {
    this.#handedOn++
    if (isFailure(outcome)) this.#failedSeeds.push(outcome.seed)
    if (outcome.kind === 'finished') {
      this.#virtualMs += outcome.result.virtualMs
      this.#events += outcome.result.events
    }
    this.#options.onOutcome?.(outcome)
  }

  #look(): void {
    const hangMs = this.#options.hangMs ?? HANG_MS
    const now = performance.now()
    for (const lane of [...this.#lanes]) {
      if (lane.job === undefined || now - lane.job.heardAt < hangMs) continue
      const at = (lane.job.virtualMs / 1_000).toFixed(3)
      this.#replace(lane, `nothing heard for ${hangMs / 1_000} s, since ${at} s of virtual time`)
    }
    this.#options.onProgress?.(this.#progress())
  }
}
