/**
 * Events as an async iterable: a bounded buffer between the node, which never waits, and a loop that may be slow.
 *
 * What happens when the buffer is full is the reader's choice:
 *  - `pause` (default): the node stops reading from its peers' links until half the buffer is free, so nothing
 *    is lost and the senders feel it. The buffer may exceed its size by what was already received.
 *  - `drop-oldest`, `drop-newest`: events go, with a warning and a count.
 *  - `throw`: the loop ends with ERR_EARSHOT_EVENTS_OVERFLOW.
 */
import { assertNever } from '../base/assert.ts'
import { BoundedQueue } from '../base/bounded-queue.ts'
import { EarshotError } from '../base/errors.ts'

export type OverflowPolicy = 'pause' | 'drop-oldest' | 'drop-newest' | 'throw'

export interface EventStreamOptions {
  /** Events that wait at the most. Default 1,024. */
  readonly buffer?: number
  /** Default `pause`. */
  readonly overflow?: OverflowPolicy
  /** Ends the iteration: the loop finishes normally. */
  readonly signal?: AbortSignal
}

export interface EventStreamOwner<Event> {
  /** True: stop reading from peers; false: this stream no longer asks for it. */
  hold(stream: EventStream<Event>, wanted: boolean): void
  /** The policy dropped events; `total` so far. */
  dropped(total: number): void
  /** The stream has ended and wants no more events. */
  ended(stream: EventStream<Event>): void
}

const DEFAULT_BUFFER = 1_024

interface Reader<Event> {
  resolve(result: IteratorResult<Event, undefined>): void
  reject(error: unknown): void
}

export class EventStream<Event> implements AsyncIterableIterator<Event, undefined, undefined> {
  readonly #owner: EventStreamOwner<Event>
  readonly #buffer: BoundedQueue<Event>
  readonly #size: number
  readonly #overflow: OverflowPolicy
  readonly #readers: Reader<Event>[] = []
  #state: 'flowing' | 'ending' | 'ended' = 'flowing'
  #failure: EarshotError | undefined
  #holding = false
  #droppedTotal = 0
  #telling = false
  readonly #release: () => void

  constructor(owner: EventStreamOwner<Event>, options: EventStreamOptions) {
    this.#owner = owner
    this.#size = options.buffer ?? DEFAULT_BUFFER
    if (!Number.isInteger(this.#size) || this.#size < 1) {
      throw new EarshotError(
        'ERR_EARSHOT_BAD_OPTION',
        'option buffer: expected a count of at least 1',
      )
    }
    this.#overflow = options.overflow ?? 'pause'
    this.#buffer = new BoundedQueue(Number.MAX_SAFE_INTEGER)
    const { signal } = options
    const onAbort = (): void => this.end()
    this.#release = () => signal?.removeEventListener('abort', onAbort)
    if (signal?.aborted) this.end()
    else signal?.addEventListener('abort', onAbort, { once: true })
  }

  /** Takes an event from the node. */
  push(event: Event): void {
    if (this.#state !== 'flowing') return
    const reader = this.#readers.shift()
    if (reader !== undefined) {
      reader.resolve({ done: false, value: event })
      return
    }
    if (this.#buffer.length < this.#size) this.#buffer.push(event)
    else this.#pushBeyond(event)
  }

  /** The buffer is full: make room, or ask for quiet, or give up. */
  #pushBeyond(event: Event): void {
    switch (this.#overflow) {
      case 'pause':
        this.#buffer.push(event)
        this.#hold(true)
        return
      case 'drop-oldest':
        this.#buffer.shift()
        this.#buffer.push(event)
        this.#tellDropped()
        return
      case 'drop-newest':
        this.#tellDropped()
        return
      case 'throw':
        this.#failure = new EarshotError(
          'ERR_EARSHOT_EVENTS_OVERFLOW',
          `${this.#size} events are waiting and the iterator was not read`,
        )
        this.end()
        return
      default:
        assertNever(this.#overflow)
    }
  }

  /** The owner reports it with an event, which comes here too, and is not worth a report of its own. */
  #tellDropped(): void {
    this.#droppedTotal++
    if (this.#telling) return
    this.#telling = true
    this.#owner.dropped(this.#droppedTotal)
    this.#telling = false
  }

  /** No more events: what is buffered can still be read. */
  end(): void {
    if (this.#state !== 'flowing') return
    this.#state = 'ending'
    this.#release()
    this.#hold(false)
    this.#owner.ended(this)
    if (this.#buffer.length === 0) this.#finish()
  }

  #hold(wanted: boolean): void {
    if (wanted === this.#holding) return
    this.#holding = wanted
    this.#owner.hold(this, wanted)
  }

  #finish(): void {
    this.#state = 'ended'
    this.#buffer.clear()
    for (const reader of this.#readers.splice(0)) reader.resolve({ done: true, value: undefined })
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    const event = this.#buffer.shift()
    if (event !== undefined) {
      if (this.#holding && this.#buffer.length <= this.#size / 2) this.#hold(false)
      return Promise.resolve({ done: false, value: event })
    }
    if (this.#state === 'flowing') {
      return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }))
    }
    this.#finish()
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) return Promise.reject(failure)
    return Promise.resolve({ done: true, value: undefined })
  }

  /** `break` in a `for await` comes here: the rest is not wanted. */
  return(): Promise<IteratorResult<Event, undefined>> {
    this.end()
    this.#failure = undefined
    this.#finish()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}
