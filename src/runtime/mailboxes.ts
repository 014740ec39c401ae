/**
 * Mailboxes: the node's places on the network. Chooses the interfaces, opens a TCP listener where peers can
 * reach us and the UDP port for beacons, and looks again every second whether the network has changed.
 *
 * With interfaces named, exactly their addresses are listened on, and only datagrams from their subnets are
 * heard. Without, one listener serves every address that this host has or will have. Either way only what has
 * an open listener is announced.
 *
 * One UDP socket on the beacon port hears everything; each mailbox's beacons leave from a socket of their own,
 * bound to its address, because peers learn our address from a beacon's source. Those are on ports that the
 * host chooses: on the beacon port they would be given the datagrams that are for the first. (The source port
 * of a beacon means nothing.) Which interface a beacon leaves by is still for the host's routes to say: where
 * two interfaces are in one subnet, it can be either.
 */
import { EarshotError } from '../base/errors.ts'
import type { Mailbox } from '../mesh/context.ts'
import type { WarningCode } from '../mesh/warning-codes.ts'
import type { InterfaceUse, InterfaceWish } from './interface-selection.ts'
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
  /** Which interfaces to use; `undefined`: every usable one. */
  readonly interfaces: InterfaceWish | undefined
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
  /** What beacons are sent from, by mailbox address. */
  readonly #senders = new Map<string, DatagramPort>()
  #receiver: DatagramPort | undefined
  #port: number | undefined
  #all: readonly InterfaceUse[] = []
  #used: readonly NetworkInterface[] = []
  #fingerprint = ''
  /** The addresses that were announced last. */
  #announced = ''
  #timer: Timer | undefined
  #looking: Promise<void> | undefined
  #closed = false

  constructor(platform: Platform, options: MailboxOptions, events: MailboxEvents) {
    this.#platform = platform
    this.#options = options
    this.#events = events
  }

  /**
   * Opens everything. Rejects with ERR_EARSHOT_NO_INTERFACE or ERR_EARSHOT_PORT_IN_USE, leaving nothing open.
   */
  async open(): Promise<void> {
    try {
      this.#select(true)
      await this.#listenFirst()
      await this.#openReceiver()
      await this.#followSenders()
    } catch (error) {
      this.close()
      throw error
    }
    this.#announce()
    this.#lookLater()
  }

  /** Where peers reach this node: `tcp://address:port` for each interface in use whose mailbox is open. */
  get endpoints(): string[] {
    return this.#served().map(({ address }) => `tcp://${address}:${this.#port}`)
  }

  /** All of the host's, as they were when last looked at, and why those are not used that are not. */
  get all(): readonly InterfaceUse[] {
    return this.#all
  }

  /** Sends a beacon from the mailbox's address. The bytes belong to the mailboxes from here on. */
  send(bytes: Uint8Array, { address, beaconTo }: Mailbox): void {
    if (beaconTo !== undefined) this.#senders.get(address)?.send(bytes, beaconTo)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#receiver?.close()
    closeExcept(this.#senders, [])
    closeExcept(this.#listeners, [])
  }

  /** Closes everything for a while, as if there was no network. */
  pause(): void {
    this.close()
    this.#receiver = undefined
    this.#fingerprint = ''
    this.#used = []
    this.#announce()
  }

  /** Opens everything again, on the same ports. Rejects with ERR_EARSHOT_PORT_IN_USE when that of the beacons is taken. */
  async resume(): Promise<void> {
    await this.#looking // it has found everything closed
    this.#closed = false
    try {
      await this.#openReceiver()
    } catch (error) {
      this.#closed = true
      throw error
    }
    this.#selectAgain()
    await this.#look()
  }

  /** Chooses interfaces; true when the choice is another than before. */
  #select(first: boolean): boolean {
    const all = this.#platform.interfaces()
    const { all: uses, used, unmatched } = selectInterfaces(all, this.#options.interfaces)
    this.#all = uses
    if (first && (unmatched.length > 0 || used.length === 0)) {
      throw new EarshotError('ERR_EARSHOT_NO_INTERFACE', noInterfaceMessage(all, unmatched))
    }
    const fingerprint = fingerprintOf(used)
    if (fingerprint === this.#fingerprint) return false
    this.#fingerprint = fingerprint
    this.#used = used
    return true
  }

  // Listening

  /** All addresses share one port. A fixed one must be free; random ones are tried until one is, everywhere. */
  async #listenFirst(): Promise<void> {
    const { mailboxPort } = this.#options
    for (let attempt = 1; ; attempt++) {
      const offset = Math.floor(this.#platform.entropy.random() * MAILBOX_PORTS.count)
      this.#port = mailboxPort ?? MAILBOX_PORTS.first + offset
      try {
        for (const address of this.#wanted()) await this.#openListener(address, this.#port)
        return
      } catch (error) {
        closeExcept(this.#listeners, [])
        const inUse = error instanceof EarshotError && error.code === 'ERR_EARSHOT_PORT_IN_USE'
        if (mailboxPort !== undefined || !inUse || attempt >= PORT_ATTEMPTS) throw error
      }
    }
  }

  /** Closes what is not wanted any more and opens what is; what fails is tried again at the next look. */
  async #followListeners(): Promise<void> {
    const wanted = this.#wanted()
    closeExcept(this.#listeners, wanted)
    for (const address of wanted) {
      try {
        await this.#openListener(address, this.#port!)
      } catch (error) {
        this.#warn('mailbox-failed', error)
      }
    }
  }

  #wanted(): readonly string[] {
    return this.#options.interfaces === undefined
      ? [ANY_ADDRESS]
      : this.#used.map((each) => each.address)
  }

  async #openListener(address: string, port: number): Promise<void> {
    if (this.#closed || this.#listeners.has(address)) return
    const listener = await this.#listenOn(address, port)
    if (this.#closed) listener.close()
    else this.#listeners.set(address, listener)
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
    this.#listeners.delete(address) // the next look opens it again
  }

  // Datagrams

  async #openReceiver(): Promise<void> {
    this.#receiver = await this.#platform.openDatagrams(
      { port: this.#options.beaconPort },
      {
        datagram: (bytes, from) => this.#handleDatagram(bytes, from),
        failed: (failure) => this.#events.warn('datagram-failed', failure.message),
      },
    )
  }

  /** As with listeners; without a sender a mailbox is known to us alone, until the next look. */
  async #followSenders(): Promise<void> {
    const able = this.#used.filter(
      (each) => broadcastAddress(each.address, each.prefixLength) !== undefined,
    )
    const wanted = able.map((each) => each.address)
    closeExcept(this.#senders, wanted)
    for (const address of wanted) {
      if (this.#closed || this.#senders.has(address)) continue
      try {
        const sender = await this.#openSender(address)
        if (this.#closed) sender.close()
        else this.#senders.set(address, sender)
      } catch (error) {
        this.#warn('datagram-failed', error)
      }
    }
  }

  #openSender(address: string): Promise<DatagramPort> {
    return this.#platform.openDatagrams(
      { port: 0, address },
      {
        datagram: () => {}, // nobody has a reason to send any there
        failed: (failure) => this.#events.warn('datagram-failed', failure.message),
      },
    )
  }

  #handleDatagram(bytes: Uint8Array, from: SocketAddress): void {
    const chosenOnly = this.#options.interfaces !== undefined
    if (chosenOnly && !this.#used.some((each) => inSubnet(from.address, each))) return
    this.#events.datagram(bytes, from)
  }

  // Changes

  /** The interfaces that can be reached: those whose listener is open. */
  #served(): readonly NetworkInterface[] {
    if (this.#options.interfaces === undefined) {
      return this.#listeners.has(ANY_ADDRESS) ? this.#used : []
    }
    return this.#used.filter((each) => this.#listeners.has(each.address))
  }

  #announce(): void {
    const port = this.#port!
    const { beaconPort } = this.#options
    const served = this.#served()
    const mailboxes = served.map((each): Mailbox => {
      const address = broadcastAddress(each.address, each.prefixLength)
      const beaconTo = address === undefined ? undefined : { address, port: beaconPort }
      return { interfaceName: each.name, address: each.address, port, beaconTo }
    })
    this.#announced = fingerprintOf(served)
    this.#events.changed(mailboxes)
  }

  #lookLater(): void {
    if (this.#closed) return
    const at = this.#platform.clock.now() + LOOK_EVERY_MS
    this.#timer = this.#platform.clock.setTimer(at, () => {
      this.#looking = this.#look().catch((error: unknown) => this.#platform.reportUncaught(error))
    })
  }

  /** As `#select`. The application is asked (`interfaces`), and may throw: then the choice stays as it was. */
  #selectAgain(): boolean {
    try {
      return this.#select(false)
    } catch (error) {
      this.#platform.reportUncaught(error)
      return false
    }
  }

  async #look(): Promise<void> {
    const changed = this.#selectAgain()
    await this.#followListeners()
    await this.#followSenders()
    if (this.#closed) return
    if (changed) {
      const names = this.#used.map((each) => `${each.name} (${each.address})`).join(', ')
      this.#events.warn(
        'interface-changed',
        `the network changed; now in use: ${names || 'nothing'}`,
      )
    }
    // A mailbox that failed, or opens at last, is no change of the network, but peers must know.
    if (changed || fingerprintOf(this.#served()) !== this.#announced) this.#announce()
    this.#lookLater()
  }

  #warn(code: WarningCode, error: unknown): void {
    if (this.#closed) return
    this.#events.warn(code, error instanceof Error ? error.message : String(error))
  }
}

function fingerprintOf(interfaces: readonly NetworkInterface[]): string {
  return interfaces.map((each) => `${each.name} ${each.address}/${each.prefixLength}`).join()
}

/** Closes and forgets all but those of the given addresses. */
function closeExcept(open: Map<string, { close(): void }>, kept: readonly string[]): void {
  for (const [address, each] of [...open]) {
    if (kept.includes(address)) continue
    open.delete(address)
    each.close()
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
