/** The binding side: listens, takes clients within the limits, and tries again when the port cannot be had. */
import type {
  ByteStream,
  Listener,
  Platform,
  SocketAddress,
  StreamHandlers,
  Timer,
} from '../../runtime/platform.ts'
import { Patience } from '../patience.ts'
import type { GossipLimits } from './limits.ts'
import type { GossipLink } from './link.ts'

export interface HubOptions {
  readonly platform: Platform
  readonly at: SocketAddress
  readonly limits: GossipLimits
  readonly makeLink: () => GossipLink
  readonly onFailed: (reason: string) => void
}

/** Milliseconds between two attempts to listen. */
const LISTEN_MS = { min: 1_000, max: 30_000 } as const

export class GossipHub {
  readonly #options: HubOptions
  readonly #patience: Patience
  readonly #links = new Set<GossipLink>()
  #listener: Listener | undefined
  #timer: Timer | undefined
  #closed = false
  #refused = 0

  constructor(options: HubOptions) {
    this.#options = options
    this.#patience = new Patience(LISTEN_MS.min, LISTEN_MS.max, options.platform.entropy)
    this.#listen()
  }

  /** Where it listens, once it does. */
  get listening(): SocketAddress | undefined {
    if (this.#listener === undefined) return undefined
    return { address: this.#options.at.address, port: this.#listener.port }
  }

  get links(): ReadonlySet<GossipLink> {
    return this.#links
  }

  /** Connections that the limits did not allow. */
  get refused(): number {
    return this.#refused
  }

  /** From a link that `makeLink` made. */
  handleEnded(link: GossipLink): void {
    this.#links.delete(link)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#listener?.close()
    this.#listener = undefined
    for (const link of this.#links) link.close()
    this.#links.clear()
  }

  #listen(): void {
    const { platform, at } = this.#options
    const handlers = {
      accepted: (stream: ByteStream) => this.#handleAccepted(stream),
      failed: ({ kind, message }: { readonly kind: string; readonly message: string }) => {
        if (kind === 'exhausted') this.#options.onFailed(message)
        else this.#handleFailed(message)
      },
    }
    platform.listen(at, handlers).then(
      (listener) => {
        if (this.#closed) {
          listener.close()
          return
        }
        this.#listener = listener
        this.#patience.reset()
      },
      (error: unknown) => this.#handleFailed(error instanceof Error ? error.message : `${error}`),
    )
  }

  #handleFailed(reason: string): void {
    if (this.#closed) return
    this.#listener?.close()
    this.#listener = undefined
    this.#options.onFailed(reason)
    const { clock } = this.#options.platform
    this.#timer = clock.setTimer(clock.now() + this.#patience.nextMs(), () => this.#listen())
  }

  #handleAccepted(stream: ByteStream): StreamHandlers | undefined {
    if (this.#closed || !this.#hasRoomFor(stream.remote.address)) {
      this.#refused++
      return undefined
    }
    const link = this.#options.makeLink()
    link.attach(stream)
    this.#links.add(link)
    return link
  }

  #hasRoomFor(address: string): boolean {
    const { clients, clientsPerAddress } = this.#options.limits
    if (this.#links.size >= clients) return false
    let ofAddress = 0
    for (const { remoteAddress } of this.#links) if (remoteAddress === address) ofAddress++
    return ofAddress < clientsPerAddress
  }
}
