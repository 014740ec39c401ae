/**
 * The UDP ports of beacons. One socket for each family hears everything on the beacon port; each mailbox's beacons leave
 * from a socket of their own, bound to its address, because peers learn our address from a beacon's source. Those are
 * on ports that the host chooses: on the beacon port they would be given the datagrams that are for the first. (The
 * source port of a beacon means nothing.)
 *
 * Over IPv4 beacons are broadcast, and which interface one leaves by is for the host's routes to say: where two
 * interfaces are in one subnet, it can be either. Over IPv6 they go to all nodes of a link, by the interface that the
 * link-local address belongs to; C Zyre's go there, too (CZMQ, `zsys_ipv6_mcast_address`).
 */
import { isIpv6, zoneOf } from '../base/ipv6.ts'
import type { Mailbox } from '../mesh/context.ts'
import type { WarningCode } from '../mesh/warning-codes.ts'
import { ALL_NODES, beaconAddress } from './interface-selection.ts'
import type {
  DatagramHandlers,
  DatagramOptions,
  DatagramPort,
  NetworkInterface,
  Platform,
  SocketAddress,
} from './platform.ts'
import type { Tentative } from './tentative.ts'

/** Whom the ports tell what happens. */
export interface BeaconEvents {
  datagram(bytes: Uint8Array, from: SocketAddress): void
  warn(code: WarningCode, reason: string): void
}

export class BeaconPorts {
  readonly #platform: Platform
  readonly #port: number
  readonly #events: BeaconEvents
  readonly #tentative: Tentative
  /** What hears, by local address; the one of IPv6 is there as soon as there is a link for it. */
  readonly #receivers = new Map<string, DatagramPort>()
  /** What beacons are sent from, by mailbox address. */
  readonly #senders = new Map<string, DatagramPort>()
  #closed = false

  constructor(platform: Platform, port: number, tentative: Tentative, events: BeaconEvents) {
    this.#platform = platform
    this.#tentative = tentative
    this.#port = port
    this.#events = events
  }

  /** Hears what is broadcast over IPv4; also again after `close`. Rejects with ERR_EARSHOT_PORT_IN_USE. */
  async open(): Promise<void> {
    this.#closed = false
    await this.#openInto(this.#receivers, '0.0.0.0', { port: this.#port }, this.#events)
  }

  /** Sends and hears on these from now on. What cannot be opened is tried again at the next call. */
  async follow(used: readonly NetworkInterface[]): Promise<void> {
    const wanted = used.filter((each) => beaconAddress(each) !== undefined)
    const addresses = wanted.map((each) => each.address)
    closeExcept(this.#senders, addresses)
    await this.#hearLinks(addresses.filter(isIpv6))
    for (const address of addresses) {
      const events = { datagram: () => {} } // nobody has a reason to send any there
      await this.#tryOpen(this.#senders, address, { port: 0, address }, events)
    }
  }

  /** Whether beacons can leave from a mailbox. */
  canSendFrom(address: string): boolean {
    return this.#senders.has(address)
  }

  /** Sends a beacon from the mailbox's address. The bytes belong to the ports from here on. */
  send(bytes: Uint8Array, { address, beaconTo }: Mailbox): void {
    if (beaconTo !== undefined) this.#senders.get(address)?.send(bytes, beaconTo)
  }

  close(): void {
    this.#closed = true
    closeExcept(this.#receivers, [])
    closeExcept(this.#senders, [])
  }

  async #hearLinks(addresses: readonly string[]): Promise<void> {
    if (addresses.length === 0) return
    const wasOpen = this.#receivers.has('::')
    await this.#tryOpen(this.#receivers, '::', { port: this.#port, address: '::' }, this.#events)
    // An interface that was taken away and came back has to be joined anew.
    for (const address of addresses) {
      if (wasOpen && this.#senders.has(address)) continue
      this.#receivers.get('::')?.join?.(`${ALL_NODES}%${zoneOf(address)}`)
    }
  }

  async #tryOpen(
    into: Map<string, DatagramPort>,
    address: string,
    options: DatagramOptions,
    events: Pick<BeaconEvents, 'datagram'>,
  ): Promise<void> {
    if (this.#closed || into.has(address)) return
    try {
      await this.#openInto(into, address, options, events)
      this.#tentative.settle(address)
    } catch (error) {
      const now = this.#platform.clock.now()
      if (this.#closed || this.#tentative.excuses(address, error, now)) return
      this.#warn(error instanceof Error ? error.message : String(error))
    }
  }

  async #openInto(
    into: Map<string, DatagramPort>,
    address: string,
    options: DatagramOptions,
    { datagram }: Pick<BeaconEvents, 'datagram'>,
  ): Promise<void> {
    const handlers: DatagramHandlers = { datagram, failed: ({ message }) => this.#warn(message) }
    const port = await this.#platform.openDatagrams(options, handlers)
    if (this.#closed) port.close()
    else into.set(address, port)
  }

  #warn(reason: string): void {
    this.#events.warn('datagram-failed', reason)
  }
}

/** Closes and forgets all but those of the given addresses. */
export function closeExcept(open: Map<string, { close(): void }>, kept: readonly string[]): void {
  for (const [address, each] of [...open]) {
    if (kept.includes(address)) continue
    open.delete(address)
    each.close()
  }
}
