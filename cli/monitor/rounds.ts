/**
 * Rounds: the snapshots of a recording, put together into what the mesh was at one moment after the other.
 */
import type { PeerId } from '../../src/index.ts'
import { CliError, ExitCode } from '../exit-codes.ts'
import {
  answersOf,
  type Frame,
  NODES_MAX,
  onlySeen,
  rowsOf,
  type Standing,
  standingOf,
} from './rows.ts'
import type { NodeSnapshot } from './snapshot.ts'

/**
 * Puts snapshots together into rounds: a round is over when a node comes that is in it already. So it does not matter
 * how often the recorder asked. Who is missing from one round was late, or the recording ended; from two: it was mute.
 */
export class Rounds {
  /** Of the nodes of the round before. */
  #latest: ReadonlyMap<PeerId, Kept> = new Map()
  #round = new Map<PeerId, NodeSnapshot>()
  #observer: PeerId | undefined

  /** Who recorded it: no node of the mesh that was observed. */
  get observer(): PeerId | undefined {
    return this.#observer
  }

  /** The observer is in no round. */
  leaveOut(observer: PeerId | undefined): void {
    this.#observer = observer
  }

  /** The round that is over now, if it is. */
  push(snapshot: NodeSnapshot): Round | undefined {
    if (snapshot.id === this.#observer) return undefined
    const isOver = this.#round.has(snapshot.id) || this.#round.size >= NODES_MAX
    const over = isOver ? this.end() : undefined
    this.#round.set(snapshot.id, snapshot)
    return over
  }

  /** The round that was not yet over. */
  end(): Round | undefined {
    const round = this.#round
    if (round.size === 0) return undefined
    this.#round = new Map()
    const kept = new Map<PeerId, Kept>()
    for (const [id, latest] of round) {
      kept.set(id, { latest, previous: this.#latest.get(id)?.latest, missed: 0 })
    }
    const silent: Standing[] = []
    for (const { id, name } of onlySeen([...round.values()], round)) {
      if (id === this.#observer) continue
      const before = this.#latest.get(id)
      if (before === undefined) {
        silent.push(standingOf({ id, name, silence: { kind: 'unrecorded' } }))
      } else {
        kept.set(id, { ...before, missed: before.missed + 1 })
      }
    }
    this.#latest = kept
    const at = [...round.values()].reduce((last, snapshot) => Math.max(last, snapshot.at), 0)
    const known = [...kept.values()].map(standingOfKept)
    return { at, snapshots: answersOf(known), standings: [...known, ...silent] }
  }
}

interface Kept {
  readonly latest: NodeSnapshot
  readonly previous: NodeSnapshot | undefined
  /** How many rounds it has been missing from since. */
  readonly missed: number
}

const MISSED_MAX = 1

function standingOfKept({ latest, previous, missed }: Kept): Standing {
  const { id, name, at } = latest
  const silence = missed > MISSED_MAX ? ({ kind: 'mute', since: at } as const) : undefined
  return standingOf({ id, name, latest, previous, silence })
}

export interface Round {
  readonly at: number
  readonly snapshots: readonly NodeSnapshot[]
  readonly standings: readonly Standing[]
}

export function frameOf({ at, standings }: Round, observer: PeerId | undefined): Frame {
  return { at, rows: rowsOf(standings, observer) }
}

/** The log of a simulation has none, for one. */
export function noSnapshots(): CliError {
  return new CliError(ExitCode.failure, 'the recording holds no snapshots of nodes')
}
