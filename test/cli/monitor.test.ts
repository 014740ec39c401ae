import { describe, expect, it } from 'vitest'
import { ratesBetween } from '../../cli/monitor/rates.ts'
import { frameOf, Rounds } from '../../cli/monitor/rounds.ts'
import { rowsOf, type Standing } from '../../cli/monitor/rows.ts'
import { type NodeSnapshot, readSnapshot } from '../../cli/monitor/snapshot.ts'
import { idOf, madeAnswer, madeSnapshot } from './made-snapshot.ts'

const A = idOf('a')
const OBSERVER = idOf('observer')

describe('a snapshot', () => {
  it('is what a node of this version answers', () => {
    const answer = madeAnswer(
      'a',
      { b: { messagesIn: 7, outboxMessages: 3, blocked: true, roundTripMs: 0.5 } },
      {
        mesh: { messagesIn: 9, messagesDropped: 2, messagesLost: 1 },
        warnings: { 'dial-failed': 4, 'beacon-invalid': 1 },
        eventLoopDelay: { p99Ms: 12.5 },
        node: { uptimeMs: 60_000 },
      },
    )
    const snapshot = readSnapshot(A, 5, answer)!
    expect(snapshot).toMatchObject({ at: 5, id: A, name: 'a', isCut: false })
    expect([...snapshot.peers.values()]).toEqual([{ id: idOf('b'), name: 'b', presence: 'alive' }])
    expect(snapshot.metrics).toMatchObject({
      messagesIn: 9,
      dropped: 2,
      lost: 1,
      warnings: 5,
      loopDelayMs: 12.5,
      uptimeMs: 60_000,
    })
    expect(snapshot.metrics.peers.get(idOf('b'))).toMatchObject({
      messagesIn: 7,
      queueMessages: 3,
      blocked: true,
      roundTripMs: 0.5,
    })
  })

  it.each([undefined, null, 7, 'text', [], {}, { peers: null }, { peers: { length: 3 } }])(
    'is not %j',
    (data) => {
      expect(readSnapshot(A, 0, data)).toBeUndefined()
    },
  )

  it('leaves out what cannot be read, and keeps the rest', () => {
    const peers = [
      null,
      'b',
      { id: 7, name: 'x', presence: 'alive' },
      { id: 'not hexadecimal', name: 'x', presence: 'alive' },
      { id: idOf('b'), name: 'b', presence: 'dancing' },
      { id: idOf('c'), name: 42, presence: 'silent' },
      { id: A, name: 'myself', presence: 'alive' },
    ]
    const snapshot = readSnapshot(A, 0, { id: 'somebody else', name: {}, peers, metrics: [1] })!
    expect(snapshot).toMatchObject({ id: A, name: '' })
    expect([...snapshot.peers.values()]).toEqual([{ id: idOf('c'), name: '', presence: 'silent' }])
    expect(snapshot.metrics).toMatchObject({ messagesIn: undefined, warnings: undefined })
  })

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e300, '7', null, [7], 7n])(
    'has no count for %s',
    (count) => {
      const metrics = {
        mesh: { messagesIn: count },
        warnings: { x: count, y: 1 },
        peers: [{ id: idOf('b'), messagesIn: count, roundTripMs: count, blocked: 'yes' }],
      }
      const { metrics: read } = readSnapshot(A, 0, { peers: [], metrics })!
      expect(read.messagesIn).toBeUndefined()
      expect(read.warnings).toBe(1)
      const peer = read.peers.get(idOf('b'))
      expect(peer).toMatchObject({ messagesIn: undefined, roundTripMs: undefined, blocked: false })
    },
  )

  it('is bounded, whatever the answer is', () => {
    const peers = Array.from({ length: 50_000 }, (_, i) => {
      return { id: i.toString(16).padStart(32, '0'), name: 'x'.repeat(10_000), presence: 'alive' }
    })
    const warnings = Object.fromEntries(peers.map(({ id }) => [id, Number.MAX_SAFE_INTEGER]))
    const snapshot = readSnapshot(A, 0, {
      name: 'n'.repeat(1e6),
      peers,
      metrics: { peers, warnings },
    })!
    expect(snapshot.peers.size).toBe(2_000)
    expect(snapshot.isCut).toBe(true)
    expect(snapshot.name).toHaveLength(255)
    expect([...snapshot.peers.values()][0]?.name).toHaveLength(255)
    expect(snapshot.metrics.peers.size).toBe(2_000)
    expect(snapshot.metrics.warnings).toBe(Number.MAX_SAFE_INTEGER)
  })
})

describe('rates', () => {
  const before = madeSnapshot(
    'a',
    { b: { messagesIn: 100, bytesIn: 1_000 }, observer: { messagesIn: 50 } },
    { at: 1_000, mesh: { messagesDropped: 5, messagesLost: 1 } },
  )

  it('are increases per second, those of the observer left out', () => {
    const now = madeSnapshot(
      'a',
      { b: { messagesIn: 120, bytesIn: 1_500 }, observer: { messagesIn: 90 } },
      { at: 3_000, mesh: { messagesDropped: 9, messagesLost: 1 } },
    )
    expect(ratesBetween(before, now, OBSERVER)).toEqual({
      messagesIn: 10,
      messagesOut: 0,
      bytesIn: 250,
      bytesOut: 0,
      drops: 2,
    })
  })

  it('of a peer that was met anew begin at zero, and one that left takes nothing with it', () => {
    const now = madeSnapshot('a', { b: { messagesIn: 6 }, c: { messagesIn: 4 } }, { at: 2_000 })
    expect(ratesBetween(before, now, OBSERVER).messagesIn).toBe(10)
    expect(ratesBetween(before, madeSnapshot('a', {}, { at: 2_000 }), OBSERVER)).toMatchObject({
      messagesIn: undefined,
      drops: undefined,
    })
  })

  it('go by the clock of the node where it tells its age', () => {
    const aged = (messagesIn: number, at: number, uptimeMs: number): NodeSnapshot => {
      return madeSnapshot('a', { b: { messagesIn } }, { at, node: { uptimeMs } })
    }
    const rates = ratesBetween(aged(0, 0, 10_000), aged(100, 1_900, 11_000), undefined)
    expect(rates.messagesIn).toBe(100)
  })

  it.each([
    ['a node that has started anew', { at: 2_000, node: { uptimeMs: 5 } }, { uptimeMs: 60_000 }],
    ['no time between', { at: 1_000 }, undefined],
    ['a clock that was put back', { at: 500 }, undefined],
  ])('are unknown after %s', (_title, later, node) => {
    const first = madeSnapshot('a', { b: { messagesIn: 9 } }, { at: 1_000, ...(node && { node }) })
    const now = madeSnapshot('a', { b: { messagesIn: 10 } }, later)
    expect(Object.values(ratesBetween(first, now, undefined))).toEqual(Array(5).fill(undefined))
  })

  it('come from the totals where peers have no counters', () => {
    const total = (messagesIn: number, at: number): NodeSnapshot => {
      return readSnapshot(A, at, { peers: [], metrics: { mesh: { messagesIn } } })!
    }
    expect(ratesBetween(total(10, 0), total(30, 2_000), undefined).messagesIn).toBe(10)
    expect(ratesBetween(total(30, 0), total(10, 2_000), undefined).messagesIn).toBeUndefined()
  })
})

const UNKNOWN = {
  presence: undefined,
  roundTripMs: undefined,
  latest: undefined,
  previous: undefined,
  silence: undefined,
} as const

function standing(latest: NodeSnapshot, fields: Partial<Standing> = {}): Standing {
  return { ...UNKNOWN, id: latest.id, name: latest.name, latest, ...fields }
}

describe('rows', () => {
  it('leave the observer out of peers and queues, and add up the rest', () => {
    const [row] = rowsOf(
      [
        standing(
          madeSnapshot('a', {
            b: { outboxMessages: 3, roundTripMs: 1, presence: 'evasive' },
            c: { outboxMessages: 4, roundTripMs: 3, blocked: true },
            observer: { outboxMessages: 1_000, roundTripMs: 50, presence: 'silent' },
          }),
        ),
      ],
      OBSERVER,
    )
    expect(row?.numbers).toMatchObject({
      peers: 2,
      sees: 'evasive',
      queueMessages: 7,
      blocked: 1,
      meanRoundTripMs: 2,
    })
  })

  it('have the worst state that anybody who answers sees', () => {
    const standings = [
      standing(madeSnapshot('a', { b: { presence: 'silent' } }), { presence: 'alive' }),
      standing(madeSnapshot('b', { a: { presence: 'evasive' }, c: {} }), { presence: 'alive' }),
      standing(madeSnapshot('c', { a: { presence: 'silent' } }), {
        presence: 'evasive',
        silence: { kind: 'mute', since: 0 },
      }),
    ]
    expect(rowsOf(standings, OBSERVER).map(({ state }) => state)).toEqual([
      'evasive',
      'silent',
      'evasive',
    ])
  })

  it('without an answer have no numbers, however many it gave before', () => {
    const gone = { kind: 'gone', since: 5, reason: 'closed' } as const
    const [row] = rowsOf([standing(madeSnapshot('a', {}), { silence: gone })], OBSERVER)
    expect(row).toMatchObject({ state: 'gone', silence: gone, numbers: undefined })
  })
})

describe('a recording', () => {
  it('has nothing of who recorded it, who is no node of the mesh', () => {
    const rounds = new Rounds()
    rounds.leaveOut(OBSERVER)
    rounds.push(madeSnapshot('observer', { a: {} }))
    rounds.push(madeSnapshot('a', { observer: {} }))
    const { rows } = frameOf(rounds.end()!, OBSERVER)
    expect(rows).toMatchObject([{ name: 'a', numbers: { peers: 0 } }])
  })

  it('is made of rounds: one is over when a node comes again', () => {
    const rounds = new Rounds()
    const take = (at: number, name: string, ...peers: string[]): string | undefined => {
      const seen = Object.fromEntries(peers.map((peer) => [peer, {}]))
      return brief(rounds.push(madeSnapshot(name, seen, { at })))
    }
    const brief = (round: ReturnType<Rounds['end']>): string | undefined => {
      return round?.standings.map(({ name, silence }) => `${name} ${silence?.kind ?? 'ok'}`).join()
    }
    expect(take(1, 'a', 'b', 'zyre')).toBeUndefined()
    expect(take(2, 'b', 'a', 'zyre')).toBeUndefined()
    expect(take(11, 'a', 'b')).toBe('a ok,b ok,zyre unrecorded')
    // b is late, then mute, and then nobody sees it any more.
    expect(take(21, 'a', 'b')).toBe('a ok,b ok')
    expect(take(31, 'a')).toBe('a ok,b mute')
    expect(brief(rounds.end())).toBe('a ok')
    expect(rounds.end()).toBeUndefined()
  })
})
