/**
 * The outbox of one peer: what was accepted and is not yet encoded into a connection.
 *
 *     whisper/shout/join/leave ──offer──▶ [ outbox ] ──take──▶ write window ──flush──▶ socket
 *
 * It is used only while the write window is closed (no link yet, or the peer is not reading); with an
 * open window a message is encoded at once. Order is kept: while anything waits here, everything new
 * waits behind it. Messages get their sequence number when they are encoded, never here, so a new link
 * can start over with what is left.
 */
import { assert } from '../base/assert.ts'
import { BoundedQueue } from '../base/bounded-queue.ts'
import type { Limits } from '../base/limits.ts'
import type { Trace } from './preface.ts'

/**
 * What becomes of a message for a peer whose outbox is full.
 *
 *   wait         It waits for room, or the caller is told that there is none.
 *   drop-newest  It is dropped.
 *   drop-oldest  It takes the place of the oldest that wait under this policy; where that does not help, it is dropped.
 *   disconnect   It waits; a peer that does not drain to the low marks within `blockedDisconnectMs` is given up, with
 *                all that waits for it.
 *
 * Nothing that was accepted under another policy makes room for a message.
 */
export type WhenFull = (typeof WHEN_FULL)[number]
/** All of them. */
export const WHEN_FULL = ['wait', 'drop-newest', 'drop-oldest', 'disconnect'] as const

export interface OutgoingContent {
  readonly kind: 'whisper' | 'shout'
  /** For a shout; empty for a whisper. */
  readonly group: string
  /** Content frames. They belong to the node from acceptance on. */
  readonly frames: readonly Uint8Array[]
  /** Bytes of all frames. */
  readonly byteLength: number
  readonly whenFull: WhenFull
  /** Its sender waits for room, if need be; otherwise it is told that there is none. */
  readonly waits: boolean
  /** A service's, not the application's: it has no preface, and is not counted among the messages. */
  readonly isService: boolean
  readonly trace?: Trace
}

export interface OutgoingMembership {
  readonly kind: 'join' | 'leave'
  readonly group: string
  readonly status: number
  readonly byteLength: number
}

export type Outgoing = OutgoingContent | OutgoingMembership

/** What became of a message at the moment it was offered. */
export type Acceptance = 'accepted' | 'full' | 'dropped' | 'no-such-peer'

/** What a message costs beside its content: headers on the wire and the object that holds it. */
const OVERHEAD_BYTES = 64

export type OutboxLimits = Pick<Limits, 'outboxMessages' | 'outboxBytes'>

/** A message that waits and may be dropped for a newer one: what it was is gone then, and its place is passed over. */
interface Replaceable {
  readonly kind: 'replaceable'
  content: OutgoingContent | undefined
}

/** Places of dropped messages are cleared out when there are as many of them, and as many as of what waits. */
const GAPS_MIN = 64

export class Outbox {
  readonly #limits: OutboxLimits
  readonly #queue: BoundedQueue<Outgoing | Replaceable>
  /** In the order of the queue, those that are not dropped. */
  #replaceable: BoundedQueue<Replaceable> | undefined
  /** What dropping all of them would free. */
  #replaceableBytes = 0
  /** Places in the queue whose message was dropped. */
  #gaps = 0
  #bytes = 0

  constructor(limits: OutboxLimits) {
    this.#limits = limits
    // JOIN and LEAVE are admitted beyond the limit of messages: dropping one would break the status count.
    this.#queue = new BoundedQueue(Number.MAX_SAFE_INTEGER)
  }

  get length(): number {
    return this.#queue.length - this.#gaps
  }

  get byteLength(): number {
    return this.#bytes
  }

  /** The application's whispers and shouts among what waits. */
  get contentLength(): number {
    let count = 0
    for (const each of this.#queue) {
      if (isContentPlace(each) && (each.kind === 'replaceable' || !each.isService)) count++
    }
    return count - this.#gaps
  }

  /**
   * Whether a message of `byteLength` may enter, when `windowMessages` and `windowBytes` are already on
   * their way. One message of any permitted size is admitted when nothing else waits.
   */
  hasRoom(byteLength: number, windowMessages: number, windowBytes: number): boolean {
    return this.#fits(byteLength, this.length + windowMessages, this.#bytes + windowBytes)
  }

  #fits(byteLength: number, messages: number, bytes: number): boolean {
    if (messages === 0) return true
    if (messages >= this.#limits.outboxMessages) return false
    return bytes + byteLength + OVERHEAD_BYTES <= this.#limits.outboxBytes
  }

  /**
   * Drops the oldest messages of the policy `drop-oldest` until there is room for one of `byteLength`: gives back how
   * many. `undefined`, and none is dropped, where all of them would not suffice. What has left for the connection does
   * not count here: it cannot be dropped any more, and its bytes have a limit of their own. Those of them that are
   * traced are added to `traced`.
   */
  makeRoom(byteLength: number, traced: OutgoingContent[]): number | undefined {
    const others = this.length - (this.#replaceable?.length ?? 0)
    if (!this.#fits(byteLength, others, this.#bytes - this.#replaceableBytes)) return undefined
    let dropped = 0
    for (; !this.hasRoom(byteLength, 0, 0); dropped++) {
      const content = this.#dropOldest()
      if (content.trace !== undefined) traced.push(content)
    }
    return dropped
  }

  #dropOldest(): OutgoingContent {
    const oldest = this.#replaceable!.shift()!
    const content = oldest.content!
    const bytes = content.byteLength + OVERHEAD_BYTES
    this.#bytes -= bytes
    this.#replaceableBytes -= bytes
    oldest.content = undefined
    this.#gaps++
    while (this.#gaps > 0 && isGap(this.#queue.peek())) {
      this.#queue.shift()
      this.#gaps--
    }
    if (this.#gaps >= GAPS_MIN && this.#gaps >= this.length) {
      this.#queue.retain((each) => !isGap(each))
      this.#gaps = 0
    }
    return content
  }

  push(outgoing: Outgoing): void {
    this.#bytes += outgoing.byteLength + OVERHEAD_BYTES
    if (!isContent(outgoing) || outgoing.whenFull !== 'drop-oldest') {
      this.#queue.push(outgoing)
      return
    }
    const replaceable: Replaceable = { kind: 'replaceable', content: outgoing }
    this.#queue.push(replaceable)
    this.#replaceable ??= new BoundedQueue(Number.MAX_SAFE_INTEGER)
    this.#replaceable.push(replaceable)
    this.#replaceableBytes += outgoing.byteLength + OVERHEAD_BYTES
  }

  shift(): Outgoing | undefined {
    for (;;) {
      const next = this.#queue.shift()
      if (next === undefined) return undefined
      const outgoing = next.kind === 'replaceable' ? this.#take(next) : next
      if (outgoing === undefined) continue
      this.#bytes -= outgoing.byteLength + OVERHEAD_BYTES
      return outgoing
    }
  }

  /** The first of the queue is about to be sent: nothing replaces it any more. */
  #take({ content }: Replaceable): OutgoingContent | undefined {
    if (content === undefined) {
      this.#gaps--
    } else {
      this.#replaceable!.shift()
      this.#replaceableBytes -= content.byteLength + OVERHEAD_BYTES
    }
    return content
  }

  /** Removes waiting JOINs and LEAVEs: a HELLO about to be sent carries their sum. */
  dropMemberships(): void {
    for (const each of this.#queue) {
      if (!isContentPlace(each)) this.#bytes -= each.byteLength + OVERHEAD_BYTES
    }
    this.#queue.retain(isContentPlace)
  }

  /** The traced messages that wait. */
  traced(): OutgoingContent[] {
    const traced: OutgoingContent[] = []
    for (const each of this.#queue) {
      const content = each.kind === 'replaceable' ? each.content : each
      if (content !== undefined && isContent(content) && content.trace !== undefined) {
        traced.push(content)
      }
    }
    return traced
  }

  /** For tests: what must hold between any two calls. */
  invariants(): void {
    let gaps = 0
    for (const each of this.#queue) if (isGap(each)) gaps++
    assert(gaps === this.#gaps, 'the places of dropped messages are counted')
    assert(gaps <= GAPS_MIN + this.#limits.outboxMessages, 'and cleared out in time')
  }

  clear(): void {
    this.#queue.clear()
    this.#replaceable = undefined
    this.#replaceableBytes = 0
    this.#gaps = 0
    this.#bytes = 0
  }
}

function isGap(place: Outgoing | Replaceable | undefined): boolean {
  return place?.kind === 'replaceable' && place.content === undefined
}

function isContentPlace(place: Outgoing | Replaceable): place is OutgoingContent | Replaceable {
  return place.kind === 'replaceable' || isContent(place)
}

export function isContent(outgoing: Outgoing): outgoing is OutgoingContent {
  return outgoing.kind === 'whisper' || outgoing.kind === 'shout'
}
