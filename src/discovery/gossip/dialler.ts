/**
 * Keeps a connection to one hub: resolves its name at each attempt, dials its addresses in turn, and dials again when the
 * connection is lost, less and less often.
 *
 *     asleep ──wake──► seeking ──► linked ──► waiting ──► seeking …
 *        ▲                                       │
 *        └───────────────── sleep, from anywhere ┘
 */
import type { Platform, SocketAddress, Timer } from '../../runtime/platform.ts'
import { Patience } from '../patience.ts'
import type { Place } from '../place.ts'
import type { GossipLink } from './link.ts'
import { describeEnd, type LinkEnd } from './link-end.ts'

export interface DiallerOptions {
  readonly platform: Platform
  readonly hub: Place
  /** A link to be attached to the stream that it is dialled with. */
  readonly makeLink: (source: string) => GossipLink
  /**
   * The hub cannot be reached, for the third time in a row: told once until it was reached. The last thing that is done:
   * it may put the dialler to sleep.
   */
  readonly onUnreachable: (reason: string) => void
}

type State =
  | { readonly kind: 'asleep' }
  | { readonly kind: 'seeking'; readonly attempt: number }
  | {
      readonly kind: 'linked'
      readonly link: GossipLink
      readonly to: SocketAddress
      readonly since: number
    }
  | { readonly kind: 'waiting'; readonly timer: Timer }

const ASLEEP: State = { kind: 'asleep' }
/** Milliseconds between two attempts. */
const REDIAL_MS = { min: 250, max: 30_000 } as const
/** Milliseconds that a link must have lasted for its loss to be redialled soon. */
const STEADY_MS = 5_000
/** Failures in a row after which the application is told. */
const FAILURES_TOLD = 3
/** Milliseconds to the next look when the hub turned out to be this very node: all nodes may have the same options. */
const OWN_MS = 60_000
/** Addresses of a name that are remembered as our own: whoever has more of them may wait. */
const OWN_MAX = 64

export class GossipDialler {
  readonly #options: DiallerOptions
  readonly #patience: Patience
  /** Addresses at which we met ourselves, and when: the name may lead to others, too. */
  readonly #own = new Map<string, number>()
  #state: State = ASLEEP
  #attempts = 0
  #dials = 0

  constructor(options: DiallerOptions) {
    this.#options = options
    this.#patience = new Patience(REDIAL_MS.min, REDIAL_MS.max, options.platform.entropy)
  }

  /** Links dialled, and names that could not be resolved. */
  get dials(): number {
    return this.#dials
  }

  get link(): GossipLink | undefined {
    return this.#state.kind === 'linked' ? this.#state.link : undefined
  }

  /** There is a network, or another one: whatever waits is tried at once. */
  wake(): void {
    this.#own.clear()
    if (this.#state.kind === 'seeking' || this.#state.kind === 'linked') return
    if (this.#state.kind === 'waiting') this.#state.timer.cancel()
    this.#patience.reset()
    this.#seek()
  }

  /** Ends the link, sending first what can be sent without waiting. */
  sleep(): void {
    const state = this.#state
    this.#state = ASLEEP
    if (state.kind === 'waiting') state.timer.cancel()
    if (state.kind === 'linked') state.link.close()
  }

  /** From the link that `makeLink` made. */
  handleEnded(link: GossipLink, end: LinkEnd): void {
    if (this.#state.kind !== 'linked' || this.#state.link !== link) return
    if (end.kind === 'own') {
      this.#handleOwn(this.#state.to.address)
      return
    }
    if (this.#now - this.#state.since >= STEADY_MS) this.#patience.reset()
    this.#fail(describeEnd(end))
  }

  /** From the link, once its handshake is complete. */
  handleOpened(link: GossipLink): void {
    if (this.#state.kind !== 'linked' || this.#state.link !== link) return
    this.#state = { ...this.#state, since: this.#now }
  }

  get #now(): number {
    return this.#options.platform.clock.now()
  }

  #seek(): void {
    const { hub, platform } = this.#options
    const attempt = ++this.#attempts
    this.#dials++
    this.#state = { kind: 'seeking', attempt }
    if (hub.kind === 'address') {
      this.#dial(hub.to)
      return
    }
    const isCurrent = (): boolean =>
      this.#state.kind === 'seeking' && this.#state.attempt === attempt
    platform.resolve!(hub.name).then(
      (addresses) => {
        if (!isCurrent()) return
        const others = addresses.filter((each) => !this.#isOwn(each))
        const address = others[(attempt - 1) % others.length]
        if (address !== undefined) this.#dial({ address, port: hub.port })
        else if (addresses.length > 0) this.#waitFor(OWN_MS)
        else this.#fail(`the name ${hub.name} has no address`)
      },
      () => {
        if (isCurrent()) this.#fail(`the name ${hub.name} cannot be resolved`)
      },
    )
  }

  /** The name may lead to others as well, who shall not have to wait until we have looked again. */
  #handleOwn(address: string): void {
    for (const each of [...this.#own.keys()]) if (!this.#isOwn(each)) this.#own.delete(each)
    this.#own.set(address, this.#now)
    if (this.#options.hub.kind === 'name' && this.#own.size < OWN_MAX) this.#seek()
    else this.#waitFor(OWN_MS)
  }

  #isOwn(address: string): boolean {
    return this.#now - (this.#own.get(address) ?? Number.NEGATIVE_INFINITY) < OWN_MS
  }

  #dial(to: SocketAddress): void {
    const { platform, makeLink, hub } = this.#options
    const link = makeLink(hub.text)
    this.#state = { kind: 'linked', link, to, since: Number.POSITIVE_INFINITY }
    link.attach(platform.dial({ to }, link))
  }

  #fail(reason: string): void {
    this.#waitFor(this.#patience.nextMs())
    if (this.#patience.failures === FAILURES_TOLD) {
      this.#options.onUnreachable(`${this.#options.hub.text}: ${reason}`)
    }
  }

  #waitFor(ms: number): void {
    const { clock } = this.#options.platform
    const timer = clock.setTimer(clock.now() + ms, () => this.#seek())
    this.#state = { kind: 'waiting', timer }
  }
}
