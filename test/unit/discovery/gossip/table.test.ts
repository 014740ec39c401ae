/** What the table of gossip believes, word by word. */
import { beforeEach, describe, expect, it } from 'vitest'
import { LIFETIME_MS, REFRESH_MS, TOMBSTONE_MS } from '../../../../src/discovery/gossip/age.ts'
import { DEFAULT_GOSSIP_LIMITS } from '../../../../src/discovery/gossip/limits.ts'
import { GossipTable, type Teller } from '../../../../src/discovery/gossip/table.ts'

const OWN = 'OWN'
const KEY = 'KEY'

let table: GossipTable
let spread: string[] = []
let contradicted = 0
let now = 0

beforeEach(() => {
  spread = []
  contradicted = 0
  now = 1_000_000
  table = new GossipTable(OWN, DEFAULT_GOSSIP_LIMITS, {
    spread: ({ key, value }, what) => void spread.push(`${what} ${key}=${value}`),
    contradicted: () => {
      contradicted++
    },
  })
})

function teller(source: string, isAged: boolean): Teller {
  return { source, isAged, isClient: true, isLocal: false }
}

const earshot = teller('earshot', true)
const plain = teller('plain', false)
const otherPlain = teller('other', false)

/** An earshot node says something that was vouched for `ageMs` ago; of itself, or of one of CZMQ's. */
function hear(value: string, ageMs: number, isAdopted = false): void {
  const lifetimeMs = value === '' ? TOMBSTONE_MS : LIFETIME_MS
  const age = { remainingMs: lifetimeMs - ageMs, isAdopted }
  table.hear({ kind: 'publish', key: KEY, value, ttl: 0 }, age, earshot, now)
}

function hearPlain(value: string, from: Teller = plain, key: string = KEY): void {
  table.hearPlain({ kind: 'publish', key, value, ttl: 0 }, from, now)
}

function known(): string {
  const entry = table.get(KEY)
  return entry === undefined ? 'unknown' : `${entry.state} ${entry.keeper} ${entry.value}`.trim()
}

function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 5_000) {
    now += Math.min(5_000, left)
    table.sweep(now)
  }
}

describe('of what earshot nodes say of themselves', () => {
  it('the newest is believed, whichever comes last', () => {
    hear('new', 10_000)
    hear('old', 20_000)
    expect(known()).toBe('alive self new')
    hear('newest', 5_000)
    expect(known()).toBe('alive self newest')
    expect(spread).toEqual(['value KEY=new', 'value KEY=newest'])
  })

  it('only what is clearly newer counts as a refresh, and is passed on', () => {
    hear('a', 20_000)
    hear('a', 16_000)
    hear('a', 14_000)
    hear('a', 14_000)
    expect(spread).toEqual(['value KEY=a', 'refresh KEY=a'])
  })

  it('a withdrawal goes before all copies that were on their way', () => {
    hear('a', 1_000)
    hear('', 0)
    expect(known()).toBe('withdrawn self')
    now += 1_500
    hear('a', 0)
    expect(known()).toBe('withdrawn self')
    now += 1_000
    hear('a', 0)
    expect(known()).toBe('alive self a')
  })

  it('a withdrawal of what nobody knew is remembered, until every copy is dead', () => {
    hear('', 1_000)
    pass(LIFETIME_MS - 5_000)
    hear('a', LIFETIME_MS - 2_000)
    expect(known()).toBe('withdrawn self')
    pass(TOMBSTONE_MS)
    expect(known()).toBe('unknown')
  })

  it('an entry expires LIFETIME_MS after it was vouched for, not after it came', () => {
    hear('a', 56_000)
    pass(30_000)
    expect(known()).toBe('alive self a')
    pass(5_000)
    expect(known()).toBe('expired self a')
    hear('a', LIFETIME_MS - 2_000)
    expect(known()).toBe('expired self a')
    hear('a', 1_000)
    expect(known()).toBe('alive self a')
  })

  it('another value is believed at once when it is the first, then no more than one in 5 s', () => {
    hear('a', 10_000)
    hear('b', 9_000)
    hear('c', 8_000)
    expect(known()).toBe('alive self b')
    now += 5_000
    hear('c', 1_000)
    expect(known()).toBe('alive self c')
    hear('', 500)
    expect(known()).toBe('withdrawn self')
    now += 3_000
    hear('c', 0)
    expect(known()).toBe('withdrawn self')
    now += 2_000
    hear('c', 0)
    expect(known()).toBe('alive self c')
  })

  it('what is all but over is not worth a word', () => {
    hear('a', LIFETIME_MS - 500)
    expect(known()).toBe('unknown')
  })
})

describe('of what nodes of CZMQ say', () => {
  it('the last word counts, but not more than one in 5 s: two that disagree echo each other', () => {
    hearPlain('a', plain)
    now += 5_000
    hearPlain('b', otherPlain)
    hearPlain('a', plain)
    now += 4_000
    hearPlain('a', plain)
    expect(known()).toBe('alive told b')
    expect(table.refused).toBe(2)
    now += 1_000
    hearPlain('a', plain)
    expect(known()).toBe('alive told a')
  })

  it('nothing changes, keeps alive or brings back what a node says of itself', () => {
    hear('a', 0)
    now += 10_000
    hearPlain('b')
    hearPlain('a')
    expect(known()).toBe('alive self a')
    pass(LIFETIME_MS)
    expect(known()).toBe('expired self a')
    hearPlain('a')
    hearPlain('b', otherPlain)
    hear('b', 0, true)
    expect(known()).toBe('expired self a')
  })

  it('an entry is vouched for by us while somebody tells it, and holds LIFETIME_MS more', () => {
    hearPlain('a', plain)
    hearPlain('a', otherPlain)
    pass(10 * LIFETIME_MS)
    expect(spread.length).toBeGreaterThanOrEqual((9 * LIFETIME_MS) / REFRESH_MS)
    table.release(plain, now)
    pass(2 * LIFETIME_MS)
    expect(known()).toBe('alive told a')
    table.release(otherPlain, now)
    expect(table.get(KEY)?.isDoubtful).toBe(true)
    pass(LIFETIME_MS - 5_000)
    expect(known()).toBe('alive told a')
    pass(10_000)
    expect(known()).toBe('expired told a')
  })

  it('what expired is taken back from who told it before, and from nobody else', () => {
    hearPlain('a', plain)
    table.release(plain, now)
    pass(LIFETIME_MS + 5_000)
    hearPlain('a', otherPlain)
    expect(known()).toBe('expired told a')
    hearPlain('a', teller('plain', false))
    expect(known()).toBe('alive told a')
  })

  it('an entry is withdrawn by nobody: its node would not know how to put that right', () => {
    hearPlain('a')
    now += 10_000
    hear('', 0)
    hear('', 0, true)
    expect(known()).toBe('alive told a')
  })

  it('a withdrawn entry does not come back', () => {
    hear('', 0)
    hearPlain('a')
    now += 100_000
    hearPlain('b')
    expect(known()).toBe('withdrawn self')
  })

  it('as soon as a node speaks for itself, its word goes before theirs', () => {
    hearPlain('a')
    now += 1_000
    hear('b', 30_000)
    expect(known()).toBe('alive self b')
    expect(table.get(KEY)?.vouchers.size).toBe(0)
  })
})

describe('our own entry', () => {
  it('is never taken from others, who are contradicted', () => {
    table.setOwn('here', now)
    hearPlain('here', plain, OWN)
    expect(contradicted).toBe(0)
    hearPlain('there', plain, OWN)
    const age = { remainingMs: LIFETIME_MS, isAdopted: false }
    table.hear({ kind: 'publish', key: OWN, value: '', ttl: 0 }, age, earshot, now)
    expect(contradicted).toBe(2)
    expect(table.get(OWN)?.value).toBe('here')
  })

  it('never expires, and is withdrawn and published again', () => {
    table.setOwn('', now)
    expect(table.aliveCount).toBe(0)
    table.setOwn('here', now)
    pass(10 * TOMBSTONE_MS)
    expect(table.aliveCount).toBe(1)
    table.setOwn('', now)
    table.setOwn('here', now)
    table.setOwn('here', now)
    expect(spread).toEqual(['value OWN=here', 'value OWN=', 'value OWN=here', 'refresh OWN=here'])
  })
})
