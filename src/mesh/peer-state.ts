/**
 * The states of a peer that are one of a few, or yes or no: bits of one number. There are a dozen, and a field for
 * each would be a third of what a quiet peer takes; a large mesh has nothing but quiet peers.
 */
import type { FoundBy, Presence } from './events.ts'
import { type Described, PeerTimes } from './peer-table.ts'

/**
 * Our link to the peer's mailbox: the connection that we dial and send on.
 *
 *     idle ─▶ queued ─▶ dialling ─▶ open
 *               ▲          │          │
 *            waiting ◀─────┴──────────┘   (failure or loss; after a back-off)
 *
 * Idle: no endpoint known yet, or not ours to dial. Waiting: until the `redial` deadline. Queued: for a token of
 * the dial budget. There is a connection (`Peer.outbound`) from dialling on.
 */
export type LinkState = 'idle' | 'waiting' | 'queued' | 'dialling' | 'open'

/** How a peer's sequence numbers wrap: as RFC 36 says (65535 → 0), or one early as some do (65534 → 0). */
export type WrapStyle = 'unknown' | 'rfc' | 'short'

export type Phase = 'candidate' | 'present' | 'gone'

/** What came last on its link to us: `link` are bytes that are no whole message (yet), its handshake among them. */
export type LinkEvidence =
  | 'link'
  | 'hello'
  | 'message'
  | 'membership'
  | 'ping'
  | 'ping-ok'
  | 'election'

// The first of each is what a peer starts with. None has more than eight.
const PHASES: readonly Phase[] = ['candidate', 'present', 'gone']
const PRESENCES: readonly Presence[] = ['alive', 'evasive', 'silent']
const LINKS: readonly LinkState[] = ['idle', 'waiting', 'queued', 'dialling', 'open']
const WRAP_STYLES: readonly WrapStyle[] = ['unknown', 'rfc', 'short']
const EVIDENCES: readonly LinkEvidence[] = [
  'link',
  'hello',
  'message',
  'membership',
  'ping',
  'ping-ok',
  'election',
]

const WAYS: readonly FoundBy[] = ['beacon', 'mdns', 'gossip', 'seed', 'link']
/** By their bits: every set of ways, made once. */
const SETS_OF_WAYS: readonly (readonly FoundBy[])[] = Array.from(
  { length: 1 << WAYS.length },
  (_, set) => Object.freeze(WAYS.filter((_way, i) => (set & (1 << i)) !== 0)),
)

const CHOICE = 7
const PHASE = 0
const PRESENCE = 3
const LINK = 6
const WRAP_STYLE = 9

const HOLDS_ENDPOINT = 1 << 12
const KNOWS_US = 1 << 13
const HELLO_DUE = 1 << 14
const ROOM_WANTED = 1 << 15
const IS_EARSHOT = 1 << 16
const AWAITING_PONG = 1 << 17
const PONG_OWED = 1 << 18
const PONG_WANTED = 1 << 19
const PING_HELD_UP = 1 << 20

const EVIDENCE = 21
const IS_ASLEEP = 1 << 29
const IS_EXPECTED = 1 << 30
/** Five bits, one for each way of being found. */
const FOUND_BY = 24
const MESSAGE = EVIDENCES.indexOf('message') << EVIDENCE

// A peer is calm (see `PeerTable`) as long as none of its presence, link and place changes.
export class PeerState<Owner extends Described> extends PeerTimes<Owner> {
  #bits = 0

  /** Beacons from where it is say nothing new: it is alive, and dialled there. */
  get isCalm(): boolean {
    const { link } = this
    const isDialled = link === 'open' || link === 'dialling' || link === 'queued'
    return isDialled && this.holdsEndpoint && this.presence === 'alive'
  }

  get phase(): Phase {
    return PHASES[(this.#bits >> PHASE) & CHOICE]!
  }

  set phase(phase: Phase) {
    this.#bits = choose(this.#bits, PHASE, PHASES.indexOf(phase))
  }

  get presence(): Presence {
    return PRESENCES[(this.#bits >> PRESENCE) & CHOICE]!
  }

  set presence(presence: Presence) {
    this.disturb()
    this.#bits = choose(this.#bits, PRESENCE, PRESENCES.indexOf(presence))
  }

  get link(): LinkState {
    return LINKS[(this.#bits >> LINK) & CHOICE]!
  }

  protected set link(link: LinkState) {
    this.disturb()
    this.#bits = choose(this.#bits, LINK, LINKS.indexOf(link))
  }

  get wrapStyle(): WrapStyle {
    return WRAP_STYLES[(this.#bits >> WRAP_STYLE) & CHOICE]!
  }

  set wrapStyle(style: WrapStyle) {
    this.#bits = choose(this.#bits, WRAP_STYLE, WRAP_STYLES.indexOf(style))
  }

  /** Of all that claim this endpoint, it is the one to be dialled there (see `places.ts`). */
  get holdsEndpoint(): boolean {
    return (this.#bits & HOLDS_ENDPOINT) !== 0
  }

  set holdsEndpoint(value: boolean) {
    this.disturb()
    this.#bits = mark(this.#bits, HOLDS_ENDPOINT, value)
  }

  get evidence(): LinkEvidence {
    return EVIDENCES[(this.#bits >> EVIDENCE) & CHOICE]!
  }

  set evidence(evidence: LinkEvidence) {
    this.#bits = choose(this.#bits, EVIDENCE, EVIDENCES.indexOf(evidence))
  }

  /** As `evidence`, for what comes a million times a second. */
  heardMessage(): void {
    this.#bits = (this.#bits & ~(CHOICE << EVIDENCE)) | MESSAGE
  }

  override heardTcp(now: number): void {
    super.heardTcp(now)
    this.#bits &= ~(CHOICE << EVIDENCE) // `link`, until more is known
  }

  /** It has our HELLO, as far as we know, and has not started over since. */
  get knowsUs(): boolean {
    return (this.#bits & KNOWS_US) !== 0
  }

  set knowsUs(value: boolean) {
    this.#bits = mark(this.#bits, KNOWS_US, value)
  }

  /** A HELLO must go out before anything else on an open link. */
  get helloDue(): boolean {
    return (this.#bits & HELLO_DUE) !== 0
  }

  set helloDue(value: boolean) {
    this.#bits = mark(this.#bits, HELLO_DUE, value)
  }

  /** A sender found the outbox full and waits to hear of room. */
  get roomWanted(): boolean {
    return (this.#bits & ROOM_WANTED) !== 0
  }

  set roomWanted(value: boolean) {
    this.#bits = mark(this.#bits, ROOM_WANTED, value)
  }

  /** It announced itself as earshot: knows the RFC's wrap, closes the links of a peer it gives up. */
  get isEarshot(): boolean {
    return (this.#bits & IS_EARSHOT) !== 0
  }

  set isEarshot(value: boolean) {
    this.#bits = mark(this.#bits, IS_EARSHOT, value)
  }

  get awaitingPong(): boolean {
    return (this.#bits & AWAITING_PONG) !== 0
  }

  set awaitingPong(value: boolean) {
    this.#bits = mark(this.#bits, AWAITING_PONG, value)
  }

  /** When the answer to our PING was due, bytes of ours still waited for the host's network stack. */
  get pingHeldUp(): boolean {
    return (this.#bits & PING_HELD_UP) !== 0
  }

  set pingHeldUp(value: boolean) {
    this.#bits = mark(this.#bits, PING_HELD_UP, value)
  }

  /** It asked for a sign of life while it did not read. */
  get pongOwed(): boolean {
    return (this.#bits & PONG_OWED) !== 0
  }

  set pongOwed(value: boolean) {
    this.#bits = mark(this.#bits, PONG_OWED, value)
  }

  /** It has said that it sleeps, and was not heard since. */
  get isAsleep(): boolean {
    return (this.#bits & IS_ASLEEP) !== 0
  }

  set isAsleep(value: boolean) {
    this.disturb()
    this.#bits = mark(this.#bits, IS_ASLEEP, value)
  }

  /** It slept, or we did: its next HELLO is no restart. */
  get isExpected(): boolean {
    return (this.#bits & IS_EXPECTED) !== 0
  }

  set isExpected(value: boolean) {
    this.#bits = mark(this.#bits, IS_EXPECTED, value)
  }

  get foundBy(): readonly FoundBy[] {
    return SETS_OF_WAYS[(this.#bits >> FOUND_BY) & (SETS_OF_WAYS.length - 1)]!
  }

  /** False when that was known. */
  protected addFoundBy(way: FoundBy): boolean {
    const before = this.#bits
    this.#bits |= 1 << (FOUND_BY + WAYS.indexOf(way))
    return this.#bits !== before
  }

  /** A PING is to be sent when the link opens. */
  get pongWanted(): boolean {
    return (this.#bits & PONG_WANTED) !== 0
  }

  set pongWanted(value: boolean) {
    this.#bits = mark(this.#bits, PONG_WANTED, value)
  }
}

function choose(bits: number, at: number, index: number): number {
  return (bits & ~(CHOICE << at)) | (index << at)
}

function mark(bits: number, bit: number, value: boolean): number {
  return value ? bits | bit : bits & ~bit
}
