/**
 * Suspension: a node that gives up its sockets and timers for a while, on hosts that will not let it run (a phone whose
 * application is in the background), and is itself again afterwards.
 *
 * Earshot peers are told on a channel of their own, `sleep`, how long it may take: a message of four bytes, the
 * milliseconds in network order. They keep the node among their peers for that time, and what they have for it waits.
 */
import type { PeerId } from '../base/peer-id.ts'
import type { Engine } from '../mesh/engine.ts'
import { type Channels, channelMark } from './channels.ts'
import type { Driver } from './driver.ts'
import type { Mailboxes } from './mailboxes.ts'
import { badOption } from './options.ts'

export interface SuspendOptions {
  /** For how long peers shall wait, in milliseconds: after that they take the node for gone. Default: a minute. */
  readonly forMs?: number
}

const CHANNEL = 'sleep'
const FOR_MS = 60_000
const FOR_MS_MAX = 0xffff_ffff

export interface SuspensionParts {
  readonly engine: Engine
  readonly driver: Driver
  readonly mailboxes: Mailboxes
  readonly channels: Channels
  /** Throws unless the node is running. */
  readonly checkRunning: () => void
}

export class Suspension {
  readonly #parts: SuspensionParts
  #suspended: Promise<void> | undefined
  #resumed: Promise<void> | undefined
  #onSuspended: (() => void) | undefined

  constructor(parts: SuspensionParts) {
    this.#parts = parts
    parts.channels.open(CHANNEL, ({ id }, [bytes]) => this.#handleSleep(id, bytes))
  }

  get isSuspended(): boolean {
    return this.#suspended !== undefined
  }

  /** Rejects with ERR_EARSHOT_BAD_OPTION. */
  async suspend({ forMs = FOR_MS }: SuspendOptions): Promise<void> {
    if (!(forMs >= 0 && forMs <= FOR_MS_MAX)) {
      throw badOption('forMs', `milliseconds from 0 to ${FOR_MS_MAX}`)
    }
    if (this.#resumed !== undefined) {
      await this.#resumed.catch(() => {}) // whoever asked for it hears of its failure
      this.#parts.checkRunning()
    }
    this.#suspended ??= this.#suspend(forMs)
    await this.#suspended
  }

  async #suspend(forMs: number): Promise<void> {
    const { engine, driver, mailboxes } = this.#parts
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setUint32(0, forMs)
    const suspended = new Promise<void>((resolve) => {
      this.#onSuspended = resolve
    })
    engine.suspend([channelMark(CHANNEL), bytes], driver.now())
    driver.settle()
    await suspended
    if (engine.isAsleep) mailboxes.pause() // and has not been stopped
  }

  /** The engine has closed all links. */
  handleSuspended(): void {
    this.#onSuspended?.()
  }

  /** Rejects with ERR_EARSHOT_PORT_IN_USE when the beacon port was taken meanwhile; then it is still suspended. */
  resume(): Promise<void> {
    if (this.#suspended === undefined) return Promise.resolve()
    this.#resumed ??= this.#resume(this.#suspended).finally(() => {
      this.#resumed = undefined
    })
    return this.#resumed
  }

  async #resume(suspended: Promise<void>): Promise<void> {
    const { engine, driver, mailboxes } = this.#parts
    await suspended
    await mailboxes.resume()
    this.#suspended = undefined
    if (!engine.isAsleep) return // it was stopped meanwhile
    engine.resume(driver.now())
    driver.settle()
  }

  #handleSleep(id: PeerId, bytes: Uint8Array | undefined): void {
    if (bytes?.length !== 4) return
    const { engine, driver } = this.#parts
    const ms = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
    engine.handleAsleep(id, ms, driver.now())
    driver.settle()
  }
}
