/**
 * mDNS on one interface, with one family of addresses: a transport, and what speaks over it. Reopens the transport
 * when it fails.
 *
 *     opening ──► open ──► failed: again after up to 1 s, 2 s, … 60 s ──► opening
 *        └──────────┴────────┴──► closed
 */
import { NEVER } from '../../base/deadlines.ts'
import type { SocketAddress, Timer } from '../../runtime/platform.ts'
import type { DiscoveryHost } from '../host.ts'
import { Patience } from '../patience.ts'
import { isOnLink, type LocalAddress } from './addresses.ts'
import { Browser } from './browser.ts'
import type { MdnsCounters } from './metrics.ts'
import { OwnRecords } from './own.ts'
import type { MdnsPacket } from './records.ts'
import { Responder } from './responder.ts'
import type { FoundService } from './services.ts'
import {
  MDNS_PORT,
  type MdnsLink,
  type MdnsTransport,
  type OpenMdnsTransport,
} from './transport.ts'

/** An interface with what is announced on it. */
export interface MdnsPlace extends MdnsLink {
  /** TCP port of the mailbox. */
  readonly port: number
  /** Where it is reached, without zones; of both families. */
  readonly announced: readonly string[]
  /** Moved with `Link.update`. */
  addresses: readonly LocalAddress[]
}

/** What a link needs of whoever has it. */
export interface LinkOwner {
  readonly host: DiscoveryHost
  readonly counters: MdnsCounters
  readonly openTransport: OpenMdnsTransport
  /** The label of our instance, on all links. */
  readonly label: string
  /** The label is somebody else's: `relabel` follows on all links. */
  conflict(interfaceName: string): void
}

const REOPEN_MS = { first: 1_000, max: 60_000 } as const
/** A transport that lasted for so long had worked. */
const WORKED_MS = 60_000

type State =
  | { readonly kind: 'opening'; readonly transport: MdnsTransport }
  | {
      readonly kind: 'open'
      readonly transport: MdnsTransport
      readonly responder: Responder
      readonly browser: Browser
      readonly since: number
    }
  | { readonly kind: 'failed' }
  | { readonly kind: 'closed' }

const FAILED: State = { kind: 'failed' }
const CLOSED: State = { kind: 'closed' }

export class Link {
  readonly place: MdnsPlace
  readonly #owner: LinkOwner
  #state: State = FAILED
  #timer: Timer | undefined
  #timerAt = NEVER
  readonly #patience: Patience

  constructor(place: MdnsPlace, owner: LinkOwner) {
    this.place = place
    this.#owner = owner
    this.#patience = new Patience(REOPEN_MS.first, REOPEN_MS.max, owner.host.platform.entropy)
    this.#open()
  }

  get isOpen(): boolean {
    return this.#state.kind === 'open'
  }

  get records(): number {
    return this.#state.kind === 'open' ? this.#state.browser.records : 0
  }

  get services(): number {
    return this.#state.kind === 'open' ? this.#state.browser.services : 0
  }

  /** Whether this link serves a place, but for addresses that only come and go beside the first. */
  serves(place: MdnsPlace): boolean {
    return identityOf(place) === identityOf(this.place)
  }

  /** The place's other addresses have changed: nothing has to be announced for that. */
  update({ addresses }: MdnsPlace): void {
    this.place.addresses = addresses
  }

  /** The label is another now. */
  relabel(): void {
    if (this.#state.kind !== 'open') return
    this.#state.responder.restart(this.#ownRecords(), this.#now)
    this.#arm()
  }

  /** Says goodbye, and calls back when everything is freed. */
  close(closed: () => void): void {
    const state = this.#state
    this.#state = CLOSED
    this.#timer?.cancel()
    if (state.kind === 'open') state.responder.close()
    if (state.kind === 'open' || state.kind === 'opening') state.transport.close(closed)
    else closed()
  }

  get #now(): number {
    return this.#owner.host.platform.clock.now()
  }

  #ownRecords(): OwnRecords {
    const { port, announced } = this.place
    const { host, label } = this.#owner
    return new OwnRecords({
      id: host.id,
      label,
      port,
      addresses: announced,
      beaconPort: host.beaconPort,
    })
  }

  // The transport

  #open(): void {
    const handlers = {
      opened: () => this.#handleOpened(transport),
      packet: (packet: MdnsPacket, from: SocketAddress) => this.#handlePacket(packet, from),
      malformed: () => {
        this.#owner.counters.packetsMalformed++
      },
      failed: (reason: string) => this.#handleFailed(transport, reason),
    }
    const transport = this.#owner.openTransport(this.place, handlers)
    this.#state = { kind: 'opening', transport }
  }

  #handleOpened(transport: MdnsTransport): void {
    if (this.#state.kind !== 'opening' || this.#state.transport !== transport) return
    const { host, counters } = this.#owner
    const send = (packet: MdnsPacket, to?: SocketAddress): void => {
      counters.packetsSent++
      transport.send(packet, to)
    }
    const random = (): number => host.platform.entropy.random()
    const now = this.#now
    const { interfaceName } = this.place
    const responder = new Responder(
      this.#ownRecords(),
      random,
      counters,
      { send, conflict: () => this.#owner.conflict(interfaceName) },
      now,
    )
    // Whoever is told of one thing may close us before the next.
    const isInUse = (): boolean =>
      this.#state.kind === 'open' && this.#state.transport === transport
    const browserEvents = {
      send,
      found: ({ id, endpoints }: FoundService) => {
        if (isInUse()) host.propose({ way: 'mdns', id, endpoints })
      },
      invalid: (reason: string) => {
        if (isInUse()) host.warn('mdns-invalid', `on ${interfaceName} from ${reason}`)
      },
    }
    const browser = new Browser(this.place, host, random, counters, browserEvents, now)
    this.#state = { kind: 'open', transport, responder, browser, since: now }
    this.#arm()
  }

  #handleFailed(transport: MdnsTransport, reason: string): void {
    const state = this.#state
    if (state.kind !== 'opening' && state.kind !== 'open') return
    if (state.transport !== transport) return
    const now = this.#now
    if (state.kind === 'open' && now - state.since > WORKED_MS) this.#patience.reset()
    this.#state = FAILED
    transport.close(() => {})
    const { host, counters } = this.#owner
    counters.failures++
    this.#wakeAt(now + this.#patience.nextMs())
    // Last: whoever is told may close us.
    host.warn(
      'mdns-failed',
      `mDNS on ${this.place.interfaceName} (${this.place.family}): ${reason}`,
    )
  }

  #handlePacket(packet: MdnsPacket, from: SocketAddress): void {
    const state = this.#state
    if (state.kind !== 'open') return
    const { counters } = this.#owner
    counters.packetsReceived++
    if (!this.#isFromHere(packet, from)) {
      counters.packetsForeign++
      return
    }
    const now = this.#now
    if (packet.kind === 'query') {
      state.responder.handleQuery(packet, from, now)
    } else {
      state.responder.handleResponse(packet, now)
      if (this.#state === state) state.browser.handleResponse(packet, from.address, now)
    }
    this.#arm()
  }

  /**
   * From the link itself: by the sender's address, whomever the packet was sent to, which Node.js does not tell. That is
   * stricter than RFC 6762 §11, but the socket hears the groups of other links as well. And RFC 6762 §6: answers must come from port 5353, or they "MUST be silently ignored". Nothing
   * can be answered to port 0, which UDP allows for whoever wants no answer.
   */
  #isFromHere({ kind }: MdnsPacket, { address, port }: SocketAddress): boolean {
    if (port === 0 || (kind === 'response' && port !== MDNS_PORT)) return false
    return isOnLink(address, this.place)
  }

  // Time

  #arm(): void {
    const state = this.#state
    if (state.kind === 'open') {
      this.#wakeAt(Math.min(state.responder.nextAt, state.browser.nextAt))
    }
  }

  #wakeAt(at: number): void {
    if (at === this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer =
      at === NEVER
        ? undefined
        : this.#owner.host.platform.clock.setTimer(at, () => {
            this.#timerAt = NEVER
            this.#handleTime()
          })
  }

  #handleTime(): void {
    const state = this.#state
    if (state.kind === 'failed') this.#open()
    if (state.kind !== 'open') return
    const now = this.#now
    state.responder.handleDue(now)
    if (this.#state === state) state.browser.handleDue(now)
    this.#arm()
  }
}

/** What makes a place another one. */
function identityOf({ interfaceName, zone, port, announced, addresses }: MdnsPlace): string {
  return JSON.stringify([interfaceName, zone, port, announced, addresses[0]])
}
