/**
 * The plan of a random run: what is done to whom, when, and for how long. Pure: every fault is drawn from a stream
 * of its own, so that one more draw for one of them, or anywhere else, moves no other.
 */
import type { RandomStream } from '../kernel/random.ts'

/** Every kind of fault, with how often it is drawn among all. */
const WEIGHTS = {
  crash: 3,
  kill: 4,
  leave: 3,
  restart: 3,
  'power-cut': 1,
  freeze: 4,
  sleep: 4,
  'slow-cpu': 3,
  'clock-drift': 2,
  'clock-jump': 1,
  'stop-reading': 3,
  'address-change': 3,
  move: 4,
  unplug: 3,
  flapping: 2,
  reset: 4,
  partition: 4,
  'one-way': 4,
  clog: 3,
  disturb: 3,
  weather: 3,
  'no-broadcast': 2,
  isolation: 1,
} as const

export type ActKind = keyof typeof WEIGHTS

export const ACT_KINDS: readonly ActKind[] = Object.keys(WEIGHTS) as ActKind[]

/** One thing that is done. */
export interface Act {
  /** From 1, in the order of time. */
  readonly number: number
  readonly kind: ActKind
  readonly atMs: number
  readonly durationMs: number
  /** Indices of members; never all of them. */
  readonly victims: readonly number[]
  /** How bad it is, 0 to 1. */
  readonly force: number
  /** Which of two ways it takes. */
  readonly twist: boolean
}

export interface ActsOptions {
  readonly nodes: number
  readonly fromMs: number
  readonly untilMs: number
  /** Between two acts, on average. */
  readonly everyMs: number
  readonly shortestMs: number
  readonly longestMs: number
  readonly kinds: readonly ActKind[]
}

/** All that is done in a run. */
export function drawActs(random: (purpose: string) => RandomStream, options: ActsOptions): Act[] {
  const acts: Act[] = []
  let atMs = options.fromMs
  for (let number = 1; ; number++) {
    const stream = random(`random: act ${number}`)
    atMs += stream.between(0, 2 * options.everyMs)
    if (atMs >= options.untilMs) return acts
    acts.push(drawAct(stream, number, atMs, options))
  }
}

function drawAct(
  stream: RandomStream,
  number: number,
  atMs: number,
  { nodes, shortestMs, longestMs, kinds }: ActsOptions,
): Act {
  const kind = weighted(stream, kinds)
  // As many short ones as long ones: what is shorter than a timer is another matter than what is longer.
  const durationMs = shortestMs * (longestMs / shortestMs) ** stream.unit()
  const share = stream.pick([0, 0, 0, 0.15, 0.3, 0.5])
  const count = Math.min(nodes - 1, 1 + Math.floor(share * nodes * stream.unit()))
  const order = stream.shuffle(Array.from({ length: nodes }, (_, index) => index))
  const victims = order.slice(0, Math.max(1, count))
  return {
    number,
    kind,
    atMs,
    durationMs,
    victims,
    force: stream.unit(),
    twist: stream.chance(0.5),
  }
}

function weighted(stream: RandomStream, kinds: readonly ActKind[]): ActKind {
  const total = kinds.reduce((sum, kind) => sum + WEIGHTS[kind], 0)
  let left = stream.unit() * total
  for (const kind of kinds) {
    left -= WEIGHTS[kind]
    if (left < 0) return kind
  }
  return kinds.at(-1)!
}
