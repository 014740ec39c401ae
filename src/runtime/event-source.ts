/**
 * The event side of a node: listeners, the next event of a kind, async iteration, and the pause that a slow
 * reader asks for. `MeshNode` adds everything else; its catalogue of events stands atop `node.ts`.
 */
import { BoundedQueue } from '../base/bounded-queue.ts'
import { EarshotError } from '../base/errors.ts'
import type { ListenOptions } from './emitter.ts'
import { Emitter } from './emitter.ts'
import type { EventStreamOptions } from './event-stream.ts'
import { EventStream } from './event-stream.ts'
import type { EventOf, NextOptions, NodeEvent, NodeEventType } from './node-events.ts'
import { aborted } from './senders.ts'

type AnyListener = (event: NodeEvent) => void

export abstract class EventSource {
  readonly #emitter: Emitter<Record<NodeEventType, NodeEvent>>
  readonly #streams = new Set<EventStream<NodeEvent>>()
  /** Whoever wants the node to stop reading from its peers. */
  readonly #holders = new Set<unknown>()
  /** Events that came while another was told: a listener, or a full iterator, caused them. */
  readonly #untold = new BoundedQueue<NodeEvent>(Number.MAX_SAFE_INTEGER)
  #telling: NodeEvent | undefined
  #ended = false

  constructor(reportUncaught: (error: unknown) => void) {
    this.#emitter = new Emitter(reportUncaught)
  }

  protected abstract setPaused(paused: boolean): void
  protected abstract warnDropped(total: number): void

  /** Calls `listener` at every event of a type. One that throws harms neither the node nor other listeners. */
  on<Type extends NodeEventType>(
    type: Type,
    listener: (event: EventOf<Type>) => void,
    options?: ListenOptions,
  ): this {
    this.#emitter.add(type, listener as AnyListener, false, options)
    return this
  }

  /** Calls `listener` at the next event of a type, and then no more. */
  once<Type extends NodeEventType>(
    type: Type,
    listener: (event: EventOf<Type>) => void,
    options?: ListenOptions,
  ): this {
    this.#emitter.add(type, listener as AnyListener, true, options)
    return this
  }

  off<Type extends NodeEventType>(type: Type, listener: (event: EventOf<Type>) => void): this {
    this.#emitter.remove(type, listener as AnyListener)
    return this
  }

  /**
   * The next event of a type, perhaps only one that fits `where`. Rejects when aborted or the node stops, and
   * with whatever `where` throws.
   */
  next<Type extends NodeEventType>(
    type: Type,
    options?: NextOptions<EventOf<Type>>,
  ): Promise<EventOf<Type>> {
    const { signal, where } = options ?? {}
    if (this.#ended) return Promise.reject(notRunning())
    if (signal?.aborted) return Promise.reject(aborted(signal))
    return new Promise((resolve, reject) => {
      const end = new AbortController()
      const listening = { signal: end.signal }
      const settle = (action: () => void): void => {
        end.abort()
        action()
      }
      const take = (event: EventOf<Type>): void => {
        try {
          if (where === undefined || where(event)) settle(() => resolve(event))
        } catch (error) {
          settle(() => reject(error))
        }
      }
      this.on(type, take, listening)
      if (type !== 'stop') this.on('stop', () => settle(() => reject(notRunning())), listening)
      signal?.addEventListener('abort', () => settle(() => reject(aborted(signal))), listening)
    })
  }

  /**
   * All events from now on, for `for await`. Ends when the node stops, with its `stop` event as the last. Several
   * iterations may run; each has its own buffer (see `EventStreamOptions` for what happens when it is full).
   */
  events(options?: EventStreamOptions): EventStream<NodeEvent> {
    const owner = {
      hold: (holder: unknown, wanted: boolean) => this.hold(holder, wanted),
      dropped: (total: number) => this.#handleDropped(total),
      ended: (stream: EventStream<NodeEvent>) => this.#streams.delete(stream),
    }
    const stream = new EventStream<NodeEvent>(owner, options ?? {})
    if (this.#ended) stream.end()
    else if (options?.signal?.aborted !== true) this.#streams.add(stream)
    return stream
  }

  /** Stops reading from peers: their messages wait, in the end at their side. Presence goes on. */
  pause(): void {
    this.hold(this, true)
  }

  /** Reads on after `pause()`. */
  resume(): void {
    this.hold(this, false)
  }

  protected hold(holder: unknown, wanted: boolean): void {
    if (wanted) this.#holders.add(holder)
    else this.#holders.delete(holder)
    this.setPaused(this.#holders.size > 0)
  }

  protected releaseAll(): void {
    this.#holders.clear()
    this.setPaused(false)
  }

  /**
   * Tells everybody of an event: listeners first, then iterations. One that comes meanwhile waits until
   * everybody has heard the present one, so that all hear all in the same order. `stop` is the last of all.
   */
  protected tell(event: NodeEvent): void {
    if (this.#ended) return
    this.#untold.push(event)
    if (this.#telling !== undefined) return
    try {
      for (;;) {
        this.#telling = this.#untold.shift()
        if (this.#telling === undefined) return
        this.#tellNow(this.#telling)
      }
    } finally {
      this.#telling = undefined
    }
  }

  #tellNow(event: NodeEvent): void {
    this.#emitter.emit(event.type, event)
    for (const stream of this.#streams) stream.push(event)
    if (event.type === 'stop') this.#endEvents()
  }

  /** That an iteration has dropped the news of a drop is not worth more news, which it would drop too. */
  #handleDropped(total: number): void {
    const told = this.#telling
    if (told?.type === 'warning' && told.code === 'events-dropped') return
    this.warnDropped(total)
  }

  #endEvents(): void {
    this.#ended = true
    this.#untold.clear()
    for (const stream of [...this.#streams]) stream.end()
    this.#emitter.clear()
  }
}

export function notRunning(): EarshotError {
  return new EarshotError('ERR_EARSHOT_NOT_RUNNING', 'the node is not running')
}
