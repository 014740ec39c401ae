/**
 * A match: one trial, all contenders that play it. They take turns within each round, so that a slow moment of the
 * machine hits all. A contender that fails is out of this match, with the reason.
 */
import type { Bout } from './bout.ts'
import { openBout } from './bout.ts'
import type { Contender } from './contender.ts'
import type { Play, Trial } from './trials.ts'

export interface MatchOptions {
  readonly rounds: number
  /** Seconds that one play shall take. */
  readonly slice: number
}

/** What one contender did in one trial. */
export interface Score {
  readonly contender: string
  /** For each row of the trial: the value of every round. */
  readonly values: readonly (readonly number[])[]
  /** Processor seconds of all its processes per million messages (deliveries, …), of every round. */
  readonly cpuPerMillion: readonly number[]
  /** Resident memory of all its processes after the last round. */
  readonly residentBytes: number
  readonly failure?: string
}

/** Plays that find out how many messages a slice takes; they are the warm-up too. */
const WARM_UPS = 4
const WARM_UP_GROWTH_MAX = 10
const FIRST_BYTES = 4 * 2 ** 20
const FIRST_COUNT_MAX = 1_000
const COUNT_MAX = 20_000_000
/** A meeting takes seconds, and nothing of it can be made shorter. */
const MEETING_ROUNDS_MAX = 3

export async function playMatch(
  trial: Trial,
  contenders: readonly Contender[],
  options: MatchOptions,
): Promise<Score[]> {
  const players = await Promise.all(contenders.map((each) => Player.open(each, trial)))
  for (const player of players) await player.warmUp(options.slice)
  const rounds =
    trial.play.kind === 'meeting' ? Math.min(MEETING_ROUNDS_MAX, options.rounds) : options.rounds
  for (let round = 0; round < rounds; round++) {
    for (const player of players) await player.playRound()
  }
  for (const player of players) await player.stop()
  return players.map((player) => player.score())
}

class Player {
  readonly #contender: string
  readonly #trial: Trial
  #bout: Bout | undefined
  #count: number
  readonly #values: number[][]
  readonly #cpuPerMillion: number[] = []
  #residentBytes = Number.NaN
  #failure: string | undefined

  private constructor(contender: string, trial: Trial) {
    this.#contender = contender
    this.#trial = trial
    this.#count = firstCount(trial.play)
    this.#values = trial.rows.map(() => [])
  }

  static async open(contender: Contender, trial: Trial): Promise<Player> {
    const player = new Player(contender.name, trial)
    await player.#try(async () => {
      player.#bout = await openBout(contender, trial)
    })
    return player
  }

  async warmUp(slice: number): Promise<void> {
    const isMeeting = this.#trial.play.kind === 'meeting'
    for (let i = 0; i < (isMeeting ? 1 : WARM_UPS); i++) {
      await this.#withBout(async (bout) => {
        const { seconds } = await bout.play(this.#count)
        const growth = Math.min(WARM_UP_GROWTH_MAX, slice / seconds)
        this.#count = Math.min(COUNT_MAX, Math.max(1, Math.round(this.#count * growth)))
        await bout.clear()
      })
    }
  }

  async playRound(): Promise<void> {
    await this.#withBout(async (bout) => {
      const before = await bout.usage()
      const { values, work } = await bout.play(this.#count)
      const after = await bout.usage()
      for (const [row, value] of values.entries()) this.#values[row]!.push(value)
      this.#cpuPerMillion.push((after.cpuMs - before.cpuMs) / 1_000 / (work / 1e6))
      this.#residentBytes = after.residentBytes
      await bout.clear()
    })
  }

  stop(): Promise<void> {
    return this.#withBout((bout) => bout.stop())
  }

  score(): Score {
    return {
      contender: this.#contender,
      values: this.#values,
      cpuPerMillion: this.#cpuPerMillion,
      residentBytes: this.#residentBytes,
      ...(this.#failure !== undefined && { failure: this.#failure }),
    }
  }

  async #withBout(action: (bout: Bout) => Promise<void>): Promise<void> {
    const bout = this.#bout
    if (bout === undefined) return
    await this.#try(() => action(bout))
    if (this.#failure === undefined) return
    this.#bout = undefined
    await bout.stop()
  }

  async #try(action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error)
    }
  }
}

function firstCount(play: Play): number {
  if (play.kind === 'meeting') return 1
  const { bytes, peers } = play.task
  return Math.max(4, Math.min(FIRST_COUNT_MAX, Math.round(FIRST_BYTES / bytes / peers)))
}
