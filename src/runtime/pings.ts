/**
 * Promises that wait for a PING-OK, by peer. One PING on the wire answers all who wait at that moment.
 */
import { EarshotError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import { aborted } from './senders.ts'

type Settle = (outcome: number | EarshotError) => void

export class Pings {
  readonly #waiting = new Map<PeerId, Set<Settle>>()

  /** Resolves with the round trip in milliseconds. */
  wait(id: PeerId, signal: AbortSignal | undefined): Promise<number> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(aborted(signal))
        return
      }
      const waiting = this.#waiting.get(id) ?? new Set()
      this.#waiting.set(id, waiting)
      const onAbort = (): void => settle(aborted(signal))
      const settle: Settle = (outcome) => {
        waiting.delete(settle)
        signal?.removeEventListener('abort', onAbort)
        if (typeof outcome === 'number') resolve(outcome)
        else reject(outcome)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiting.add(settle)
    })
  }

  handlePong(id: PeerId, roundTripMs: number): void {
    this.#settle(id, roundTripMs)
  }

  handleGone(id: PeerId): void {
    this.#settle(id, new EarshotError('ERR_EARSHOT_PEER_GONE', `peer ${id} left`))
  }

  handleStopped(error: () => EarshotError): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, error())
  }

  #settle(id: PeerId, outcome: number | EarshotError): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    for (const settle of [...(waiting ?? [])]) settle(outcome)
  }
}
