import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Column } from '../../../../sim/journal/columns.ts'
import { mergeViews } from '../../../../sim/report/merge.ts'
import { Replay } from '../../../../sim/report/model/replay.ts'
import {
  decodeViewLog,
  encodeViewLog,
  type ViewLog,
} from '../../../../sim/report/model/view-log.ts'

type Row = readonly [atMs: number, pair: number, state: number]

const rows = (size: number): fc.Arbitrary<Row[]> =>
  fc
    .array(
      fc.tuple(
        fc.nat({ max: 50 }),
        fc.integer({ min: 0, max: size * size - 1 }),
        fc.constantFrom(0, 1, 2, 3, 5, 6, 7),
      ),
      { maxLength: 300 },
    )
    .map((made) => made.sort((a, b) => a[0] - b[0]))

function logOf(size: number, made: readonly Row[]): ViewLog {
  return {
    size,
    atMs: Uint32Array.from(made, ([atMs]) => atMs),
    pairs: Uint32Array.from(made, ([, pair]) => pair),
    states: Uint8Array.from(made, ([, , state]) => state),
  }
}

/** By pair, since changes of one moment are sorted. */
function historiesOf({ atMs, pairs, states }: ViewLog): Map<number, string[]> {
  const histories = new Map<number, string[]>()
  for (const [row, pair] of pairs.entries()) {
    histories.set(pair, [...(histories.get(pair) ?? []), `${atMs[row]} ${states[row]}`])
  }
  return new Map([...histories].sort(([a], [b]) => a - b))
}

describe('the log of views', () => {
  it('comes back with every change of every pair, in their order', () => {
    fc.assert(
      fc.property(rows(7), (made) => {
        const log = logOf(7, made)
        const decoded = decodeViewLog(encodeViewLog(log))
        expect(decoded.size).toBe(7)
        expect(decoded.atMs).toEqual(log.atMs)
        expect(historiesOf(decoded)).toEqual(historiesOf(log))
      }),
    )
  })

  it('holds pairs of 60,000 members and times of a month', () => {
    const last = 60_000 * 60_000 - 1
    const log = logOf(60_000, [
      [0, last, 1],
      [0, 0, 1],
      [2_592_000_000, last, 3],
    ])
    const decoded = decodeViewLog(encodeViewLog(log))
    expect([...decoded.pairs]).toEqual([0, last, last])
    expect([...decoded.atMs]).toEqual([0, 0, 2_592_000_000])
    expect([...decoded.states]).toEqual([1, 1, 3])
  })

  it('takes less than four bytes per change, however disorderly hundreds of nodes meet', () => {
    const size = 300
    const made: Row[] = []
    for (let pair = 0; pair < size * size; pair++) {
      made.push([(pair * 7_919) % 3_000, (pair * 104_729) % (size * size), 1])
    }
    const log = logOf(
      size,
      made.sort((a, b) => a[0] - b[0]),
    )
    expect(encodeViewLog(log).length).toBeLessThan(4 * made.length)
  })

  it('of nothing is a log of nothing', () => {
    expect(decodeViewLog(encodeViewLog(logOf(3, []))).atMs).toHaveLength(0)
  })
})

describe('the replay', () => {
  it('shows the same at a moment, wherever it comes from', () => {
    fc.assert(
      fc.property(rows(5), fc.array(fc.nat({ max: 60 }), { maxLength: 12 }), (made, moments) => {
        const replay = new Replay(logOf(5, made))
        for (const ms of moments) {
          replay.seek(ms)
          const states = new Uint8Array(25)
          const since = new Uint32Array(25)
          for (const [atMs, pair, state] of made) {
            if (atMs > ms) continue
            states[pair] = state
            since[pair] = atMs
          }
          expect(replay.states).toEqual(states)
          expect(replay.sinceMs).toEqual(since)
        }
      }),
    )
  })

  it('counts views of present nodes only', () => {
    const replay = new Replay(
      logOf(3, [
        [1, 1, 1],
        [2, 2, 3],
        [3, 3, 5],
      ]),
    )
    replay.seek(3)
    expect(replay.known()).toBe(2)
  })
})

describe('the merging of views and ghosts', () => {
  const columns = (made: readonly (readonly [number, number, number, number])[]) => {
    const names = ['atMs', 'observers', 'subjects', 'states'] as const
    return Object.fromEntries(
      names.map((name, index) => {
        const column = new Column()
        for (const row of made) column.push(row[index]!)
        return [name, column]
      }),
    ) as Record<(typeof names)[number], Column>
  }
  const told = ({ atMs, pairs, states }: ViewLog): number[][] =>
    [...atMs].map((ms, row) => [ms, pairs[row]!, states[row]!])

  it('turns a view into a ghost where its node ends, without a moment between', () => {
    const views = columns([
      [1, 0, 1, 1],
      [5, 0, 1, 0],
    ])
    const ghosts = columns([
      [5, 0, 1, 1],
      [9, 0, 1, 3],
      [12, 0, 1, 0],
    ])
    expect(told(mergeViews(views, ghosts, 2, 100))).toEqual([
      [1, 1, 1],
      [5, 1, 5],
      [9, 1, 7],
      [12, 1, 0],
    ])
  })

  it('shows a present node before the ghost of the one before', () => {
    const views = columns([[3, 0, 1, 1]])
    const ghosts = columns([
      [1, 0, 1, 3],
      [7, 0, 1, 0],
    ])
    expect(told(mergeViews(views, ghosts, 2, 100))).toEqual([
      [1, 1, 7],
      [3, 1, 1],
    ])
  })

  it('ends where the report ends', () => {
    const views = columns([
      [1, 0, 1, 1],
      [9, 0, 1, 0],
    ])
    expect(told(mergeViews(views, undefined, 2, 8))).toEqual([[1, 1, 1]])
  })
})
