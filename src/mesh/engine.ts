/**
 * The engine: the whole mesh protocol without a socket, a clock or a random number of its own.
 *
 * Order of calls, for a driver (see `runtime/driver.ts`):
 *   1. `handle…` gives it what happened: datagrams, connections, bytes, time. Commands (`whisper`, `join`, …)
 *      say what the application wants. Each takes `now`: milliseconds, never less than at the call before.
 *   2. After every call, until they return `undefined`: `pollEvent` (for the application), `pollAction`
 *      (dial, close, send a beacon) and, once per turn, `pollFlush` (connections with bytes to write).
 *   3. `pollTimeout` says when `handleTimeout` wants to be called at the latest.
 *
 * This file routes; the decisions are in the files beside it: `docs/architecture.md` says which is in which.
 */
import { assertNever } from '../base/assert.ts'
import { NEVER } from '../base/deadlines.ts'
import type { PeerId } from '../base/peer-id.ts'
import { Attention } from './attention.ts'
import { Beacons } from './beacons.ts'
import { Candidates } from './candidates.ts'
import type { EndpointAddress } from './connection.ts'
import { Connections } from './connections.ts'
import { type EngineAction, type Mailbox, MeshContext } from './context.ts'
import { Conversation } from './conversation.ts'
import { Departure } from './departure.ts'
import type { EngineEvent, FoundBy, PeerInfo } from './events.ts'
import type { LinkFailure } from './link-failure.ts'
import { Links } from './links.ts'
import { type EngineMetrics, measure } from './metrics.ts'
import type { EngineOptions } from './options.ts'
import type { Acceptance, OutgoingContent } from './outbox.ts'
import type { Connection, Peer } from './peer.ts'
import type { Preface } from './preface.ts'
import { Reception } from './reception.ts'
import { Roster } from './roster.ts'
import { Slumber } from './slumber.ts'
import { Strangers } from './strangers.ts'
import type { EngineClock } from './timed.ts'
import { Watch } from './watch.ts'

/** A deadline missed by less says nothing: event loops are late at times. */
const SLEEP_MIN_MS = 1_000

export class Engine {
  readonly #context: MeshContext
  readonly #links: Links
  readonly #roster: Roster
  readonly #watch: Watch
  readonly #connections: Connections
  readonly #candidates: Candidates
  readonly #reception: Reception
  readonly #beacons: Beacons
  readonly #departure: Departure
  readonly #attention: Attention
  readonly #slumber: Slumber
  readonly #clock: EngineClock = { timed: 'engine', agendaIndex: -1 }
  readonly #sleepMs: number
  #lastCallAt = Number.NEGATIVE_INFINITY

  constructor(options: EngineOptions) {
    const context = new MeshContext(options)
    const links = new Links(context)
    const roster = new Roster(context, links)
    const watch = new Watch(context, links, roster)
    this.#context = context
    this.#sleepMs = Math.max(options.timers.evasiveMs, SLEEP_MIN_MS)
    this.#links = links
    this.#roster = roster
    this.#watch = watch
    const strangers = new Strangers(context, links, roster, watch)
    const conversation = new Conversation(context, links, roster, watch, strangers)
    const reception = new Reception(context, roster, watch, strangers)
    const concerned = { links, roster, watch, conversation, reception, strangers }
    this.#reception = reception
    this.#connections = new Connections(context, concerned)
    this.#candidates = new Candidates(context, links, roster, watch, strangers)
    this.#beacons = new Beacons(context, links, roster, watch)
    this.#attention = new Attention(context, links, roster)
    const { all } = this.#connections
    this.#slumber = new Slumber(context, links, roster, watch, all)
    this.#departure = new Departure(context, links, roster, this.#beacons, all)
  }

  /** All connections that are not over: from `handleAccepted`, or the `dial` action, to `handleEnded`. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections.all
  }

  // Outputs

  pollEvent(): EngineEvent | undefined {
    return this.#context.events.shift()
  }

  pollAction(): EngineAction | undefined {
    const action = this.#context.actions.shift()
    if (action?.kind === 'dial') this.#connections.all.add(action.connection)
    return action
  }

  /** A connection that has bytes to write: take them with `takeSegments()`. */
  pollFlush(): Connection | undefined {
    const connection = this.#context.dirty.shift()
    this.#context.counters.bytesOut += connection?.zmtp.outputBytes ?? 0
    return connection
  }

  get hasFlush(): boolean {
    return this.#context.dirty.length > 0
  }

  /** When `handleTimeout` is due, or NEVER. */
  pollTimeout(): number {
    return this.#slumber.isAsleep ? NEVER : this.#context.agenda.next()
  }

  // What happened

  /** Our mailboxes, at the start and whenever the network changed. */
  handleMailboxes(mailboxes: readonly Mailbox[], now: number): void {
    this.#advance(now)
    this.#context.mailboxes = mailboxes
    this.#watch.handleMailboxes(now)
    if (this.#departure.isRunning) this.#beacons.announce(now)
    this.#rearm(now)
  }

  /** A datagram on the beacon port. `from` is its source. False when there is nothing to poll after it. */
  handleDatagram(bytes: Uint8Array, from: EndpointAddress, now: number): boolean {
    const slept = this.#advance(now)
    if (!this.#beacons.handleDatagram(bytes, from, now) && !slept) return false
    this.#rearm(now)
    return true
  }

  /** A way of discovery says where a peer may be: see `candidates.ts`. */
  handleCandidate(
    way: FoundBy,
    id: PeerId | undefined,
    endpoints: readonly EndpointAddress[],
    now: number,
  ): void {
    this.#advance(now)
    this.#candidates.handle(way, id, endpoints, now)
    this.#rearm(now)
  }

  /** Somebody dialled us; `undefined` means: drop it. */
  handleAccepted(
    remote: EndpointAddress,
    local: EndpointAddress,
    now: number,
  ): Connection | undefined {
    this.#advance(now)
    return this.#connections.accept(remote, local, now)
  }

  /** A connection that we dialled stands at the level of TCP. */
  handleOpened(connection: Connection, local: EndpointAddress): void {
    this.#connections.handleOpened(connection, local)
  }

  /** Bytes on a connection; the chunk is the engine's from here on. */
  handleBytes(connection: Connection, chunk: Uint8Array, now: number): void {
    this.#advance(now)
    this.#connections.handleBytes(connection, chunk, now)
    this.#rearm(now)
  }

  /** The host stops or goes on reading from connections that were dialled to us. */
  handleReading(reading: boolean, now: number): void {
    this.#advance(now)
    this.#attention.setReading(reading, now)
    this.#rearm(now)
  }

  /** All bytes that were taken from the connection have been written. */
  handleDrained(connection: Connection, now: number): void {
    this.#advance(now)
    connection.noteDrained()
    if (connection.role === 'dialler' && connection.peer !== undefined) {
      this.#links.pump(connection.peer, now)
    }
    this.#step(now)
    this.#rearm(now)
  }

  /** The connection is over: it ended, failed, could not be dialled, or a `close` action for it is complete.
   *  To be called exactly once for every connection. */
  handleEnded(connection: Connection, failure: LinkFailure | undefined, now: number): void {
    this.#advance(now)
    this.#connections.handleEnded(connection, failure, now)
    this.#step(now)
    this.#rearm(now)
  }

  /** Time has come to `pollTimeout()`. */
  handleTimeout(now: number): void {
    this.#advance(now)
    for (;;) {
      const due = this.#context.agenda.takeDue(now)
      if (due === undefined) break
      switch (due.timed) {
        case 'peer':
          this.#handlePeerDue(due, now)
          break
        case 'handshakes':
          this.#connections.handleHandshakesDue(now)
          break
        case 'silence':
          this.#watch.handleSilence(now)
          break
        case 'engine':
          this.#beacons.handleDue(now)
          this.#links.dialling.startQueued(now)
          this.#attention.handleDue(now)
          this.#roster.exitAll(this.#context.blockedPeers.handleDue(now), 'blocked', now)
          this.#step(now)
          break
        default:
          assertNever(due)
      }
    }
    this.#rearm(now)
  }

  #handlePeerDue(peer: Peer, now: number): void {
    for (;;) {
      const deadline = peer.phase === 'gone' ? undefined : peer.takeDeadline(now)
      if (deadline === undefined) break
      if (deadline === 'takeover') this.#reception.handleTakeoverDue(peer, now)
      else this.#watch.handleDeadline(peer, deadline, now)
    }
    if (peer.phase !== 'gone') this.#context.reschedule(peer)
  }

  // Commands

  whisper(id: PeerId, content: OutgoingContent, now: number): Acceptance {
    this.#advance(now)
    const peer = this.#roster.present(id)
    const acceptance = peer ? this.#links.offer(peer, content, now) : 'no-such-peer'
    if (acceptance !== 'accepted') this.#rearm(now)
    return acceptance
  }

  /** After the notice `room`, or when nobody waits any more: opens the peer's outbox. `serve` comes first. */
  reopen(id: PeerId, serve: () => void, now: number): void {
    this.#advance(now)
    const peer = this.#roster.present(id)
    if (peer !== undefined) peer.roomWanted = false
    serve()
    this.#step(now)
    this.#rearm(now)
  }

  /** Sends to every present member of a group; gives back whose outbox is full, where the policy is to wait. */
  shout(content: OutgoingContent, now: number): { accepted: number; full: PeerId[] } {
    this.#advance(now)
    const outcome = this.#links.offerToAll(content, now)
    if (this.#context.blockedPeers.nextAt !== NEVER) this.#rearm(now)
    return outcome
  }

  /** False when we are in the group already. */
  join(group: string, now: number): boolean {
    this.#advance(now)
    const isNew = this.#context.ownGroups.join(group)
    if (isNew) this.#roster.announceMembership('join', group, now)
    return isNew
  }

  /** False when we are not in the group. */
  leave(group: string, now: number): boolean {
    this.#advance(now)
    const wasIn = this.#context.ownGroups.leave(group)
    if (wasIn) this.#roster.announceMembership('leave', group, now)
    return wasIn
  }

  /** Asks a present peer for a sign of life, as soon as a link to it is open; a `pong` notice follows. */
  ping(id: PeerId, now: number): void {
    this.#advance(now)
    const peer = this.#roster.present(id)
    if (peer !== undefined) this.#watch.askForPong(peer, now)
    this.#rearm(now)
  }

  /** Closes all links for a while and keeps the peers, who are told by `notice` (see `slumber.ts`); the event `suspended` follows. */
  suspend(notice: readonly Uint8Array[], now: number): void {
    this.#advance(now)
    this.#slumber.suspend(notice, now)
    this.#rearm(now)
  }

  /** Between the event `suspended` and `resume`. */
  get isAsleep(): boolean {
    return this.#slumber.isAsleep
  }

  resume(now: number): void {
    this.#lastCallAt = now
    this.#slumber.resume(now)
    this.#beacons.announce(now)
    this.#rearm(now)
  }

  /** A peer has said that it sleeps, for up to so many milliseconds. */
  handleAsleep(id: PeerId, ms: number, now: number): void {
    this.#advance(now)
    this.#slumber.handleAsleep(id, ms, now)
    this.#rearm(now)
  }

  /** Leaves the mesh (see `departure.ts`); the notice `stopped` follows. */
  stop(now: number): void {
    this.#advance(now)
    this.#slumber.end()
    this.#departure.begin(now)
    this.#rearm(now)
  }

  /** What a service says to each peer before messages. */
  get preface(): Preface {
    return this.#context.preface
  }

  // Queries

  peers(): PeerInfo[] {
    return this.#roster.all().flatMap((peer) => (peer.phase === 'present' ? [peer.info()] : []))
  }

  peer(id: PeerId): PeerInfo | undefined {
    return this.#roster.present(id)?.info()
  }

  ownGroups(): string[] {
    return this.#context.ownGroups.names()
  }

  /** Groups that present peers are in. */
  peerGroups(): string[] {
    return this.#context.groupIndex.names()
  }

  members(group: string): PeerInfo[] {
    return [...(this.#context.groupIndex.members(group) ?? [])].map((peer) => peer.info())
  }

  metrics(now: number = this.#lastCallAt): EngineMetrics {
    return measure(this.#context, this.#roster.all(), now)
  }

  /** Called first by everything that takes `now`. When a deadline is overdue by more than `evasiveMs`, the host slept
   *  or was stuck: the silence was ours, and no peer is judged by it. True in that case. */
  #advance(now: number): boolean {
    const missed = now - Math.max(this.#context.agenda.next(), this.#lastCallAt)
    this.#lastCallAt = now
    if (this.#slumber.isAsleep) return false
    if (missed <= this.#sleepMs) return false
    this.#watch.excuse(missed)
    if (this.#departure.isRunning) this.#beacons.announce(now)
    return true
  }

  #step(now: number): void {
    this.#slumber.step(now)
    this.#departure.step(now)
  }

  #rearm(now: number): void {
    if (this.#departure.isStopped) return
    const { blockedPeers } = this.#context
    const stepAt = Math.min(this.#departure.nextAt, this.#slumber.nextAt, this.#attention.nextAt)
    const dialAt = this.#links.dialling.nextQueuedAt(now)
    const next = Math.min(this.#beacons.nextAt, dialAt, blockedPeers.nextAt, stepAt)
    this.#context.agenda.schedule(this.#clock, next)
  }
}
