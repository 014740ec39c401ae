/**
 * The life of a node: opening, running, stopping, stopped.
 */
import type { Engine } from '../mesh/engine.ts'
import type { Driver } from './driver.ts'
import { notRunning } from './event-source.ts'
import type { Mailboxes } from './mailboxes.ts'
import type { Platform } from './platform.ts'
import { checkNotAborted } from './senders.ts'

export interface LifecycleParts {
  readonly platform: Platform
  readonly engine: Engine
  readonly driver: Driver
  readonly mailboxes: Mailboxes
  /** Ends the node's life. */
  readonly signal: AbortSignal | undefined
  /** The node cannot be read any more: whoever holds it back must not. */
  readonly release: () => void
  /** All is closed. */
  readonly ended: () => void
}

export class Lifecycle {
  readonly #parts: LifecycleParts
  #state: 'opening' | 'running' | 'stopping' | 'stopped' = 'opening'
  #stopped: Promise<void> | undefined
  #onStopped: (() => void) | undefined
  readonly #stopping: (() => void)[] = []
  readonly #onAbort = (): unknown => this.stop()

  constructor(parts: LifecycleParts) {
    this.#parts = parts
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** @throws EarshotError ERR_EARSHOT_NOT_RUNNING */
  checkRunning(): void {
    if (!this.isRunning) throw notRunning()
  }

  async open(): Promise<void> {
    const { driver, mailboxes, signal } = this.#parts
    try {
      await mailboxes.open()
    } catch (error) {
      driver.close()
      this.#state = 'stopped'
      throw error
    }
    this.#state = 'running'
    if (signal?.aborted) await this.stop()
    checkNotAborted(signal)
    signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Whoever came last is called first, as it may stand on others. */
  onStopping(callback: () => void): void {
    this.#stopping.push(callback)
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    if (this.#state === 'stopped') return
    const { engine, driver, mailboxes, signal, release, ended } = this.#parts
    if (this.isRunning) this.#tellStopping()
    this.#state = 'stopping'
    signal?.removeEventListener('abort', this.#onAbort)
    release()
    const stopped = new Promise<void>((resolve) => {
      this.#onStopped = resolve
    })
    engine.stop(driver.now())
    driver.settle()
    await stopped
    this.#state = 'stopped'
    mailboxes.close()
    driver.close()
    ended()
  }

  #tellStopping(): void {
    for (const callback of this.#stopping.toReversed()) {
      try {
        callback()
      } catch (error) {
        this.#parts.platform.reportUncaught(error)
      }
    }
  }

  /** The engine has stopped. */
  handleStopped(): void {
    this.#onStopped?.()
  }
}
