/**
 * One peer: everything known about one identity. Plain state with small transitions; what happens when,
 * and what the application is told, is decided by `roster.ts`, `links.ts`, `watch.ts` and `conversation.ts`.
 *
 * A peer begins as a `candidate`: heard of by beacon or connection, not yet introduced. Its HELLO makes it
 * `present` (the application sees `enter`), and it stays present through link failures until its `exit`.
 */
import type { AgendaEntry } from '../base/deadlines.ts'
import { Deadlines } from '../base/deadlines.ts'
import type { Limits } from '../base/limits.ts'
import type { PeerId } from '../base/peer-id.ts'
import { formatEndpoint } from '../zre/endpoint.ts'
import type { EndpointAddress, MeshConnection } from './connection.ts'
import type { PeerInfo, Presence } from './events.ts'
import { Outbox } from './outbox.ts'

export type Connection = MeshConnection<Peer>

/**
 * Our link to the peer's mailbox: the connection that we dial and send on.
 *
 *     idle ─▶ queued ─▶ dialling ─▶ open
 *               ▲          │          │
 *            waiting ◀─────┴──────────┘   (failure or loss; after a back-off)
 */
export type LinkState =
  | { readonly kind: 'idle' } // no endpoint known yet
  | { readonly kind: 'waiting' } // until the `redial` deadline
  | { readonly kind: 'queued' } // for a token of the dial budget
  | { readonly kind: 'dialling'; readonly connection: Connection }
  | { readonly kind: 'open'; readonly connection: Connection }

/** Something suggests that the peer is gone, elsewhere or does not listen to us; a PING decides. */
export type Doubt =
  | { readonly kind: 'goodbye' } // a port-0 beacon with its identity
  | { readonly kind: 'replaced' } // a beacon with another identity from its endpoint
  | { readonly kind: 'moved'; readonly to: EndpointAddress } // its identity beacons from elsewhere
  | { readonly kind: 'deaf' } // it said HELLO, which we could not answer with ours: it may ignore us

/** How a peer's sequence numbers wrap: as RFC 36 says (65535 → 0), or one early as some do (65534 → 0). */
export type WrapStyle = 'unknown' | 'rfc' | 'short'

export const PEER_DEADLINES = [
  'presence',
  'redial',
  'evidence',
  'confirm',
  'takeover',
  'probe',
  'stranded',
] as const
export type PeerDeadline = (typeof PEER_DEADLINES)[number]

export interface PeerCounters {
  messagesIn: number
  bytesIn: number
  messagesOut: number
  bytesOut: number
  messagesLost: number
  links: number
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze(Object.create(null))
export const NEVER_HEARD: number = Number.NEGATIVE_INFINITY

export class Peer implements AgendaEntry {
  agendaIndex = -1

  readonly id: PeerId
  readonly deadlines: Deadlines<PeerDeadline> = new Deadlines(PEER_DEADLINES)
  readonly counters: PeerCounters = {
    messagesIn: 0,
    bytesIn: 0,
    messagesOut: 0,
    bytesOut: 0,
    messagesLost: 0,
    links: 0,
  }

  phase: 'candidate' | 'present' | 'gone' = 'candidate'
  presence: Presence = 'alive'

  // Who it is, from its HELLO
  name = ''
  headers: Readonly<Record<string, string>> = NO_HEADERS
  readonly groups: Set<string> = new Set()
  status = 0

  // Where it is, and our link to it
  endpoint: EndpointAddress | undefined
  /** It beacons from here too, and still answers on our link: it is on several networks. */
  alsoAt: EndpointAddress | undefined
  /** Of all that claim this endpoint, it is the one to be dialled there (see `places.ts`). */
  holdsEndpoint = false
  /** The address that is charged for this peer in the table of peers. */
  readonly chargedTo: string
  link: LinkState = { kind: 'idle' }
  failedDials = 0
  linkOpenedAt: number = NEVER_HEARD
  refusedAt: number = NEVER_HEARD
  sentSequence = 0
  helloSentAt: number = NEVER_HEARD
  /** It has our HELLO, as far as we know, and has not started over since. */
  knowsUs = false
  /** HELLOs of ours to a peer that knew us already: C Zyre answers each of them with a HELLO of its own. */
  answersDue = 0
  /** A HELLO must go out before anything else on an open link. */
  helloDue = false
  readonly outbox: Outbox
  /** A sender found the outbox full and waits to hear of room. */
  roomWanted = false

  // Its link to us
  inbound: Connection | undefined
  /** A newcomer that claims the same identity from another address, held back in its handshake. */
  contender: Connection | undefined
  receivedSequence = 0
  enteredAt: number = NEVER_HEARD
  wrapStyle: WrapStyle = 'unknown'
  /** It announced itself as earshot: knows the RFC's wrap, closes the links of a peer it gives up. */
  isEarshot = false

  // Signs of life
  heardAt: number
  heardTcpAt: number = NEVER_HEARD
  heardBeaconAt: number = NEVER_HEARD
  /** The same, counting only beacons from the endpoint that we dial. */
  endpointBeaconAt: number = NEVER_HEARD
  pingSentAt: number = NEVER_HEARD
  awaitingPong = false
  /** It asked for a sign of life while it did not read. */
  pongOwed = false
  /** A PING is to be sent when the link opens. */
  pongWanted = false
  roundTripMs: number | undefined
  doubt: Doubt | undefined

  #info: PeerInfo | undefined

  constructor(id: PeerId, chargedTo: string, limits: Limits, now: number) {
    this.id = id
    this.chargedTo = chargedTo
    this.heardAt = now
    this.outbox = new Outbox(limits)
  }

  get timed(): 'peer' {
    return 'peer'
  }

  get openConnection(): Connection | undefined {
    return this.link.kind === 'open' ? this.link.connection : undefined
  }

  /** An immutable description, made anew only when something in it has changed. */
  info(): PeerInfo {
    this.#info ??= Object.freeze({
      id: this.id,
      name: this.name,
      endpoint:
        this.endpoint === undefined
          ? ''
          : formatEndpoint(this.endpoint.address, this.endpoint.port),
      headers: this.headers,
      groups: Object.freeze([...this.groups]),
      presence: this.presence,
    })
    return this.#info
  }

  /** To be called after a change of anything that `info()` shows. */
  touchInfo(): void {
    this.#info = undefined
  }

  heardTcp(now: number): void {
    this.heardAt = now
    this.heardTcpAt = now
  }

  heardBeacon(now: number): void {
    this.heardAt = now
    this.heardBeaconAt = now
  }
}
