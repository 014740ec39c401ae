/**
 * Records of others on one link, for as long as they live (RFC 6762 §10), and when to ask for them again (§5.2).
 * Bounded in all and for each source: beyond that newcomers are refused, so strangers cannot displace what is known.
 */
import { Agenda, type AgendaEntry } from '../../base/deadlines.ts'
import { dataKey, type MdnsRecord, type RecordType, setKey } from './records.ts'

/** Each node has four or five. */
export const RECORDS_MAX = 4_096
/** A host with a hundred nodes. */
export const RECORDS_PER_SOURCE_MAX = 512
/** Records of one name and type: a host has not many addresses, and all else but pointers should be single. */
const SET_MAX = { PTR: RECORDS_MAX, SRV: 4, TXT: 4, A: 16, AAAA: 16 } as const
/** Seconds; RFC 6762 §10 recommends no more to anybody. */
const TTL_MAX = 4_500
/** §10.1 and §10.2: what is gone, or replaced, lives for one more second. */
const FAREWELL_MS = 1_000
/** §5.2: it is asked for at these parts of its life, and up to 2 % later. */
const REFRESH_AT = [0.8, 0.85, 0.9, 0.95] as const
const REFRESH_SPREAD = 0.02
/** What wants to live for less than RFC 6762 §10 recommends for anything by half is not asked for: it would be for ever. */
const REFRESHED_TTL_MS_MIN = 60_000

export class CacheEntry implements AgendaEntry {
  agendaIndex = -1
  readonly record: MdnsRecord
  /** The address it came from first. */
  readonly source: string
  readonly key: string
  receivedAt = 0
  ttlMs = 0
  expiresAt = 0
  /** How often it was to be asked for since it was heard. */
  refreshes = 0

  constructor(record: MdnsRecord, source: string) {
    this.record = record
    this.source = source
    this.key = dataKey(record)
  }
}

/** A record's life is over, or soon will be: then somebody should be asked for it. */
export interface CacheEvent {
  readonly kind: 'expired' | 'refresh'
  readonly record: MdnsRecord
}

export class RecordCache {
  readonly #random: () => number
  /** By name and type, then by data; in the order in which they came. */
  readonly #sets = new Map<string, Map<string, CacheEntry>>()
  readonly #bySource = new Map<string, number>()
  readonly #agenda = new Agenda<CacheEntry>()

  constructor(random: () => number) {
    this.#random = random
  }

  get size(): number {
    return this.#agenda.length
  }

  get nextAt(): number {
    return this.#agenda.next()
  }

  /** Takes up a record, or gives it new life. A goodbye for what is not known is 'known'. */
  put(record: MdnsRecord, source: string, now: number): 'new' | 'known' | 'refused' {
    const set = this.#sets.get(setKey(record))
    if (record.flush && record.ttl > 0) this.#flush(set, dataKey(record), now)
    const known = set?.get(dataKey(record))
    if (known !== undefined) {
      this.#renew(known, record.ttl, now)
      return 'known'
    }
    if (record.ttl === 0) return 'known'
    const ofSource = this.#bySource.get(source) ?? 0
    if (this.size >= RECORDS_MAX || ofSource >= RECORDS_PER_SOURCE_MAX) return 'refused'
    if (set !== undefined && set.size >= SET_MAX[record.type]) return 'refused'
    const entry = new CacheEntry(record, source)
    const sets = set ?? new Map<string, CacheEntry>()
    this.#sets.set(setKey(record), sets.set(entry.key, entry))
    this.#bySource.set(source, ofSource + 1)
    this.#renew(entry, record.ttl, now)
    return 'new'
  }

  /** The records of a name and type, the latest heard last. */
  find(name: string, type: RecordType): CacheEntry[] {
    const set = this.#sets.get(setKey({ name, type }))
    if (set === undefined) return []
    return [...set.values()].sort((a, b) => a.receivedAt - b.receivedAt)
  }

  has(name: string, type: RecordType): boolean {
    return this.#sets.has(setKey({ name, type }))
  }

  /** Forgets all records of a name. */
  forget(name: string, types: readonly RecordType[]): void {
    for (const type of types) for (const entry of this.find(name, type)) this.#remove(entry)
  }

  /** What has become due; call until `undefined`. */
  takeDue(now: number): CacheEvent | undefined {
    const entry = this.#agenda.takeDue(now)
    if (entry === undefined) return undefined
    if (entry.expiresAt <= now) {
      this.#remove(entry)
      return { kind: 'expired', record: entry.record }
    }
    entry.refreshes++
    this.#schedule(entry)
    return { kind: 'refresh', record: entry.record }
  }

  /** §10.2: others of the set are gone, unless they came within the last second: from the same burst of packets. */
  #flush(set: Map<string, CacheEntry> | undefined, except: string, now: number): void {
    for (const entry of set?.values() ?? []) {
      if (entry.key === except || now - entry.receivedAt <= FAREWELL_MS) continue
      if (entry.expiresAt > now + FAREWELL_MS) this.#endAt(entry, now + FAREWELL_MS)
    }
  }

  #renew(entry: CacheEntry, ttl: number, now: number): void {
    if (ttl === 0) {
      this.#endAt(entry, Math.min(entry.expiresAt, now + FAREWELL_MS))
      return
    }
    entry.receivedAt = now
    entry.ttlMs = Math.min(ttl, TTL_MAX) * 1_000
    entry.expiresAt = now + entry.ttlMs
    entry.refreshes = entry.ttlMs < REFRESHED_TTL_MS_MIN ? REFRESH_AT.length : 0
    this.#schedule(entry)
  }

  #endAt(entry: CacheEntry, at: number): void {
    entry.expiresAt = at
    entry.refreshes = REFRESH_AT.length
    this.#schedule(entry)
  }

  #schedule(entry: CacheEntry): void {
    const part = REFRESH_AT[entry.refreshes]
    const at =
      part === undefined
        ? entry.expiresAt
        : entry.receivedAt + entry.ttlMs * (part + REFRESH_SPREAD * this.#random())
    this.#agenda.schedule(entry, at)
  }

  #remove(entry: CacheEntry): void {
    this.#agenda.remove(entry)
    const key = setKey(entry.record)
    const set = this.#sets.get(key)
    set?.delete(entry.key)
    if (set?.size === 0) this.#sets.delete(key)
    const left = (this.#bySource.get(entry.source) ?? 0) - 1
    if (left > 0) this.#bySource.set(entry.source, left)
    else this.#bySource.delete(entry.source)
  }
}
