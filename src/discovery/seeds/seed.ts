/**
 * One seed: an address, or a name that is resolved from time to time.
 *
 *     asleep ──wake──► asking ──answer──► waiting ──► asking …
 *        ▲               │ ▲                │
 *        │             sleep wake           │
 *        │               ▼ │                │
 *        ├───answer── abandoned           sleep
 *        └──────────────────────────────────┘
 *
 * The host's resolver cannot be stopped: a question that was asked before the node fell asleep goes on, and no second is
 * asked beside it.
 */
import type { SocketAddress, Timer } from '../../runtime/platform.ts'
import type { DiscoveryHost } from '../host.ts'
import { Patience } from '../patience.ts'
import type { Place } from '../place.ts'

type State =
  | { readonly kind: 'asleep' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'abandoned' }
  | { readonly kind: 'waiting'; readonly timer: Timer }

/** Milliseconds for which what a name leads to is believed. */
const RESOLVE_MS = 30_000
/** Milliseconds to the next question after one without an answer. */
const RETRY_MS = { min: 1_000, max: 60_000 } as const

export class Seed {
  readonly #host: DiscoveryHost
  readonly #place: Place
  readonly #onAddresses: (seed: Seed) => void
  readonly #patience: Patience
  #addresses: readonly SocketAddress[] = []
  #state: State = { kind: 'asleep' }
  #patientSince = Number.NEGATIVE_INFINITY
  #lookups = 0
  #failures = 0

  /** `onAddresses`: the name was resolved. The last thing that is done: it may put the seed to sleep. */
  constructor(host: DiscoveryHost, place: Place, onAddresses: (seed: Seed) => void) {
    this.#host = host
    this.#place = place
    this.#onAddresses = onAddresses
    this.#patience = new Patience(RETRY_MS.min, RETRY_MS.max, host.platform.entropy)
    if (place.kind === 'address') this.#addresses = [place.to]
  }

  /** What the name led to when it was last resolved, as the resolver orders them. */
  get addresses(): readonly SocketAddress[] {
    return this.#addresses
  }

  get isUnresolved(): boolean {
    return this.#addresses.length === 0 || this.#patience.failures > 0
  }

  get lookups(): number {
    return this.#lookups
  }

  get failures(): number {
    return this.#failures
  }

  /** There is a network, or another one: the name is asked for at once, unless a question is under way. */
  wake(): void {
    const now = this.#host.platform.clock.now()
    if (now - this.#patientSince >= RETRY_MS.max) {
      // A network that comes and goes gains nothing by questions in ever quicker succession.
      this.#patientSince = now
      this.#patience.reset()
    }
    if (this.#state.kind === 'waiting') this.#state.timer.cancel()
    if (this.#state.kind === 'abandoned') this.#state = { kind: 'asking' }
    else if (this.#state.kind !== 'asking') this.#ask()
  }

  sleep(): void {
    if (this.#state.kind === 'waiting') this.#state.timer.cancel()
    const isAsked = this.#state.kind === 'asking' || this.#state.kind === 'abandoned'
    this.#state = { kind: isAsked ? 'abandoned' : 'asleep' }
  }

  #ask(): void {
    if (this.#place.kind === 'address') return
    const { name, port } = this.#place
    this.#lookups++
    this.#state = { kind: 'asking' }
    this.#host.platform.resolve!(name).then(
      (addresses) => {
        if (!this.#takeAnswer()) return
        if (addresses.length === 0) this.#handleFailure('it has no address')
        else this.#handleAddresses(addresses.map((address) => ({ address, port })))
      },
      (error: unknown) => {
        if (!this.#takeAnswer()) return
        this.#handleFailure(error instanceof Error ? error.message : `${error}`)
      },
    )
  }

  /** Whether somebody still waits for it. */
  #takeAnswer(): boolean {
    if (this.#state.kind === 'asking') return true
    this.#state = { kind: 'asleep' }
    return false
  }

  #handleAddresses(addresses: readonly SocketAddress[]): void {
    this.#patience.reset()
    this.#addresses = addresses
    this.#askAgain(RESOLVE_MS)
    this.#onAddresses(this)
  }

  /** What the name led to before is still proposed: who is there need not be gone. */
  #handleFailure(reason: string): void {
    this.#failures++
    this.#askAgain(this.#patience.nextMs())
    this.#host.warn('seed-unresolved', `${this.#place.text}: ${reason}`)
  }

  #askAgain(afterMs: number): void {
    const { clock } = this.#host.platform
    const timer = clock.setTimer(clock.now() + afterMs, () => this.#ask())
    this.#state = { kind: 'waiting', timer }
  }
}
