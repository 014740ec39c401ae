/**
 * Waiting for facts: no test here sleeps. A limit ends a wait that is in vain.
 */

/** Generous, for a busy machine: reached only when something is wrong. */
export const PATIENCE_MS = 20_000

/** Things that become true later: whoever waits is asked again after each change. */
export class Facts {
  readonly #checks = new Set<() => void>()

  changed(): void {
    for (const check of [...this.#checks]) check()
  }

  /** Resolves with what `find` finds, as soon as it does; `state` tells more when it never did. */
  until<T>(what: string, find: () => T | undefined, state = () => ''): Promise<T> {
    return new Promise((resolve, reject) => {
      const patience = AbortSignal.timeout(PATIENCE_MS)
      const settle = (action: () => void): void => {
        this.#checks.delete(check)
        patience.removeEventListener('abort', giveUp)
        action()
      }
      const giveUp = (): void => {
        settle(() => reject(new Error(`waited in vain for ${what}\n${state()}`)))
      }
      const check = (): void => {
        const found = find()
        if (found !== undefined) settle(() => resolve(found))
      }
      patience.addEventListener('abort', giveUp)
      this.#checks.add(check)
      check()
    })
  }
}
