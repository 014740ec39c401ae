/**
 * Mailboxes: the node's places on the network. Chooses the interfaces, opens a TCP listener where peers can
 * reach us and the ports of the beacons (`beacon-ports.ts`), and looks again every second whether the network has changed.
 *
 * With interfaces named, exactly their addresses are listened on, and only datagrams from their subnets are
 * heard. Without, one listener serves every address that this host has or will have, one for each family. Either way
 * only what has an open listener is announced.
 *
 * Over IPv6 only neighbours are heard and served, unless an address is chosen that others can reach: a host has addresses
 * there that all the Internet may reach, where it hides behind its router over IPv4.
 */
import { EarshotError } from '../base/errors.ts'
import { isIpv6, isLinkLocalIpv6 } from '../base/ipv6.ts'
import type { Mailbox } from '../mesh/context.ts'
import type { WarningCode } from '../mesh/warning-codes.ts'
import { formatEndpoint } from '../zre/endpoint.ts'
import { BeaconPorts, closeExcept } from './beacon-ports.ts'
import type { InterfaceUse, InterfaceWish } from './interface-selection.ts'
import { beaconAddress, inSubnet, selectInterfaces } from './interface-selection.ts'
import type {
  ByteStream,
  IoFailure,
  Listener,
  ListenHandlers,
  NetworkInterface,
  Platform,
  SocketAddress,
  StreamHandlers,
  Timer,
} from './platform.ts'
import { Tentative } from './tentative.ts'

export interface MailboxOptions {
  /** Which interfaces to use; `undefined`: every usable one. */
  readonly interfaces: InterfaceWish | undefined
  /** Whether IPv6 is used beside IPv4. */
  readonly ipv6: boolean
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
const ANY_IPV4 = '0.0.0.0'
const ANY_IPV6 = '::'
/** Hosts give no notice when an interface changes; asking is cheap. */
const LOOK_EVERY_MS = 1_000
/** While an address is about to be usable. */
const LOOK_SOON_MS = 200

export class Mailboxes {
  readonly #platform: Platform
  readonly #options: MailboxOptions
  readonly #events: MailboxEvents
  /** By listened address. */
  readonly #listeners = new Map<string, Listener>()
  readonly #beacons: BeaconPorts
  readonly #tentative = new Tentative()
  #port: number | undefined
  #all: readonly InterfaceUse[] = []
  #used: readonly NetworkInterface[] = []
  /** Those whose subnets are heard, where not everything is. */
  #near: readonly NetworkInterface[] = []
  #fingerprint = ''
  /** The addresses that were announced last. */
  #announced = ''
  #timer: Timer | undefined
  #looking: Promise<void> | undefined
  #closed = false
  /** Closed for good. */
  #ended = false

  constructor(platform: Platform, options: MailboxOptions, events: MailboxEvents) {
    this.#platform = platform
    this.#options = options
    this.#events = events
    this.#beacons = new BeaconPorts(platform, options.beaconPort, this.#tentative, {
      datagram: (bytes, from) => {
        // Whoever is answered wants to know where to call back.
        const canAnswer = this.#announced !== ''
        if (canAnswer && this.#hears(from.address)) events.datagram(bytes, from)
      },
      warn: (code, reason) => events.warn(code, reason),
    })
  }

  /**
   * Opens everything. Rejects with ERR_EARSHOT_NO_INTERFACE or ERR_EARSHOT_PORT_IN_USE, leaving nothing open.
   */
  async open(): Promise<void> {
    try {
      this.#select(true)
      await this.#listenFirst()
      await this.#beacons.open()
      await this.#beacons.follow(this.#used)
    } catch (error) {
      this.close()
      throw error
    }
    this.#announce()
    this.#lookLater()
  }

  /** Where peers reach this node: `tcp://address:port` for each interface in use whose mailbox is open. */
  get endpoints(): string[] {
    return this.#served().map(({ address }) => formatEndpoint(address, this.#port!))
  }

  /** All of the host's, as they were when last looked at, and why those are not used that are not. */
  get all(): readonly InterfaceUse[] {
    return this.#all
  }

  /** Sends a beacon from the mailbox's address. The bytes belong to the mailboxes from here on. */
  send(bytes: Uint8Array, mailbox: Mailbox): void {
    this.#beacons.send(bytes, mailbox)
  }

  close(): void {
    this.#ended = true
    this.#shut()
  }

  #shut(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#beacons.close()
    closeExcept(this.#listeners, [])
  }

  /** Closes everything for a while, as if there was no network. */
  pause(): void {
    this.#shut()
    this.#fingerprint = ''
    this.#used = []
    this.#near = []
    this.#announce()
  }

  /** Opens everything again, on the same ports. Rejects with ERR_EARSHOT_PORT_IN_USE when that of the beacons is taken. */
  async resume(): Promise<void> {
    await this.#looking // it has found everything closed
    if (this.#ended) return
    this.#closed = false
    try {
      await this.#beacons.open()
    } catch (error) {
      this.#closed = true
      throw error
    }
    if (this.#ended) {
      this.#shut()
      return
    }
    this.#selectAgain()
    await this.#look()
  }

  /** Chooses interfaces; true when the choice is another than before. */
  #select(first: boolean): boolean {
    const { interfaces, ipv6 } = this.#options
    const all = this.#platform.interfaces()
    const { all: uses, used, unmatched } = selectInterfaces(all, interfaces, ipv6)
    this.#all = uses
    if (first && (unmatched.length > 0 || used.length === 0)) {
      throw new EarshotError('ERR_EARSHOT_NO_INTERFACE', noInterfaceMessage(all, unmatched))
    }
    const neighbours = used.filter((each) => isIpv6(each.address)).map((each) => each.name)
    this.#near = all.filter((each) =>
      isIpv6(each.address) ? neighbours.includes(each.name) : used.includes(each),
    )
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
    if (this.#options.interfaces !== undefined) return this.#used.map((each) => each.address)
    const isWanted =
      this.#listeners.has(ANY_IPV6) || this.#used.some(({ address }) => isIpv6(address))
    return isWanted ? [ANY_IPV4, ANY_IPV6] : [ANY_IPV4]
  }

  /** Which listener serves an address. */
  #listenerOf(address: string): string {
    if (this.#options.interfaces !== undefined) return address
    return isIpv6(address) ? ANY_IPV6 : ANY_IPV4
  }

  async #openListener(address: string, port: number): Promise<void> {
    if (this.#closed || this.#listeners.has(address)) return
    try {
      const listener = await this.#listenOn(address, port)
      if (this.#closed) listener.close()
      else this.#listeners.set(address, listener)
      this.#tentative.settle(address)
    } catch (error) {
      if (!this.#tentative.excuses(address, error, this.#platform.clock.now())) throw error
    }
  }

  #listenOn(address: string, port: number): Promise<Listener> {
    const handlers: ListenHandlers = {
      accepted: (stream) => {
        const isFar = address === ANY_IPV6 && !this.#hears(stream.remote.address)
        return isFar ? undefined : this.#events.accepted(stream)
      },
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

  /** Whether who speaks from there is a neighbour of ours. */
  #hears(address: string): boolean {
    if (this.#options.interfaces === undefined && !isIpv6(address)) return true
    return this.#near.some((each) => inSubnet(address, each))
  }

  // Changes

  /** The interfaces that can be reached: those whose listener is open, and whose address can be used (see `Tentative`). */
  #served(): readonly NetworkInterface[] {
    return this.#used.filter(({ address }) => {
      const isUsable = !isLinkLocalIpv6(address) || this.#beacons.canSendFrom(address)
      return isUsable && this.#listeners.has(this.#listenerOf(address))
    })
  }

  #announce(): void {
    const port = this.#port!
    const { beaconPort } = this.#options
    const served = this.#served()
    const mailboxes = served.map((each): Mailbox => {
      const address = beaconAddress(each)
      const beaconTo = address === undefined ? undefined : { address, port: beaconPort }
      return { interfaceName: each.name, address: each.address, port, beaconTo }
    })
    this.#announced = fingerprintOf(served)
    this.#events.changed(mailboxes)
  }

  #lookLater(): void {
    if (this.#closed) return
    const now = this.#platform.clock.now()
    const at = now + (this.#tentative.isAny(now) ? LOOK_SOON_MS : LOOK_EVERY_MS)
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
    await this.#beacons.follow(this.#used)
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

function noInterfaceMessage(
  all: readonly NetworkInterface[],
  unmatched: readonly string[],
): string {
  const there = all.map((each) => `${each.name} (${each.address})`)
  const available = there.length > 0 ? `available: ${there.join(', ')}` : 'this host has none'
  if (unmatched.length === 0) return `no usable network interface; ${available}`
  return `no network interface matches ${unmatched.join(', ')}; ${available}`
}
