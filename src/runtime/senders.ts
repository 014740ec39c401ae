/**
 * Senders that wait: promises of `whisper` and `shout` whose message found a full outbox.
 *
 * First come, first served per peer. A waiting message is offered again when the engine tells of room, and
 * nothing new overtakes it meanwhile. The wait ends early when the peer leaves, the node stops, or the
 * caller aborts; then the message was not sent, and the promise says so.
 */
import { EarshotError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Acceptance, OutgoingContent } from '../mesh/outbox.ts'

interface Waiter {
  readonly content: OutgoingContent
  readonly accepted: () => void
  /** It was not sent, and will not be. */
  readonly failed: (error: EarshotError) => void
}

export interface SendersHost {
  /** Tries to place a message in the outbox of a peer. */
  offer(id: PeerId, content: OutgoingContent): Acceptance
  /** Nobody waits for the peer any more: the last who did was aborted. */
  abandoned(id: PeerId): void
  /** A message that waited, or was about to, will not be sent. */
  failed(id: PeerId, content: OutgoingContent): void
}

export class Senders {
  readonly #host: SendersHost
  readonly #waiting = new Map<PeerId, Set<Waiter>>()

  constructor(host: SendersHost) {
    this.#host = host
  }

  /** Somebody waits already: newcomers have to queue behind. */
  hasWaiting(id: PeerId): boolean {
    return this.#waiting.has(id)
  }

  /** Waits until the peer's outbox has taken the message. */
  wait(id: PeerId, content: OutgoingContent, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: EarshotError): void => {
        this.#host.failed(id, content)
        reject(error)
      }
      if (signal?.aborted) {
        fail(aborted(signal))
        return
      }
      const onAbort = (): void => {
        this.#remove(id, waiter)
        fail(aborted(signal))
        if (!this.hasWaiting(id)) this.#host.abandoned(id)
      }
      const settle = (): void => signal?.removeEventListener('abort', onAbort)
      const waiter: Waiter = {
        content,
        accepted: () => {
          settle()
          resolve()
        },
        failed: (error) => {
          settle()
          fail(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      const queue = this.#waiting.get(id)
      if (queue === undefined) this.#waiting.set(id, new Set([waiter]))
      else queue.add(waiter)
    })
  }

  /** There is room again: serve as many as fit. */
  handleRoom(id: PeerId): void {
    const queue = this.#waiting.get(id)
    if (queue === undefined) return
    for (const waiter of [...queue]) {
      const acceptance = this.#host.offer(id, waiter.content)
      if (acceptance === 'no-such-peer') this.handleGone(id)
      if (acceptance !== 'accepted') return
      this.#remove(id, waiter)
      waiter.accepted()
    }
  }

  /** The peer left: nobody can be served any more. */
  handleGone(id: PeerId): void {
    const queue = this.#waiting.get(id)
    this.#waiting.delete(id)
    for (const waiter of queue ?? []) {
      waiter.failed(
        new EarshotError(
          'ERR_EARSHOT_PEER_GONE',
          `peer ${id} left before the message was accepted`,
        ),
      )
    }
  }

  handleStopped(error: () => EarshotError): void {
    for (const id of [...this.#waiting.keys()]) {
      const queue = this.#waiting.get(id)
      this.#waiting.delete(id)
      for (const waiter of queue ?? []) waiter.failed(error())
    }
  }

  #remove(id: PeerId, waiter: Waiter): void {
    const queue = this.#waiting.get(id)
    queue?.delete(waiter)
    if (queue?.size === 0) this.#waiting.delete(id)
  }
}

/** @throws EarshotError ERR_EARSHOT_ABORTED */
export function checkNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal)
}

/** Resolves when all have been accepted; peers that left meanwhile are not waited for. */
export async function allAccepted(waits: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(waits)) {
    if (outcome.status === 'fulfilled') continue
    const gone =
      outcome.reason instanceof EarshotError && outcome.reason.code === 'ERR_EARSHOT_PEER_GONE'
    if (!gone) throw outcome.reason
  }
}

export function aborted(signal: AbortSignal | undefined): EarshotError {
  return new EarshotError('ERR_EARSHOT_ABORTED', 'the wait was aborted', { cause: signal?.reason })
}
