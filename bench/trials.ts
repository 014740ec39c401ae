/** What is measured, as data: trials, the rows that each gives, and what is wanted of earshot in them. */
import type { Task } from './contender.ts'

export interface Row {
  readonly name: string
  readonly unit: string
  readonly better: 'higher' | 'lower'
}

/** How a trial is played. */
export type Play =
  | { readonly kind: 'one-way'; readonly task: Task }
  /** `ranks` are the percentiles that its rows show. */
  | { readonly kind: 'round-trip'; readonly task: Task; readonly ranks: readonly number[] }
  | { readonly kind: 'meeting'; readonly nodes: number }

export interface Trial {
  readonly name: string
  readonly play: Play
  readonly rows: readonly Row[]
  /** What processor time is counted for. */
  readonly work: 'messages' | 'round trips' | 'deliveries' | 'views'
  /** What nobody else has an equal of. */
  readonly earshotOnly: boolean
}

const SIZES = [
  { bytes: 16, size: '16 B' },
  { bytes: 100, size: '100 B' },
  { bytes: 1_024, size: '1,024 B' },
  { bytes: 65_536, size: '65,536 B' },
  { bytes: 4 * 2 ** 20, size: '4 MiB' },
] as const

const ROUND_TRIP_RANKS = [50, 99, 99.9] as const
const SHOUT_PEERS = [1, 10, 50, 100] as const
const SHOUT_BYTES = 100
const TYPED_BYTES = 200
const MEETING_NODES = 100

function oneWay(name: string, task: Task, earshotOnly: boolean): Trial {
  const work = task.style === 'shout' ? 'deliveries' : 'messages'
  return {
    name,
    play: { kind: 'one-way', task },
    rows: [{ name, unit: `${work}/s`, better: 'higher' }],
    work,
    earshotOnly,
  }
}

export const TRIALS: readonly Trial[] = [
  ...SIZES.map(({ bytes, size }) =>
    oneWay(`whisper ${size}`, { style: 'whisper', bytes, peers: 1 }, false),
  ),
  {
    name: 'round trip 100 B',
    play: {
      kind: 'round-trip',
      task: { style: 'whisper', bytes: 100, peers: 1 },
      ranks: ROUND_TRIP_RANKS,
    },
    rows: ROUND_TRIP_RANKS.map((rank) => ({
      name: `round trip 100 B p${rank}`,
      unit: 'µs',
      better: 'lower',
    })),
    work: 'round trips',
    earshotOnly: false,
  },
  ...SHOUT_PEERS.map((peers) =>
    oneWay(`shout 100 B to ${peers}`, { style: 'shout', bytes: SHOUT_BYTES, peers }, false),
  ),
  oneWay('typed msgpack 200 B', { style: 'typed', bytes: TYPED_BYTES, peers: 1 }, true),
  oneWay('the same with a schema', { style: 'checked', bytes: TYPED_BYTES, peers: 1 }, true),
  {
    name: `${MEETING_NODES} nodes meet`,
    play: { kind: 'meeting', nodes: MEETING_NODES },
    rows: [{ name: `${MEETING_NODES} nodes meet`, unit: 's', better: 'lower' }],
    work: 'views',
    earshotOnly: true,
  },
]

/** A factor of another contender's value, or (without one) a value. */
export interface Target {
  readonly row: string
  readonly of?: string
  readonly atLeast?: number
  readonly atMost?: number
}

export const TARGETS: readonly Target[] = [
  { row: 'whisper 16 B', of: 'zeromq', atLeast: 10 },
  { row: 'whisper 16 B', of: 'NATS', atLeast: 3 },
  { row: 'whisper 100 B', of: 'zeromq', atLeast: 10 },
  { row: 'whisper 100 B', of: 'NATS', atLeast: 3 },
  { row: 'whisper 1,024 B', of: 'zeromq', atLeast: 4 },
  { row: 'whisper 65,536 B', of: 'zeromq', atLeast: 1 },
  { row: 'whisper 65,536 B', of: 'bare socket', atLeast: 0.7 },
  { row: 'whisper 4 MiB', of: 'bare socket', atLeast: 0.8 },
  { row: 'round trip 100 B p50', of: 'bare socket', atMost: 1.3 },
  { row: 'round trip 100 B p50', of: 'zeromq', atMost: 1 },
  { row: 'shout 100 B to 50', atLeast: 2_000_000 },
]
