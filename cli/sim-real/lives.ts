/** What the reckoning works with: the lives of all nodes of a real run, and the list of what went wrong. */
import { FailureQuota } from '../../sim/checks/failure-quota.ts'
import type { Life, WorkerRecord } from './protocol.ts'

/** Something that must not be; `check` is named as in `sim/checks` where there is one of the kind. */
export interface RealFailure {
  readonly check: string
  readonly message: string
}

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
  readonly #quota = new FailureQuota()

  add(check: string, message: string): void {
    if (this.#quota.admit(check)) this.told.push({ check, message })
  }

  get more(): number {
    return this.#quota.more
  }
}
