/**
 * A typed event emitter, small and portable. Listeners are called in the order in which they were added; one
 * that throws does not keep the others from hearing, nor the node from working: its error is reported the
 * way the host reports uncaught errors.
 */

interface Entry {
  readonly listener: (event: never) => void
  readonly once: boolean
  /** Lets go of the signal that came with the listener. */
  readonly release: () => void
}

export interface ListenOptions {
  /** Removes the listener when aborted. */
  readonly signal?: AbortSignal
}

/** `Events` maps the name of an event to what its listeners get. */
export class Emitter<Events extends object> {
  readonly #entries = new Map<keyof Events, readonly Entry[]>()
  readonly #reportUncaught: (error: unknown) => void

  constructor(reportUncaught: (error: unknown) => void) {
    this.#reportUncaught = reportUncaught
  }

  add<Name extends keyof Events>(
    name: Name,
    listener: (event: Events[Name]) => void,
    once: boolean,
    options?: ListenOptions,
  ): void {
    const signal = options?.signal
    if (signal?.aborted) return
    const onAbort = (): unknown => this.#drop(name, entry)
    const entry: Entry = {
      listener,
      once,
      release: () => signal?.removeEventListener('abort', onAbort),
    }
    // Lists are replaced, never changed: an emit in progress goes on with the list it began with.
    this.#entries.set(name, [...(this.#entries.get(name) ?? []), entry])
    signal?.addEventListener('abort', onAbort, { once: true })
  }

  remove<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): void {
    const entry = this.#entries.get(name)?.find((each) => each.listener === listener)
    if (entry !== undefined) this.#drop(name, entry)
  }

  /** False when the entry is gone already. */
  #drop(name: keyof Events, entry: Entry): boolean {
    const entries = this.#entries.get(name) ?? []
    const kept = entries.filter((each) => each !== entry)
    if (kept.length === entries.length) return false
    this.#entries.set(name, kept)
    entry.release()
    return true
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const entries = this.#entries.get(name)
    if (entries === undefined) return
    for (const entry of entries) {
      const listener = entry.listener as (event: Events[Name]) => void
      // One that was called meanwhile, by an emit from within a listener, has had its one event.
      if (entry.once && !this.#drop(name, entry)) continue
      try {
        listener(event)
      } catch (error) {
        this.#reportUncaught(error)
      }
    }
  }

  has(name: keyof Events): boolean {
    return (this.#entries.get(name)?.length ?? 0) > 0
  }

  clear(): void {
    for (const entries of this.#entries.values()) for (const entry of entries) entry.release()
    this.#entries.clear()
  }
}
