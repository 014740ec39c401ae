/** Questions to other nodes' logs, and answers to theirs: one message each way, within a time limit. */
import { EarshotError } from '../base/errors.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { Clock, Timer } from '../runtime/platform.ts'
import { aborted } from '../runtime/senders.ts'
import type { Answer, Ask } from './wire.ts'

export interface QueryOptions {
  /** Milliseconds. Default 5000. */
  readonly timeoutMs?: number
  /** Ends the wait: the promise rejects with ERR_EARSHOT_ABORTED. */
  readonly signal?: AbortSignal
}

export interface QueriesHost {
  readonly clock: Clock
  ask(peer: PeerId, id: number, topic: string): boolean
  /** False when the answer cannot be sent: it is too large for either side, or the outbox is full. */
  answer(peer: PeerId, ask: Ask, data: unknown): boolean
  /** What the application gave to answer with threw. */
  reportUncaught(error: unknown): void
}

const TIMEOUT_MS = 5_000
/** Answers may be large: what one peer asks beyond this within a second is not answered. */
const ANSWERS_PER_SECOND = 5
/** Peers whose questions are counted; they are forgotten each second. */
const ASKERS_MAX = 4_096

interface Waiting {
  readonly peer: PeerId
  readonly resolve: (data: unknown) => void
  readonly reject: (error: EarshotError) => void
}

export class Queries {
  readonly #host: QueriesHost
  readonly #topics = new Map<string, () => unknown>()
  /** Topics whose answers threw. */
  readonly #failed = new Set<string>()
  readonly #waiting = new Map<number, Waiting>()
  readonly #asked = new Map<PeerId, number>()
  #askedSince = 0
  #ids = 0

  constructor(host: QueriesHost) {
    this.#host = host
  }

  open(topic: string, give: () => unknown): void {
    this.#topics.set(topic, give)
  }

  ask(
    peer: PeerId,
    topic: string,
    { timeoutMs = TIMEOUT_MS, signal }: QueryOptions,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(aborted(signal))
        return
      }
      const id = ++this.#ids
      const settle = (): void => {
        this.#waiting.delete(id)
        timer.cancel()
        signal?.removeEventListener('abort', onAbort)
      }
      const fail = (error: EarshotError): void => {
        settle()
        reject(error)
      }
      const onAbort = (): void => fail(aborted(signal))
      const { clock } = this.#host
      const timer: Timer = clock.setTimer(clock.now() + timeoutMs, () => {
        fail(noAnswer(`no answer within ${timeoutMs} ms`))
      })
      this.#waiting.set(id, {
        peer,
        resolve: (data) => {
          settle()
          resolve(data)
        },
        reject: fail,
      })
      signal?.addEventListener('abort', onAbort, { once: true })
      if (!this.#host.ask(peer, id, topic)) fail(noAnswer('the peer cannot be asked'))
    })
  }

  handleAnswer(peer: PeerId, { id, data }: Answer): void {
    const waiting = this.#waiting.get(id)
    if (waiting?.peer === peer) waiting.resolve(data)
  }

  handleAsk(peer: PeerId, ask: Ask): void {
    const give = this.#topics.get(ask.topic)
    if (give === undefined || !this.#mayAsk(peer)) return
    let data: unknown
    try {
      data = give()
    } catch (error) {
      // A stranger may ask for ever; whoever has to mend it is told once.
      if (!this.#failed.has(ask.topic)) this.#host.reportUncaught(error)
      this.#failed.add(ask.topic)
      return
    }
    this.#host.answer(peer, ask, data)
  }

  handleGone(peer: PeerId): void {
    for (const each of [...this.#waiting.values()]) {
      if (each.peer === peer) each.reject(noAnswer('the peer left'))
    }
  }

  stop(): void {
    for (const each of [...this.#waiting.values()]) each.reject(noAnswer('the node has stopped'))
  }

  #mayAsk(peer: PeerId): boolean {
    const now = this.#host.clock.now()
    if (now - this.#askedSince >= 1_000 || this.#asked.size >= ASKERS_MAX) {
      this.#asked.clear()
      this.#askedSince = now
    }
    const count = (this.#asked.get(peer) ?? 0) + 1
    this.#asked.set(peer, count)
    return count <= ANSWERS_PER_SECOND
  }
}

function noAnswer(reason: string): EarshotError {
  return new EarshotError('ERR_EARSHOT_NO_ANSWER', reason)
}
