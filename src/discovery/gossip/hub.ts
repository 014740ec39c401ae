/**
 * The binding side: listens, takes clients within the limits, and tries again when the port cannot be had.
 *
 *     asleep ──wake──► opening ──► listening ──► waiting ──► opening …
 *        ▲                            │
 *        └──── sleep, from anywhere ──┘
 */
import type {
  ByteStream,
  IoFailure,
  Listener,
  Platform,
  SocketAddress,
  StreamHandlers,
  Timer,
} from '../../runtime/platform.ts'
import { strangerAt } from '../addresses.ts'
import { Patience } from '../patience.ts'
import { Allowance } from './allowance.ts'
import type { GossipLimits } from './limits.ts'
import type { GossipLink } from './link.ts'

export interface HubOptions {
  readonly platform: Platform
  readonly at: SocketAddress
  readonly limits: GossipLimits
  /** A link to be attached to a stream that came. */
  readonly makeLink: (allowance: Allowance) => GossipLink
  /** The last thing that is done: it may put the hub to sleep. */
  readonly onFailed: (reason: string) => void
}

type State =
  | { readonly kind: 'asleep' }
  /** Not wanted any more when the hub fell asleep meanwhile. */
  | { readonly kind: 'opening'; isWanted: boolean }
  | { readonly kind: 'listening'; readonly listener: Listener }
  | { readonly kind: 'waiting'; readonly timer: Timer }

const ASLEEP: State = { kind: 'asleep' }
/** Milliseconds between two attempts to listen. */
const LISTEN_MS = { min: 1_000, max: 30_000 } as const

export class GossipHub {
  readonly #options: HubOptions
  readonly #patience: Patience
  /** All that have a socket, those that serve no more included. */
  readonly #links = new Set<GossipLink>()
  /** By stranger: outlives its connections, or each new one would begin afresh. */
  readonly #allowances = new Map<string, Allowance>()
  #state: State = ASLEEP
  #refused = 0

  constructor(options: HubOptions) {
    this.#options = options
    this.#patience = new Patience(LISTEN_MS.min, LISTEN_MS.max, options.platform.entropy)
  }

  /** Where it listens, once it does. */
  get listening(): SocketAddress | undefined {
    if (this.#state.kind !== 'listening') return undefined
    return { address: this.#options.at.address, port: this.#state.listener.port }
  }

  get links(): ReadonlySet<GossipLink> {
    return this.#links
  }

  /** Connections that the limits did not allow. */
  get refused(): number {
    return this.#refused
  }

  /** There is a network, or another one: the port is opened, unless it is open. */
  wake(): void {
    const state = this.#state
    if (state.kind === 'listening') return
    if (state.kind === 'opening') {
      state.isWanted = true
      return
    }
    if (state.kind === 'waiting') state.timer.cancel()
    this.#patience.reset()
    this.#listen()
  }

  /** Gives up the port, and ends all links, sending first what can be sent without waiting. */
  sleep(): void {
    const state = this.#state
    if (state.kind === 'opening') state.isWanted = false
    else this.#state = ASLEEP
    if (state.kind === 'waiting') state.timer.cancel()
    if (state.kind === 'listening') state.listener.close()
    for (const link of [...this.#links]) link.close()
    this.#allowances.clear()
  }

  /** From a link that `makeLink` made. */
  handleGone(link: GossipLink): void {
    this.#links.delete(link)
  }

  #listen(): void {
    const { platform, at } = this.#options
    const opening = { kind: 'opening' as const, isWanted: true }
    this.#state = opening
    const handlers = {
      accepted: (stream: ByteStream) => this.#handleAccepted(stream),
      failed: (failure: IoFailure) => this.#handleFailure(failure),
    }
    platform.listen(at, handlers).then(
      (listener) => {
        if (!opening.isWanted) {
          listener.close()
          this.#state = ASLEEP
          return
        }
        this.#state = { kind: 'listening', listener }
        this.#patience.reset()
      },
      (error: unknown) => {
        if (opening.isWanted) this.#retry(error instanceof Error ? error.message : `${error}`)
        else this.#state = ASLEEP
      },
    )
  }

  #handleFailure({ kind, message }: IoFailure): void {
    if (this.#state.kind !== 'listening') return
    if (kind === 'exhausted') {
      this.#options.onFailed(message)
      return
    }
    this.#state.listener.close()
    this.#retry(message)
  }

  #retry(reason: string): void {
    const { clock } = this.#options.platform
    const timer = clock.setTimer(clock.now() + this.#patience.nextMs(), () => this.#listen())
    this.#state = { kind: 'waiting', timer }
    this.#options.onFailed(reason)
  }

  #handleAccepted(stream: ByteStream): StreamHandlers | undefined {
    const who = strangerAt(stream.remote.address)
    if (!this.#isOpen || !this.#hasRoomFor(who)) {
      this.#refused++
      return undefined
    }
    const link = this.#options.makeLink(this.#allowanceOf(who))
    link.attach(stream)
    this.#links.add(link)
    return link
  }

  get #isOpen(): boolean {
    const state = this.#state
    return state.kind === 'listening' || (state.kind === 'opening' && state.isWanted)
  }

  #hasRoomFor(who: string): boolean {
    const { clients, clientsPerAddress } = this.#options.limits
    if (this.#links.size >= clients) return false
    let ofStranger = 0
    for (const { source } of this.#links) if (source === who) ofStranger++
    return ofStranger < clientsPerAddress
  }

  #allowanceOf(who: string): Allowance {
    const { limits, platform } = this.#options
    const now = platform.clock.now()
    let allowance = this.#allowances.get(who)
    if (allowance === undefined) {
      if (this.#allowances.size >= 2 * limits.clients) this.#forgetAllowances(now)
      allowance = new Allowance(limits, now)
      this.#allowances.set(who, allowance)
    }
    return allowance
  }

  /** Of those who are not here: all that forgetting does no harm, and at least one. */
  #forgetAllowances(now: number): void {
    const here = new Set([...this.#links].map(({ source }) => source))
    const absent = [...this.#allowances].filter(([who]) => !here.has(who))
    for (const [i, [who, allowance]] of absent.entries()) {
      if (i === 0 || allowance.isWhole(now)) this.#allowances.delete(who)
    }
  }
}
