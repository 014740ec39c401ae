/**
 * In flight: the messages of one sender that have not arrived everywhere yet.
 *
 *     first ─▶ [ 17 → a b c ][ 18 → b ][ 19 → a b c ] ◀─ last          settled: a 17, b 16, c 17
 *
 * As messages of one sender arrive in order, the arrival of 19 at a receiver tells which of the earlier ones it did
 * not get: those from its last one on that were for it. A message is forgotten once it is settled everywhere, so this
 * is bounded by what is under way.
 */
import type { TrackedMessage } from '../scenario/ledger.ts'

export interface Sent {
  readonly message: TrackedMessage
  /** Member indices, as bits. */
  readonly receivers: Uint32Array
  /** Receivers for whom it is not settled. */
  pending: number
}

export class InFlight {
  readonly #sent: (Sent | undefined)[] = []
  /** Number of the message at index 0; all before are settled. */
  #first = 1
  /** By member index: the last number that is settled for it. */
  readonly #settled: number[] = []

  get isEmpty(): boolean {
    return this.#sent.length === 0
  }

  /** Notes a message for the given members. Numbers grow, with gaps. */
  add(message: TrackedMessage, members: readonly number[]): void {
    if (members.length === 0) return
    let top = 0
    for (const index of members) top = Math.max(top, index)
    const receivers = new Uint32Array((top >>> 5) + 1)
    for (const index of members) receivers[index >>> 5]! |= 1 << (index & 31)
    if (this.isEmpty) this.#first = message.number
    while (this.#first + this.#sent.length < message.number) this.#sent.push(undefined)
    this.#sent.push({ message, receivers, pending: members.length })
  }

  /** Settles everything for a receiver up to `number`, which has arrived; gives what has not. */
  arrived(receiver: number, number: number): TrackedMessage[] {
    return this.#settle(receiver, number, number)
  }

  /** Settles everything for a receiver, as nothing more will arrive there; gives what has not. */
  giveUp(receiver: number): TrackedMessage[] {
    return this.#settle(receiver, this.#first + this.#sent.length - 1, 0)
  }

  /** Messages under way to a receiver that were sent before a moment. Settles nothing. */
  overdue(receiver: number, beforeMs: number): TrackedMessage[] {
    const late: TrackedMessage[] = []
    for (const sent of this.#sent.slice(this.#start(receiver))) {
      if (sent === undefined || sent.message.sentAtMs >= beforeMs) continue
      if (isFor(sent, receiver)) late.push(sent.message)
    }
    return late
  }

  #start(receiver: number): number {
    return Math.max(this.#first, (this.#settled[receiver] ?? 0) + 1) - this.#first
  }

  #settle(receiver: number, upTo: number, arrived: number): TrackedMessage[] {
    const missing: TrackedMessage[] = []
    const end = Math.min(upTo - this.#first + 1, this.#sent.length)
    for (let i = this.#start(receiver); i < end; i++) {
      const sent = this.#sent[i]
      if (sent === undefined || !isFor(sent, receiver)) continue
      sent.pending--
      if (sent.message.number !== arrived) missing.push(sent.message)
    }
    this.#settled[receiver] = Math.max(this.#settled[receiver] ?? 0, upTo)
    this.#forget()
    return missing
  }

  #forget(): void {
    let done = 0
    while (done < this.#sent.length && (this.#sent[done]?.pending ?? 0) === 0) done++
    if (done === 0) return
    this.#sent.splice(0, done)
    this.#first += done
  }
}

function isFor({ receivers }: Sent, index: number): boolean {
  return ((receivers[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0
}
