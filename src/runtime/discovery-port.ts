/**
 * What ways of discovery have of a node: they learn where it can be reached, to tell others, and tell it where others
 * may be. See `discovery/host.ts`.
 */
import type { Engine } from '../mesh/engine.ts'
import type { Candidate, Mailbox } from './candidate.ts'
import type { Driver } from './driver.ts'
import type { Platform } from './platform.ts'

type Follower = (mailboxes: readonly Mailbox[]) => void

export class DiscoveryPort {
  readonly #platform: Platform
  readonly #engine: Engine
  readonly #driver: Driver
  readonly #followers = new Set<Follower>()
  #mailboxes: readonly Mailbox[] = []

  constructor(platform: Platform, engine: Engine, driver: Driver) {
    this.#platform = platform
    this.#engine = engine
    this.#driver = driver
  }

  propose({ way, id, endpoints }: Candidate): void {
    this.#engine.handleCandidate(way, id, endpoints, this.#driver.now())
    this.#driver.settle()
  }

  handleMailboxes(mailboxes: readonly Mailbox[]): void {
    this.#mailboxes = mailboxes
    for (const follower of [...this.#followers]) this.#tell(follower)
  }

  /** Calls back at the end of this turn, and at every change. */
  follow(callback: Follower): () => void {
    const follower: Follower = (mailboxes) => callback(mailboxes)
    this.#followers.add(follower)
    this.#platform.clock.endOfTurn(() => this.#tell(follower))
    return () => this.#followers.delete(follower)
  }

  #tell(follower: Follower): void {
    if (!this.#followers.has(follower)) return
    try {
      follower(this.#mailboxes)
    } catch (error) {
      this.#platform.reportUncaught(error)
    }
  }
}
