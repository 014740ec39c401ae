/**
 * What is known: keys and values, who keeps each alive, and what is gone. No I/O, no clock.
 *
 *     own     ours: vouched for every REFRESH_MS
 *     self    an earshot node's, kept by itself: holds for LIFETIME_MS after it was last vouched for
 *     told    of a node of CZMQ's, which says it once: kept by whoever has a connection that tells it
 *
 *     alive ──► withdrawn (its keeper says so) ──► forgotten
 *       └─────► expired (nobody vouches for it) ──► forgotten, or alive again by a newer word
 *
 * `self` goes before `told`: nodes of CZMQ's repeat what they once heard for ever, so once a node has been heard to
 * speak for itself, nothing else keeps it alive, or brings it back. Of `told` entries that expired, whoever told them before
 * may tell them again: it was away, and may know.
 */
import {
  type Age,
  LIFETIME_MS,
  lifetimeOf,
  NEWER_MS,
  REFRESH_MS,
  TOMBSTONE_MS,
  TRANSIT_MS,
} from './age.ts'
import type { GossipLimits } from './limits.ts'
import type { Publish } from './message.ts'

/** A connection, as far as entries are concerned. */
export interface Teller {
  /** Whose word it is: the same when the connection is made again. */
  readonly source: string
  /** The other side is an earshot node: it says how old entries are. */
  readonly isAged: boolean
  /** It came to us: what it brings counts against `entriesPerAddress`. */
  readonly isClient: boolean
  /** Its addresses are of this host. */
  readonly isLocal: boolean
}

type Keeper = 'own' | 'self' | 'told'

export interface Entry {
  readonly key: string
  /** Empty when it was withdrawn. */
  value: string
  state: 'alive' | 'withdrawn' | 'expired'
  keeper: Keeper
  /** When its keeper last vouched for it, on our clock. */
  bornAt: number
  /** When it last got another value, on our clock; withdrawals do not count. */
  changedAt: number
  /** Connections to nodes of CZMQ's that tell this value. */
  readonly vouchers: Set<Teller>
  /** Their sources, also when they are gone. */
  readonly sources: Set<string>
  /** All who told it are gone: it is not told any further until somebody confirms it. */
  isDoubtful: boolean
  /** Somebody of this host told it. */
  isLocal: boolean
  /** The client's address that it came from first. */
  readonly broughtBy: string | undefined
}

export interface TableEvents {
  /** To be told to all but `from`. A 'refresh' only to those who know of age. */
  spread(entry: Entry, what: 'value' | 'refresh', from: Teller | undefined): void
  /** Somebody has another value under our key. */
  contradicted(): void
}

/**
 * Milliseconds between two changes of one value. Two of CZMQ's nodes that disagree echo each other; and of an earshot node
 * anybody can say that it is elsewhere, which all hubs would have to tell to all.
 */
const CHANGE_MS = 5_000
/** Sources remembered per entry. */
const SOURCES_MAX = 8
/** With less left, an entry is not worth telling. */
const REMAINING_MS_MIN = 1_000

export class GossipTable {
  readonly #ownKey: string
  readonly #limits: GossipLimits
  readonly #events: TableEvents
  readonly #entries = new Map<string, Entry>()
  readonly #broughtBy = new Map<string, number>()
  #alive = 0
  #refused = 0

  constructor(ownKey: string, limits: GossipLimits, events: TableEvents) {
    this.#ownKey = ownKey
    this.#limits = limits
    this.#events = events
  }

  /** Entries that hold, ours included. */
  get aliveCount(): number {
    return this.#alive
  }

  /** Entries that are remembered as gone. */
  get goneCount(): number {
    return this.#entries.size - this.#alive
  }

  /** Words that were not believed, or had no room. */
  get refused(): number {
    return this.#refused
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  keys(): string[] {
    return [...this.#entries.keys()]
  }

  /** All that hold, but for ours. */
  alive(): Entry[] {
    return [...this.#entries.values()].filter(
      ({ state, keeper }) => state === 'alive' && keeper !== 'own',
    )
  }

  /** Publishes our own entry, again or anew; an empty value withdraws it. */
  setOwn(value: string, now: number): void {
    const entry = this.#entries.get(this.#ownKey)
    const isChange = entry?.value !== value
    if (entry === undefined) {
      if (value === '') return
      this.#add(this.#ownKey, value, 'own', now, undefined)
      return
    }
    this.#update(entry, value, now, now)
    this.#events.spread(entry, isChange ? 'value' : 'refresh', undefined)
  }

  /** An earshot node said so. */
  hear({ key, value }: Publish, age: Age, from: Teller, now: number): void {
    if (key === this.#ownKey) {
      this.#checkOwn(value)
      return
    }
    const lifetimeMs = lifetimeOf(value)
    const remainingMs = Math.min(age.remainingMs, lifetimeMs)
    if (remainingMs < REMAINING_MS_MIN) return
    const bornAt = now - (lifetimeMs - remainingMs)
    const keeper = age.isAdopted ? 'told' : 'self'
    // Nodes of CZMQ's do not withdraw: nobody does it on their behalf.
    if (value === '' && keeper === 'told') return
    const entry = this.#entries.get(key)
    if (entry === undefined) {
      this.#add(key, value, keeper, bornAt, from)
      return
    }
    if (!isBelieved(entry, value, keeper, bornAt, now)) return
    const isChange = entry.value !== value || entry.state === 'expired'
    entry.keeper = keeper
    entry.isDoubtful = false
    if (entry.value !== value) entry.vouchers.clear()
    entry.isLocal = from.isLocal
    this.#update(entry, value, bornAt, now)
    this.#events.spread(entry, isChange ? 'value' : 'refresh', from)
  }

  /** A node of CZMQ's said so. It may be true now, or may have been once. */
  hearPlain({ key, value }: Publish, from: Teller, now: number): void {
    if (key === this.#ownKey) {
      this.#checkOwn(value)
      return
    }
    const entry = this.#entries.get(key)
    if (value === '' || entry?.state === 'withdrawn') {
      this.#refused++
    } else if (entry === undefined) {
      const added = this.#add(key, value, 'told', now, from)
      if (added !== undefined) vouch(added, from)
    } else if (entry.state === 'alive' && entry.value === value) {
      vouch(entry, from)
      if (entry.keeper !== 'self') entry.isDoubtful = false
    } else if (mayChange(entry, value, from, now)) {
      entry.vouchers.clear()
      vouch(entry, from)
      entry.isDoubtful = false
      entry.isLocal = from.isLocal
      this.#update(entry, value, now, now)
      this.#events.spread(entry, 'value', from)
    } else {
      this.#refused++
    }
  }

  /** A connection to a node of CZMQ's is gone. What only it told holds for LIFETIME_MS more, for the time that it may need to come back. */
  release(teller: Teller, now: number): void {
    for (const entry of this.#entries.values()) {
      if (!entry.vouchers.delete(teller) || entry.vouchers.size > 0) continue
      if (entry.keeper !== 'told' || entry.state !== 'alive') continue
      entry.isDoubtful = true
      entry.bornAt = now
    }
  }

  /** Vouches for what nodes of CZMQ's tell us now, lets expire what nobody vouches for, and forgets: as late as it is called. */
  sweep(now: number): void {
    for (const entry of [...this.#entries.values()]) {
      const ageMs = now - entry.bornAt
      if (entry.state !== 'alive') {
        const overMs = entry.state === 'expired' ? LIFETIME_MS + TOMBSTONE_MS : TOMBSTONE_MS
        if (ageMs >= overMs && entry.keeper !== 'own') this.#forget(entry)
      } else if (entry.keeper === 'told' && entry.vouchers.size > 0) {
        if (ageMs < REFRESH_MS) continue
        entry.bornAt = now
        this.#events.spread(entry, 'refresh', undefined)
      } else if (entry.keeper !== 'own' && ageMs >= LIFETIME_MS) {
        entry.state = 'expired'
        this.#alive--
      }
    }
  }

  #add(
    key: string,
    value: string,
    keeper: Keeper,
    bornAt: number,
    from: Teller | undefined,
  ): Entry | undefined {
    const broughtBy = from?.isClient === true ? from.source : undefined
    if (keeper !== 'own' && !this.#makeRoom(broughtBy)) {
      this.#refused++
      return undefined
    }
    const entry: Entry = {
      key,
      value,
      state: value === '' ? 'withdrawn' : 'alive',
      keeper,
      bornAt,
      // A node that has just appeared may know better where it is a moment later.
      changedAt: keeper === 'told' ? bornAt : Number.NEGATIVE_INFINITY,
      vouchers: new Set(),
      sources: new Set(),
      isDoubtful: false,
      isLocal: from?.isLocal ?? false,
      broughtBy,
    }
    this.#entries.set(key, entry)
    if (entry.state === 'alive') this.#alive++
    if (broughtBy !== undefined) {
      this.#broughtBy.set(broughtBy, (this.#broughtBy.get(broughtBy) ?? 0) + 1)
    }
    this.#events.spread(entry, 'value', from)
    return entry
  }

  /** Whether there is room for one more; the oldest that is gone is forgotten for it. */
  #makeRoom(broughtBy: string | undefined): boolean {
    const { entries, entriesPerAddress } = this.#limits
    if (broughtBy !== undefined && (this.#broughtBy.get(broughtBy) ?? 0) >= entriesPerAddress) {
      return false
    }
    if (this.#entries.size < entries) return true
    if (this.goneCount === 0) return false
    for (const entry of this.#entries.values()) {
      if (entry.state === 'alive' || entry.keeper === 'own') continue
      this.#forget(entry)
      return true
    }
    return false
  }

  #update(entry: Entry, value: string, bornAt: number, now: number): void {
    if (entry.value !== value && value !== '') entry.changedAt = now
    const state = value === '' ? 'withdrawn' : 'alive'
    this.#alive += Number(state === 'alive') - Number(entry.state === 'alive')
    entry.state = state
    entry.value = value
    entry.bornAt = bornAt
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.key)
    if (entry.broughtBy === undefined) return
    const left = (this.#broughtBy.get(entry.broughtBy) ?? 1) - 1
    if (left > 0) this.#broughtBy.set(entry.broughtBy, left)
    else this.#broughtBy.delete(entry.broughtBy)
  }

  #checkOwn(value: string): void {
    if (this.#entries.get(this.#ownKey)?.value !== value) this.#events.contradicted()
  }
}

/** Whether an earshot node's word goes before what we know. */
function isBelieved(
  entry: Entry,
  value: string,
  keeper: Keeper,
  bornAt: number,
  now: number,
): boolean {
  // Only who speaks for itself can withdraw, and can put it right when somebody else did.
  if (entry.keeper === 'told' && value === '') return false
  if (entry.keeper !== keeper) return keeper === 'self'
  const isChange = entry.value !== value && value !== ''
  if (isChange && now - entry.changedAt < CHANGE_MS) return false
  const byMs = bornAt - entry.bornAt
  if (entry.state === 'withdrawn' && value !== '') return byMs > TRANSIT_MS
  return entry.value === value ? byMs > NEWER_MS : byMs > 0
}

/** Whether a word of CZMQ's may give an entry another value, or bring it back. */
function mayChange(entry: Entry, value: string, from: Teller, now: number): boolean {
  if (entry.keeper !== 'told') return false
  if (entry.value === value) return entry.sources.has(from.source)
  return now - entry.changedAt >= CHANGE_MS
}

function vouch(entry: Entry, from: Teller): void {
  entry.vouchers.add(from)
  if (entry.sources.size < SOURCES_MAX) entry.sources.add(from.source)
}
