/**
 * One peer: everything known about one identity. Plain state with small transitions; what happens when,
 * and what the application is told, is decided by `roster.ts`, `links.ts`, `watch.ts` and `conversation.ts`.
 *
 * A peer begins as a `candidate`: heard of by beacon or connection, not yet introduced. Its HELLO makes it
 * `present` (the application sees `enter`), and it stays present through link failures until its `exit`.
 */
import type { AgendaEntry } from '../base/deadlines.ts'
import type { PeerId } from '../base/peer-id.ts'
import { formatEndpoint } from '../zre/endpoint.ts'
import { type EndpointAddress, isSameEndpoint, type MeshConnection } from './connection.ts'
import type { PeerCounters } from './counters.ts'
import { NO_COUNTS } from './counters.ts'
import type { FoundBy, PeerInfo } from './events.ts'
import type { Outbox } from './outbox.ts'
import { PeerState } from './peer-state.ts'
import { NEVER_HEARD, type PeerTable } from './peer-table.ts'

export type Connection = MeshConnection<Peer>

/** Something suggests that the peer is gone, elsewhere or does not listen to us; a PING decides. */
export type Doubt =
  | { readonly kind: 'goodbye' } // a port-0 beacon with its identity
  | { readonly kind: 'replaced' } // a beacon with another identity from its endpoint
  | { readonly kind: 'moved'; readonly to: EndpointAddress } // its identity beacons from elsewhere
  | { readonly kind: 'deaf' } // it may not listen on our link: it forgot us, or never took our HELLO

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze(Object.create(null))
export const NO_GROUPS: readonly string[] = Object.freeze([])
const NO_PLACES: readonly EndpointAddress[] = []
const NO_RIVALS: readonly Connection[] = []

/** More places than these are not kept for a peer: IPv4 and IPv6 on a few networks. */
const OTHER_PLACES_MAX = 4

/** What most peers have nothing of. */
class Trouble {
  doubt: Doubt | undefined
  /** A newcomer that claims the same identity from another address, held back in its handshake. */
  contender: Connection | undefined
  /** It is said to be there, too, and answered on our link when it was asked: it is on several networks. */
  alsoAt: readonly EndpointAddress[] = NO_PLACES
  failedDials = 0
  /** Where else it may be reached, in the order of learning. */
  otherPlaces: readonly EndpointAddress[] = NO_PLACES
  /** Of these, how many were tried in the dial that is under way. */
  placesTried = 0
  /** Beside the one that is `outbound`, what is being dialled. */
  rivals: readonly Connection[] = NO_RIVALS
  /** When a way of discovery other than beacons named it last. */
  hintedAt = NEVER_HEARD
  /** When it said that it sleeps. */
  asleepSince = NEVER_HEARD
  /** HELLOs of ours to a peer that knew us already: C Zyre answers each of them with a HELLO of its own. */
  answersDue = 0
}

export class Peer extends PeerState<Peer> implements AgendaEntry {
  agendaIndex = -1

  readonly id: PeerId
  /** How often a link to it came to stand. */
  links = 0
  #counters: PeerCounters | undefined

  #trouble: Trouble | undefined

  // Who it is, from its HELLO
  name = ''
  headers: Readonly<Record<string, string>> = NO_HEADERS
  /** In the order in which it joined them. Replaced, never changed: descriptions share it. */
  groups: readonly string[] = NO_GROUPS
  status = 0

  // Where it is, and our link to it
  endpoint: EndpointAddress | undefined
  /** The address that is charged for this peer in the table of peers. */
  readonly chargedTo: string
  /** The connection that we dial or have dialled. */
  outbound: Connection | undefined
  sentSequence = 0
  /** Messages with content on all links of this conversation; see `seam.ts`. */
  said = 0
  /** The empty one that all peers share, until something waits. */
  outbox: Outbox

  // Its link to us
  inbound: Connection | undefined
  receivedSequence = 0
  /** As `said`, from it. */
  heard = 0

  #info: PeerInfo | undefined

  constructor(
    id: PeerId,
    chargedTo: string,
    shared: { readonly peerTable: PeerTable<Peer>; readonly emptyOutbox: Outbox },
    now: number,
  ) {
    super(shared.peerTable, id, now)
    this.id = id
    this.chargedTo = chargedTo
    this.outbox = shared.emptyOutbox
  }

  get timed(): 'peer' {
    return 'peer'
  }

  get openConnection(): Connection | undefined {
    return this.link === 'open' ? this.outbound : undefined
  }

  get doubt(): Doubt | undefined {
    return this.#trouble?.doubt
  }

  set doubt(doubt: Doubt | undefined) {
    if (doubt !== undefined || this.#trouble !== undefined) this.#inTrouble().doubt = doubt
  }

  get contender(): Connection | undefined {
    return this.#trouble?.contender
  }

  set contender(contender: Connection | undefined) {
    if (contender !== undefined || this.#trouble !== undefined) {
      this.#inTrouble().contender = contender
    }
  }

  /** Whether it is known to be there as well as at its endpoint. */
  isAlsoAt(place: EndpointAddress): boolean {
    return this.#trouble?.alsoAt.some((each) => isSameEndpoint(each, place)) ?? false
  }

  noteAlsoAt(place: EndpointAddress): void {
    if (this.isAlsoAt(place)) return
    const trouble = this.#inTrouble()
    trouble.alsoAt = [...trouble.alsoAt, place].slice(-OTHER_PLACES_MAX)
  }

  get failedDials(): number {
    return this.#trouble?.failedDials ?? 0
  }

  set failedDials(count: number) {
    if (count > 0 || this.#trouble !== undefined) this.#inTrouble().failedDials = count
  }

  get otherPlaces(): readonly EndpointAddress[] {
    return this.#trouble?.otherPlaces ?? NO_PLACES
  }

  /** It may be reached there, too. */
  addPlace(place: EndpointAddress): void {
    if (isSameEndpoint(place, this.endpoint)) return
    const known = this.otherPlaces
    if (known.some((each) => isSameEndpoint(each, place))) return
    if (known.length < OTHER_PLACES_MAX) {
      this.#inTrouble().otherPlaces = [...known, place]
      return
    }
    // What anybody can say does not push out where it has proved to be.
    const oldest = known.find((each) => !this.isAlsoAt(each))
    if (oldest === undefined) return
    this.#inTrouble().otherPlaces = [...known.filter((each) => each !== oldest), place]
  }

  /** Whether an address is known for one of its host's: a node has one port on all of them. */
  isAt(address: string): boolean {
    const places = [this.endpoint, ...this.otherPlaces]
    const there = places.find((place) => place?.address === address)
    return there !== undefined && there.port === this.endpoint?.port
  }

  /** Nothing of it is there. */
  dropPlace(place: EndpointAddress): void {
    if (this.#trouble === undefined) return
    this.#trouble.otherPlaces = this.otherPlaces.filter((each) => !isSameEndpoint(each, place))
  }

  get placesTried(): number {
    return this.#trouble?.placesTried ?? 0
  }

  set placesTried(count: number) {
    if (count > 0 || this.#trouble !== undefined) this.#inTrouble().placesTried = count
  }

  get rivals(): readonly Connection[] {
    return this.#trouble?.rivals ?? NO_RIVALS
  }

  set rivals(rivals: readonly Connection[]) {
    if (rivals.length > 0 || this.#trouble !== undefined) this.#inTrouble().rivals = rivals
  }

  get hintedAt(): number {
    return this.#trouble?.hintedAt ?? NEVER_HEARD
  }

  set hintedAt(at: number) {
    this.#inTrouble().hintedAt = at
  }

  get asleepSince(): number {
    return this.#trouble?.asleepSince ?? NEVER_HEARD
  }

  set asleepSince(at: number) {
    this.#inTrouble().asleepSince = at
  }

  get answersDue(): number {
    return this.#trouble?.answersDue ?? 0
  }

  set answersDue(count: number) {
    if (count > 0 || this.#trouble !== undefined) this.#inTrouble().answersDue = count
  }

  #inTrouble(): Trouble {
    this.#trouble ??= new Trouble()
    return this.#trouble
  }

  setLink(link: 'idle' | 'waiting' | 'queued'): void {
    this.link = link
    this.outbound = undefined
  }

  setLinkOver(link: 'dialling' | 'open', connection: Connection): void {
    this.link = link
    this.outbound = connection
  }

  /** What was counted so far. */
  get counters(): Readonly<PeerCounters> {
    return this.#counters ?? NO_COUNTS
  }

  /** To count with: there is none before the first message, and most peers of a large mesh are quiet. */
  count(): PeerCounters {
    this.#counters ??= { ...NO_COUNTS }
    return this.#counters
  }

  /** What is accepted for it and not yet taken by the host's network stack. */
  waiting(): { messages: number; bytes: number } {
    const connection = this.openConnection
    return {
      messages: this.outbox.contentLength + (connection?.windowMessages ?? 0),
      bytes: this.outbox.byteLength + (connection?.windowBytes ?? 0),
    }
  }

  /** An immutable description, made anew when something in it has changed, or after a long time. */
  info(): PeerInfo {
    if (this.#info === undefined) {
      this.#info = this.#describe()
      this.noteDescribed()
    }
    return this.#info
  }

  #describe(): PeerInfo {
    const { endpoint } = this
    return Object.freeze({
      id: this.id,
      name: this.name,
      endpoint: endpoint === undefined ? '' : formatEndpoint(endpoint.address, endpoint.port),
      headers: this.headers,
      groups: this.groups,
      presence: this.presence,
      asleep: this.isAsleep,
      foundBy: this.foundBy,
    })
  }

  /** Nothing was ever heard of it but hints. */
  get isOnlyHinted(): boolean {
    const isNamed = this.hintedAt !== NEVER_HEARD
    return isNamed && this.heardBeaconAt === NEVER_HEARD && this.heardTcpAt === NEVER_HEARD
  }

  noteFoundBy(way: FoundBy): void {
    if (this.addFoundBy(way)) this.touchInfo()
  }

  /** To be called after a change of anything that a description shows. */
  touchInfo(): void {
    this.#info = undefined
  }
}
