/**
 * A typed event emitter, small and portable. Listeners are called in the order in which they were added; one
 * that throws does not keep the others from hearing, nor the node from working: its error is reported the
 * way the host reports uncaught errors.
 */

interface Entry {
  readonly listener: (event: never) => void
  readonly once: boolean
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
    if (options?.signal?.aborted) return
    // Lists are replaced, never changed: an emit in progress goes on with the list it began with.
    this.#entries.set(name, [...(this.#entries.get(name) ?? []), { listener, once }])
    options?.signal?.addEventListener('abort', () => this.remove(name, listener), { once: true })
  }

  remove<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): void {
    const entries = this.#entries.get(name)
    if (entries === undefined) return
    const index = entries.findIndex((entry) => entry.listener === listener)
    if (index >= 0) this.#entries.set(name, entries.toSpliced(index, 1))
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const entries = this.#entries.get(name)
    if (entries === undefined) return
    for (const entry of entries) {
      const listener = entry.listener as (event: Events[Name]) => void
      if (entry.once) this.remove(name, listener)
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
    this.#entries.clear()
  }
}
