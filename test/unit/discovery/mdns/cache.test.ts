/** The cache: how long records live, when they are asked for again, and what there is no room for. */
import { describe, expect, it } from 'vitest'
import {
  RECORDS_MAX,
  RECORDS_PER_SOURCE_MAX,
  RecordCache,
} from '../../../../src/discovery/mdns/cache.ts'
import type { MdnsRecord } from '../../../../src/discovery/mdns/records.ts'

const SOURCE = '10.0.0.9'
const pointer = (i: number, ttl = 120): MdnsRecord => ({
  type: 'PTR',
  name: '_zre._tcp.local',
  ttl,
  flush: false,
  target: `i${i}._zre._tcp.local`,
})
const address = (last: number, ttl = 120, flush = true): MdnsRecord => ({
  type: 'A',
  name: 'h.local',
  ttl,
  flush,
  address: `10.0.0.${last}`,
})

/** All that becomes due up to a time: `at kind`. */
function dueUpTo(cache: RecordCache, end: number): string[] {
  const events: string[] = []
  while (cache.nextAt <= end) {
    const now = cache.nextAt
    const event = cache.takeDue(now)!
    events.push(`${Math.round(now)} ${event.kind}`)
  }
  return events
}

const addresses = (cache: RecordCache): string[] =>
  cache.find('H.local', 'A').map(({ record }) => ('address' in record ? record.address : ''))

describe('a record', () => {
  it('is asked for at 80, 85, 90 and 95 % of its life, and then expires', () => {
    const cache = new RecordCache(() => 0)
    expect(cache.put(pointer(1, 100), SOURCE, 0)).toBe('new')
    expect(dueUpTo(cache, 1e9)).toEqual([
      ...['80000 refresh', '85000 refresh', '90000 refresh', '95000 refresh', '100000 expired'],
    ])
    expect(cache.size).toBe(0)
  })

  it('is asked for up to 2 % later, so that not all ask at once', () => {
    const cache = new RecordCache(() => 0.5)
    cache.put(pointer(1, 100), SOURCE, 0)
    expect(dueUpTo(cache, 90_999)).toEqual(['81000 refresh', '86000 refresh'])
  })

  it('that lives for less than a minute is not asked for', () => {
    const cache = new RecordCache(() => 0)
    cache.put(pointer(1, 59), SOURCE, 0)
    expect(dueUpTo(cache, 1e9)).toEqual(['59000 expired'])
  })

  it('that is heard again has its whole life before it', () => {
    const cache = new RecordCache(() => 0)
    cache.put(pointer(1, 100), SOURCE, 0)
    expect(dueUpTo(cache, 82_000)).toEqual(['80000 refresh'])
    expect(cache.put(pointer(1, 100), SOURCE, 82_000)).toBe('known')
    expect(dueUpTo(cache, 170_000)).toEqual(['162000 refresh', '167000 refresh'])
  })

  it('lives 75 minutes at the most, whatever it claims', () => {
    const cache = new RecordCache(() => 0)
    cache.put(pointer(1, 2 ** 32 - 1), SOURCE, 0)
    expect(dueUpTo(cache, 1e12).at(-1)).toBe('4500000 expired')
  })

  it('that says goodbye lives for one more second (§10.1), unless it comes back', () => {
    const cache = new RecordCache(() => 0)
    cache.put(pointer(1), SOURCE, 0)
    cache.put(pointer(1, 0), SOURCE, 500)
    cache.put(pointer(1, 0), SOURCE, 900)
    expect(cache.nextAt).toBe(1_500)
    cache.put(pointer(1), SOURCE, 1_000)
    expect(dueUpTo(cache, 5_000)).toEqual([])
  })

  it('is not made by a goodbye', () => {
    const cache = new RecordCache(() => 0)
    expect(cache.put(pointer(1, 0), SOURCE, 0)).toBe('known')
    expect(cache.size).toBe(0)
  })
})

describe('the cache-flush bit (§10.2)', () => {
  it('ends the others of its set within a second', () => {
    const cache = new RecordCache(() => 0)
    cache.put(address(1), SOURCE, 0)
    cache.put(address(2), SOURCE, 5_000)
    expect(addresses(cache)).toEqual(['10.0.0.1', '10.0.0.2'])
    expect(dueUpTo(cache, 6_000)).toEqual(['6000 expired'])
    expect(addresses(cache)).toEqual(['10.0.0.2'])
  })

  it('spares those that came within the last second, from the same burst', () => {
    const cache = new RecordCache(() => 0)
    for (const last of [1, 2, 3]) cache.put(address(last), SOURCE, last)
    expect(dueUpTo(cache, 50_000)).toEqual([])
    expect(addresses(cache)).toHaveLength(3)
  })

  it('of a goodbye ends nothing else', () => {
    const cache = new RecordCache(() => 0)
    cache.put(address(1), SOURCE, 0)
    cache.put(address(2, 0), SOURCE, 5_000)
    expect(dueUpTo(cache, 50_000)).toEqual([])
  })
})

describe('room', () => {
  it('is bounded for each source, and given back', () => {
    const cache = new RecordCache(() => 0)
    const puts = Array.from({ length: RECORDS_PER_SOURCE_MAX + 9 }, (_, i) =>
      cache.put(pointer(i), SOURCE, 0),
    )
    expect(puts.filter((put) => put === 'refused')).toHaveLength(9)
    expect(cache.put(pointer(1e6), '10.0.0.10', 0)).toBe('new')
    dueUpTo(cache, 1e6)
    expect(cache.size).toBe(0)
    expect(cache.put(pointer(1), SOURCE, 1e6)).toBe('new')
  })

  it('is bounded in all, and who is there stays', () => {
    const cache = new RecordCache(() => 0)
    for (let i = 0; i < RECORDS_MAX + 100; i++) cache.put(pointer(i), `10.0.1.${i % 200}`, 0)
    expect(cache.size).toBe(RECORDS_MAX)
    expect(cache.put(pointer(0), 'other', 1)).toBe('known')
    expect(cache.put(pointer(1e6), 'other', 1)).toBe('refused')
  })

  it('is bounded for the addresses of a host', () => {
    const cache = new RecordCache(() => 0)
    for (let i = 0; i < 100; i++) cache.put(address(i, 120, false), SOURCE, 0)
    expect(addresses(cache)).toHaveLength(16)
    cache.forget('h.LOCAL', ['A'])
    expect(cache.size).toBe(0)
  })
})
