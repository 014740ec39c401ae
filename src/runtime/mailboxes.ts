/**
 * Mailboxes: the node's places on the network. Chooses the interfaces, opens a TCP listener where peers can
 * reach us and the UDP port for beacons, and looks again every second whether the network has changed.
 *
 * With interfaces named, exactly their addresses are listened on, and only datagrams from their subnets are
 * heard. Without, one listener serves every address that this host has or will have.
 */
import { EarshotError } from '../base/errors.ts'
import type { Mailbox } from '../mesh/context.ts'
import type { WarningCode } from '../mesh/warning-codes.ts'
import { broadcastAddress, inSubnet, selectInterfaces } from './interface-selection.ts'
import type {
  ByteStream,
  DatagramPort,
  IoFailure,
  Listener,
  ListenHandlers,
  NetworkInterface,
  Platform,
  SocketAddress,
  StreamHandlers,
  Timer,
} from './platform.ts'

export interface MailboxOptions {
  /** Names, addresses or subnets of the interfaces to use; `undefined`: every usable one. */
  readonly interfaces: readonly string[] | undefined
  /** UDP port of the beacons. */
  readonly beaconPort: number
  /** TCP port of the mailbox, or `undefined` for a random one in the range of RFC 36. */
  readonly mailboxPort: number | undefined
}

/** Whom the mailboxes tell what happens. */
export interface MailboxEvents {
  changed(mailboxes: readonly Mailbox[]): void
  accepted(stream: ByteStream): StreamHandlers | undefined
  datagram(bytes: Uint8Array, from: SocketAddress): void
  warn(code: WarningCode, reason: string): void
}

/** RFC 36: "the mailbox port … in the dynamic port range [%C000x - %FFFFx]". */
const MAILBOX_PORTS = { first: 0xc000, count: 0x4000 } as const
const PORT_ATTEMPTS = 64
const ANY_ADDRESS = '0.0.0.0'
/** Hosts give no notice when an interface changes; asking is cheap. */
const LOOK_EVERY_MS = 1_000

export class Mailboxes {
  readonly #platform: Platform
  readonly #options: MailboxOptions
  readonly #events: MailboxEvents
  /** By listened address. */
  readonly #listeners = new Map<string, Listener>()
  #datagrams: DatagramPort | undefined
  #port: number | undefined
  #used: readonly NetworkInterface[] = []
  #fingerprint = ''
  #timer: Timer | undefined
  #closed = false

  constructor(platform: Platform, options: MailboxOptions, events: MailboxEvents) {
    this.#platform = platform
    this.#options = options
    this.#events = events
    this.#port = options.mailboxPort
  }

  /**
   * Opens everything; `opened` gets the port to send beacons from, before the first one is due. Rejects with
   * ERR_EARSHOT_NO_INTERFACE or ERR_EARSHOT_PORT_IN_USE, leaving nothing open.
   */
  async open(opened: (datagrams: DatagramPort) => void): Promise<void> {
    try {
      this.#select(true)
      await this.#listenWhereNeeded()
      const { beaconPort } = this.#options
      this.#datagrams = await this.#platform.openDatagrams(beaconPort, {
        datagram: (bytes, from) => this.#handleDatagram(bytes, from),
        failed: (failure) => this.#events.warn('datagram-failed', failure.message),
      })
    } catch (error) {
      this.close()
      throw error
    }
    opened(this.#datagrams)
    this.#announce()
    this.#lookLater()
  }

  /** The interfaces in use. */
  get used(): readonly NetworkInterface[] {
    return this.#used
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#datagrams?.close()
    for (const listener of this.#listeners.values()) listener.close()
    this.#listeners.clear()
  }

  /** Chooses interfaces; true when the choice is another than before. */
  #select(first: boolean): boolean {
    const all = this.#platform.interfaces()
    const { used, unmatched } = selectInterfaces(all, this.#options.interfaces)
    if (first && (unmatched.length > 0 || used.length === 0)) {
      throw new EarshotError('ERR_EARSHOT_NO_INTERFACE', noInterfaceMessage(all, unmatched))
    }
    const fingerprint = used
      .map((each) => `${each.name} ${each.address}/${each.prefixLength}`)
      .join()
    if (fingerprint === this.#fingerprint) return false
    this.#fingerprint = fingerprint
    this.#used = used
    return true
  }

  // Listening

  async #listenWhereNeeded(): Promise<void> {
    const wanted =
      this.#options.interfaces === undefined
        ? [ANY_ADDRESS]
        : this.#used.map((each) => each.address)
    for (const [address, listener] of this.#listeners) {
      if (wanted.includes(address)) continue
      listener.close()
      this.#listeners.delete(address)
    }
    for (const address of wanted) {
      if (this.#closed || this.#listeners.has(address)) continue
      const listener = await this.#listen(address)
      if (this.#closed) listener.close()
      else this.#listeners.set(address, listener)
    }
  }

  /** All addresses share one port. A fixed port must be free; a random one is tried until one is. */
  async #listen(address: string): Promise<Listener> {
    if (this.#port !== undefined) return this.#listenOn(address, this.#port)
    for (let attempt = 1; ; attempt++) {
      const offset = Math.floor(this.#platform.entropy.random() * MAILBOX_PORTS.count)
      try {
        const listener = await this.#listenOn(address, MAILBOX_PORTS.first + offset)
        this.#port = listener.port
        return listener
      } catch (error) {
        const inUse = error instanceof EarshotError && error.code === 'ERR_EARSHOT_PORT_IN_USE'
        if (!inUse || attempt >= PORT_ATTEMPTS) throw error
      }
    }
  }

  #listenOn(address: string, port: number): Promise<Listener> {
    const handlers: ListenHandlers = {
      accepted: (stream) => this.#events.accepted(stream),
      failed: (failure) => this.#handleListenerFailure(address, failure),
    }
    return this.#platform.listen({ address, port }, handlers)
  }

  #handleListenerFailure(address: string, failure: IoFailure): void {
    if (failure.kind === 'exhausted') {
      this.#events.warn('accept-failed', failure.message)
      return
    }
    this.#events.warn('mailbox-failed', `the mailbox on ${address} failed: ${failure.message}`)
    this.#listeners.delete(address)
    this.#fingerprint = '' // the next look opens it again
  }

  // Datagrams

  #handleDatagram(bytes: Uint8Array, from: SocketAddress): void {
    const chosenOnly = this.#options.interfaces !== undefined
    if (chosenOnly && !this.#used.some((each) => inSubnet(from.address, each))) return
    this.#events.datagram(bytes, from)
  }

  // Changes

  #announce(): void {
    const port = this.#port
    if (port === undefined) return
    const { beaconPort } = this.#options
    const mailboxes = this.#used.map((each): Mailbox => {
      const address = broadcastAddress(each.address, each.prefixLength)
      const beaconTo = address === undefined ? undefined : { address, port: beaconPort }
      return { interfaceName: each.name, address: each.address, port, beaconTo }
    })
    this.#events.changed(mailboxes)
  }

  #lookLater(): void {
    if (this.#closed) return
    const at = this.#platform.clock.now() + LOOK_EVERY_MS
    this.#timer = this.#platform.clock.setTimer(at, () => {
      this.#look().catch((error: unknown) => this.#platform.reportUncaught(error))
    })
  }

  async #look(): Promise<void> {
    if (this.#select(false)) {
      try {
        await this.#listenWhereNeeded()
      } catch (error) {
        this.#fingerprint = ''
        this.#events.warn('mailbox-failed', error instanceof Error ? error.message : String(error))
      }
      if (this.#closed) return
      const names = this.#used.map((each) => `${each.name} (${each.address})`).join(', ')
      this.#events.warn(
        'interface-changed',
        `the network changed; now in use: ${names || 'nothing'}`,
      )
      this.#announce()
    }
    this.#lookLater()
  }
}

function noInterfaceMessage(
  all: readonly NetworkInterface[],
  unmatched: readonly string[],
): string {
  const there = all
    .filter((each) => each.family === 'IPv4')
    .map((each) => `${each.name} (${each.address})`)
  const available =
    there.length > 0 ? `available: ${there.join(', ')}` : 'this host has none with IPv4'
  if (unmatched.length === 0) return `no usable network interface; ${available}`
  return `no network interface matches ${unmatched.join(', ')}; ${available}`
}
