/** A mesh of 20 nodes in two processes that log and talk, and a third process that may collect what they log. */
import { execFileSync } from 'node:child_process'
import { Worker } from '../calls.ts'
import type { GathererApi } from './gatherer.ts'
import type { HalfApi } from './half.ts'

export const NODES = 20
export const RECORDS_PER_SECOND = 1_000
const CALL_MS_MAX = 60_000

/** What becomes of the records: see `npm run bench:log`. */
export type Kind = 'plain' | 'kept' | 'collected'

export interface Outcome {
  readonly messagesPerSecond: number
  readonly records: number
  readonly gathered: number
  readonly lost: number
  readonly late: number
  readonly nodesCpuMs: number
  readonly gathererCpuMs: number
}

/** A mesh of 20 nodes of its own, and somebody who may collect. */
export class Troupe {
  readonly #halves: readonly Worker<HalfApi>[]
  readonly #gatherer: Worker<GathererApi>

  private constructor(halves: readonly Worker<HalfApi>[], gatherer: Worker<GathererApi>) {
    this.#halves = halves
    this.#gatherer = gatherer
  }

  /** `isPinned`: the nodes on one core, the collector on another. */
  static async start(port: number, isPinned: boolean): Promise<Troupe> {
    const half = new URL('./half.js', import.meta.url)
    const halves = [await Worker.start<HalfApi>(half), await Worker.start<HalfApi>(half)]
    const gatherer = await Worker.start<GathererApi>(new URL('./gatherer.js', import.meta.url))
    if (isPinned) {
      for (const each of halves) pin(each.pid!, 0)
      pin(gatherer.pid!, 1)
    }
    const ofAll = NODES + 1
    const starts: Promise<unknown>[] = halves.map((each, i) => {
      const task = { half: 'ab'[i]!, nodes: NODES / 2, ofAll, port }
      return each.call('start', task, CALL_MS_MAX)
    })
    starts.push(gatherer.call('start', { port, ofAll }, CALL_MS_MAX))
    await Promise.all(starts)
    return new Troupe(halves, gatherer)
  }

  async play(kind: Kind, seconds: number): Promise<Outcome> {
    const isCollected = kind === 'collected'
    if (isCollected) await this.#gatherer.call('follow', null, CALL_MS_MAX)
    const destination = kind === 'plain' ? 'plain' : 'mesh'
    const task = { destination, seconds, recordsPerSecond: RECORDS_PER_SECOND } as const
    const parts = await Promise.all(
      this.#halves.map((each) => each.call('play', task, CALL_MS_MAX)),
    )
    const records = sum(parts.map((part) => part.records))
    const gathered = isCollected
      ? await this.#gatherer.call('leave', { records, limitMs: 20_000 }, CALL_MS_MAX)
      : { records: 0, lost: 0, late: 0, cpuMs: 0 }
    return {
      messagesPerSecond: sum(parts.map(({ received }) => received)) / seconds,
      records,
      gathered: gathered.records,
      lost: gathered.lost,
      late: gathered.late,
      nodesCpuMs: sum(parts.map(({ cpuMs }) => cpuMs)),
      gathererCpuMs: gathered.cpuMs,
    }
  }

  async stop(): Promise<void> {
    for (const end of [...this.#halves.map(ending), ending(this.#gatherer)]) await end()
  }
}

function pin(pid: number, core: number): void {
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', String(core), String(pid)])
}

/** How to end a worker: politely, and then for certain. */
function ending(worker: Worker<HalfApi> | Worker<GathererApi>): () => Promise<void> {
  const call = (worker as Worker<Pick<HalfApi, 'stop'>>).call.bind(worker)
  return async () => {
    await call('stop', null, CALL_MS_MAX).catch(() => {})
    await worker.stop()
  }
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0)
}
