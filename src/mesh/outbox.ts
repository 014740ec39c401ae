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
import { BoundedQueue } from '../base/bounded-queue.ts'
import type { Limits } from '../base/limits.ts'

export interface OutgoingContent {
  readonly kind: 'whisper' | 'shout'
  /** For a shout; empty for a whisper. */
  readonly group: string
  /** Content frames. They belong to the node from acceptance on. */
  readonly frames: readonly Uint8Array[]
  /** Bytes of all frames and of the group name. */
  readonly byteLength: number
}

export interface OutgoingMembership {
  readonly kind: 'join' | 'leave'
  readonly group: string
  readonly status: number
  readonly byteLength: number
}

export type Outgoing = OutgoingContent | OutgoingMembership

/** What became of a message at the moment it was offered. */
export type Acceptance = 'accepted' | 'full' | 'no-such-peer'

/** What a message costs beside its content: headers on the wire and the object that holds it. */
const OVERHEAD_BYTES = 64

export type OutboxLimits = Pick<Limits, 'outboxMessages' | 'outboxBytes'>

export class Outbox {
  readonly #limits: OutboxLimits
  readonly #queue: BoundedQueue<Outgoing>
  #bytes = 0

  constructor(limits: OutboxLimits) {
    this.#limits = limits
    // JOIN and LEAVE are admitted beyond the limit of messages: dropping one would break the status count.
    this.#queue = new BoundedQueue(Number.MAX_SAFE_INTEGER)
  }

  get length(): number {
    return this.#queue.length
  }

  get byteLength(): number {
    return this.#bytes
  }

  /** Whispers and shouts among what waits. */
  get contentLength(): number {
    let count = 0
    for (const outgoing of this.#queue) if (isContent(outgoing)) count++
    return count
  }

  /**
   * Whether a message of `byteLength` may enter, when `windowMessages` and `windowBytes` are already on
   * their way. One message of any permitted size is admitted when nothing else waits.
   */
  hasRoom(byteLength: number, windowMessages: number, windowBytes: number): boolean {
    const messages = this.#queue.length + windowMessages
    if (messages === 0) return true
    if (messages >= this.#limits.outboxMessages) return false
    return this.#bytes + windowBytes + byteLength + OVERHEAD_BYTES <= this.#limits.outboxBytes
  }

  push(outgoing: Outgoing): void {
    this.#queue.push(outgoing)
    this.#bytes += outgoing.byteLength + OVERHEAD_BYTES
  }

  shift(): Outgoing | undefined {
    const outgoing = this.#queue.shift()
    if (outgoing !== undefined) this.#bytes -= outgoing.byteLength + OVERHEAD_BYTES
    return outgoing
  }

  /** Removes waiting JOINs and LEAVEs: a HELLO about to be sent carries their sum. */
  dropMemberships(): void {
    this.#queue.retain(isContent)
    this.#bytes = 0
    for (const outgoing of this.#queue) this.#bytes += outgoing.byteLength + OVERHEAD_BYTES
  }

  clear(): void {
    this.#queue.clear()
    this.#bytes = 0
  }
}

export function isContent(outgoing: Outgoing): outgoing is OutgoingContent {
  return outgoing.kind === 'whisper' || outgoing.kind === 'shout'
}
