/** What the reckoning works with: the lives of all nodes of a real run, and the list of what went wrong. */
import type { Life, WorkerRecord } from './protocol.ts'

/** Something that must not be; `check` is named as in `sim/checks` where there is one of the kind. */
export interface RealFailure {
  readonly check: string
  readonly message: string
}

/** Failures of one check that are told; the rest is counted. */
const FAILURES_PER_CHECK = 20

/** All lives of all workers, found by identity, with one index each. */
export class Lives {
  readonly all: readonly Life[]
  readonly #indexById: ReadonlyMap<string, number>

  constructor(records: readonly WorkerRecord[]) {
    this.all = records.flatMap(({ lives }) => lives)
    this.#indexById = new Map(this.all.map(({ id }, index) => [id, index]))
  }

  /** For each of a record's ids the index of its life; −1 for strangers. */
  indicesOf({ ids }: WorkerRecord): readonly number[] {
    return ids.map((id) => this.#indexById.get(id) ?? -1)
  }

  get running(): readonly number[] {
    return this.all.flatMap(({ stoppedAtMs }, index) => (stoppedAtMs === null ? [index] : []))
  }
}

export class Failures {
  readonly told: RealFailure[] = []
  readonly #counts = new Map<string, number>()

  add(check: string, message: string): void {
    const count = (this.#counts.get(check) ?? 0) + 1
    this.#counts.set(check, count)
    if (count <= FAILURES_PER_CHECK) this.told.push({ check, message })
  }

  get more(): number {
    const counts = [...this.#counts.values()]
    return counts.reduce((sum, count) => sum + Math.max(0, count - FAILURES_PER_CHECK), 0)
  }
}
