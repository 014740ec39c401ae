/**
 * Blocked peers: those for whom somebody had a message when their outbox was full, until it has drained to its low
 * marks. Here is for how long, who is told of it and what was dropped meanwhile; that an outbox is full, and what then
 * becomes of a message, is for `links.ts` to see.
 *
 *     full ── blockedAfterMs ──▶ `blocked` ── drained ──▶ `unblocked`
 *      └───── blockedDisconnectMs, from the first message whose policy is `disconnect` ──▶ exit
 *
 * There is nothing here of a peer that takes what it is sent: of thousands of peers few are blocked.
 */
import { NEVER } from '../base/deadlines.ts'
import type { MeshCounters } from './counters.ts'
import type { EngineEvent } from './events.ts'
import type { Timers } from './options.ts'
import type { Peer } from './peer.ts'

interface Blockage {
  since: number
  /** `blocked` was told. */
  told: boolean
  /** When there was first no room for a message of the policy `disconnect`, or NEVER. */
  disconnectSince: number
}

interface Drops {
  oldest: number
  newest: number
  /** When they are told next. */
  dueAt: number
}

/** Drops are told at once, and then so often. */
const DROPS_EVERY_MS = 1_000

export class BlockedPeers {
  readonly #timers: Pick<Timers, 'blockedAfterMs' | 'blockedDisconnectMs'>
  readonly #counters: MeshCounters
  readonly #emit: (event: EngineEvent) => void
  readonly #blockages = new Map<Peer, Blockage>()
  readonly #drops = new Map<Peer, Drops>()
  #nextAt = NEVER

  constructor(timers: Timers, counters: MeshCounters, emit: (event: EngineEvent) => void) {
    this.#timers = timers
    this.#counters = counters
    this.#emit = emit
  }

  /** When `handleDue` is due, or NEVER. */
  get nextAt(): number {
    return this.#nextAt
  }

  has(peer: Peer): boolean {
    return this.#blockages.size > 0 && this.#blockages.has(peer)
  }

  /** There was no room for a message. `disconnects`: the peer shall not stay blocked for ever. */
  noteFull(peer: Peer, disconnects: boolean, now: number): void {
    let blockage = this.#blockages.get(peer)
    if (blockage === undefined) {
      blockage = { since: now, told: false, disconnectSince: NEVER }
      this.#blockages.set(peer, blockage)
      this.#wakeAt(now + this.#timers.blockedAfterMs)
    }
    if (!disconnects || blockage.disconnectSince !== NEVER) return
    blockage.disconnectSince = now
    this.#wakeAt(now + this.#timers.blockedDisconnectMs)
  }

  /** Our host slept, or was stuck, for so long: nobody could have taken anything of us. */
  excuse(ms: number): void {
    for (const blockage of this.#blockages.values()) {
      blockage.since += ms
      blockage.disconnectSince += ms
    }
  }

  /** The outbox has drained to its low marks. */
  noteRoom(peer: Peer, now: number): void {
    const blockage = this.#blockages.get(peer)
    if (blockage === undefined) return
    this.#blockages.delete(peer)
    if (!blockage.told) return
    this.#emit({ type: 'unblocked', peer: peer.info(), blockedMs: now - blockage.since })
  }

  /** Counts messages that were dropped for the peer, and has it told. */
  noteDropped(peer: Peer, which: 'oldest' | 'newest', count: number, now: number): void {
    const name = which === 'oldest' ? 'droppedOldest' : 'droppedNewest'
    peer.count()[name] += count
    this.#counters[name] += count
    this.#counters.messagesDropped += count
    let drops = this.#drops.get(peer)
    if (drops === undefined) {
      drops = { oldest: 0, newest: 0, dueAt: now }
      this.#drops.set(peer, drops)
      this.#wakeAt(now + DROPS_EVERY_MS)
    }
    drops[which] += count
    if (drops.dueAt > now) return
    this.#tellDrops(peer, drops)
    drops.dueAt = now + DROPS_EVERY_MS
  }

  #tellDrops(peer: Peer, drops: Drops): void {
    const { oldest, newest } = drops
    this.#emit({ type: 'drop', peer: peer.info(), oldest, newest })
    drops.oldest = 0
    drops.newest = 0
  }

  /** The peer is gone, or begins anew: what is left to tell of it is told before that. */
  forget(peer: Peer): void {
    this.#blockages.delete(peer)
    const drops = this.#drops.get(peer)
    this.#drops.delete(peer)
    if (drops !== undefined && drops.oldest + drops.newest > 0) this.#tellDrops(peer, drops)
  }

  /** Tells what is due; gives back who has been blocked for too long. */
  handleDue(now: number): Peer[] {
    if (now < this.#nextAt) return []
    this.#nextAt = NEVER
    for (const [peer, drops] of this.#drops) this.#handleDropsDue(peer, drops, now)
    const overdue: Peer[] = []
    for (const [peer, blockage] of this.#blockages) {
      if (!this.#handleBlockageDue(peer, blockage, now)) overdue.push(peer)
    }
    return overdue
  }

  #handleDropsDue(peer: Peer, drops: Drops, now: number): void {
    if (drops.dueAt <= now) {
      if (drops.oldest + drops.newest === 0) {
        this.#drops.delete(peer)
        return
      }
      this.#tellDrops(peer, drops)
      drops.dueAt = now + DROPS_EVERY_MS
    }
    this.#wakeAt(drops.dueAt)
  }

  /** False when its time is over. */
  #handleBlockageDue(peer: Peer, blockage: Blockage, now: number): boolean {
    const { blockedAfterMs, blockedDisconnectMs } = this.#timers
    const { since, disconnectSince } = blockage
    if (!blockage.told) {
      if (now >= since + blockedAfterMs) {
        blockage.told = true
        const { messages, bytes } = peer.waiting()
        this.#emit({ type: 'blocked', peer: peer.info(), messages, bytes })
      } else {
        this.#wakeAt(since + blockedAfterMs)
      }
    }
    if (disconnectSince === NEVER) return true
    if (now >= disconnectSince + blockedDisconnectMs) return false
    this.#wakeAt(disconnectSince + blockedDisconnectMs)
    return true
  }

  #wakeAt(at: number): void {
    if (at < this.#nextAt) this.#nextAt = at
  }
}
