import { describe, expect, it } from 'vitest'
import { falseAlarms } from '../../../../sim/report/model/alarms.ts'
import type {
  FaultData,
  MoveData,
  ReportData,
  TruthData,
} from '../../../../sim/report/model/data.ts'
import { presence, SHARE_COUNT, SHARES } from '../../../../sim/report/model/presence.ts'
import { SEEN, type ViewLog } from '../../../../sim/report/model/view-log.ts'

const END_MS = 100_000

interface Parts {
  readonly size: number
  readonly rows: readonly (readonly [
    atMs: number,
    observer: number,
    subject: number,
    state: number,
  ])[]
  readonly truths?: readonly TruthData[]
  readonly faults?: readonly Partial<FaultData>[]
  readonly networks?: readonly (readonly number[])[]
  readonly moves?: readonly MoveData[]
}

function made({
  size,
  rows,
  truths,
  faults = [],
  networks,
  moves = [],
}: Parts): [ViewLog, ReportData] {
  const members = Array.from({ length: size }, (_, member) => member)
  const log = {
    size,
    atMs: Uint32Array.from(rows, ([atMs]) => atMs),
    pairs: Uint32Array.from(rows, ([, observer, subject]) => observer * size + subject),
    states: Uint8Array.from(rows, ([, , , state]) => state),
  }
  const data = {
    title: '',
    names: members.map((member) => `node-${member}`),
    networks: networks ?? members.map(() => [0]),
    moves,
    endMs: END_MS,
    durationMs: END_MS,
    faults: faults.map((each) => ({
      kind: 'freeze',
      label: '',
      members: [],
      atMs: 0,
      endMs: 0,
      ...each,
    })),
    truths: truths ?? members.map((member): TruthData => [0, member, 1]),
    samples: {},
    hasOutboxes: true,
    hasViews: true,
  }
  return [log, data]
}

function sharesOf(parts: Parts, member: number, bins = 10): Record<string, number>[] {
  const [log, data] = made(parts)
  const all = presence(log, data, { fromMs: 0, toMs: END_MS }, bins)
  return Array.from({ length: bins }, (_, bin) => {
    const at = (member * bins + bin) * SHARE_COUNT
    const entries = SHARES.map((name, share) => [name, all[at + share]!] as const)
    return Object.fromEntries(entries.filter(([, value]) => value > 0))
  })
}

describe('presence', () => {
  it('is missing until seen, and the time in a bin is what counts', () => {
    const shares = sharesOf({ size: 2, rows: [[5_000, 0, 1, SEEN.alive]] }, 1)
    expect(shares[0]).toEqual({ missing: 0.5, alive: 0.5 })
    expect(shares[9]).toEqual({ alive: 1 })
  })

  it('is shared among all neighbours', () => {
    const rows = [
      [0, 0, 2, SEEN.alive],
      [0, 1, 2, SEEN.alive],
      [50_000, 1, 2, SEEN.silent],
    ] as const
    expect(sharesOf({ size: 3, rows }, 2)[7]).toEqual({ alive: 0.5, silent: 0.5 })
  })

  it('is nothing while the node is down, but for ghosts', () => {
    const rows = [
      [0, 0, 1, SEEN.alive],
      [20_000, 0, 1, SEEN.ghostAlive],
      [40_000, 0, 1, SEEN.none],
    ] as const
    const truths: TruthData[] = [
      [0, 0, 1],
      [0, 1, 1],
      [20_000, 1, 0],
    ]
    const shares = sharesOf({ size: 2, rows, truths }, 1)
    expect([shares[1], shares[3], shares[5]]).toEqual([{ alive: 1 }, { ghost: 1 }, {}])
  })

  it('counts neighbours of the same network only', () => {
    const rows = [[0, 0, 1, SEEN.alive]] as const
    const networks = [[0], [0, 1], [1], [2]]
    expect(sharesOf({ size: 4, rows, networks }, 1)[5]).toEqual({ alive: 0.5, missing: 0.5 })
    expect(sharesOf({ size: 4, rows, networks }, 3)[5]).toEqual({})
  })
})

describe('presence of those who move', () => {
  it('is expected of the new neighbours, and no longer of the old', () => {
    const rows = [[0, 0, 1, SEEN.alive]] as const
    const networks = [[0], [0], [1]]
    const moves: MoveData[] = [[50_000, 1, [1]]]
    const parts = { size: 3, rows, networks, moves }
    expect(sharesOf(parts, 1)[4]).toEqual({ alive: 1 })
    // Node 0 still sees it, through a router; node 2 is to see it, and is to be seen.
    expect(sharesOf(parts, 1)[6]).toEqual({ alive: 1 })
    expect(sharesOf(parts, 2)[4]).toEqual({})
    expect(sharesOf(parts, 2)[6]).toEqual({ missing: 1 })
    expect(sharesOf(parts, 0)[4]).toEqual({ missing: 1 })
    expect(sharesOf(parts, 0)[6]).toEqual({})
  })
})

describe('false alarms', () => {
  const alarms = (parts: Parts): string[] =>
    falseAlarms(...made(parts)).map(
      ({ atMs, observer, subject, kind }) => `${atMs} ${observer}→${subject} ${kind}`,
    )
  const rows = [
    [0, 0, 1, SEEN.alive],
    [40_000, 0, 1, SEEN.silent],
    [45_000, 0, 1, SEEN.none],
  ] as const

  it('are nodes called silent and gone that are up and well', () => {
    expect(alarms({ size: 2, rows })).toEqual(['40000 0→1 silent', '45000 0→1 exit'])
  })

  it.each([
    ['the subject', [1]],
    ['the observer', [0]],
    ['the network', []],
    ['several nodes, and so the rest too', [2, 3]],
  ])('are none where a fault concerns %s', (_, members) => {
    const faults = [{ members, atMs: 35_000, endMs: 36_000 }]
    expect(alarms({ size: 4, rows, faults })).toEqual([])
  })

  it('are those long after a fault, and those of other nodes', () => {
    expect(
      alarms({ size: 2, rows, faults: [{ members: [1], atMs: 10_000, endMs: 20_000 }] }),
    ).toHaveLength(2)
    expect(
      alarms({ size: 3, rows, faults: [{ members: [2], atMs: 39_000, endMs: 39_000 }] }),
    ).toHaveLength(2)
  })

  it('are none between networks', () => {
    expect(alarms({ size: 2, rows, networks: [[0], [1]] })).toEqual([])
    expect(alarms({ size: 2, rows, networks: [[0], [0]], moves: [[30_000, 1, [1]]] })).toEqual([])
    expect(alarms({ size: 2, rows, networks: [[0], [1]], moves: [[30_000, 1, [0]]] })).toHaveLength(
      2,
    )
  })

  it('are none of a node that is down, or says goodbye', () => {
    const down = (atMs: number): TruthData[] => [
      [0, 0, 1],
      [0, 1, 1],
      [atMs, 1, 0],
    ]
    expect(alarms({ size: 2, rows, truths: down(30_000) })).toEqual([])
    expect(alarms({ size: 2, rows, truths: down(45_500) })).toEqual(['40000 0→1 silent'])
  })
})
