/**
 * What all parts of the engine share: who we are, the agenda of deadlines, the outputs that the driver
 * polls, and the counters. State only; no decisions.
 */
import { BoundedQueue } from '../base/bounded-queue.ts'
import { Agenda, NEVER } from '../base/deadlines.ts'
import { peerIdToBytes } from '../base/peer-id.ts'
import { BlockedPeers } from './blocked-peers.ts'
import {
  type EndpointAddress,
  isSameEndpoint,
  type LimitsByTrust,
  limitsByTrust,
} from './connection.ts'
import type { MeshCounters } from './counters.ts'
import { newMeshCounters } from './counters.ts'
import type { EngineEvent } from './events.ts'
import { Ghosts } from './ghosts.ts'
import { GroupIndex, OwnGroups } from './groups.ts'
import { Handshakes } from './handshakes.ts'
import type { EngineOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import type { Connection, Peer } from './peer.ts'
import { PeerTable } from './peer-table.ts'
import { Places } from './places.ts'
import { Preface } from './preface.ts'
import type { Timed } from './timed.ts'
import type { WarningCode } from './warning-codes.ts'
import type { WarningSubject } from './warnings.ts'
import { WarningLedger } from './warnings.ts'

/** One place where we can be reached, and where our beacons go from there. */
export interface Mailbox {
  /** The name of the network interface. */
  readonly interfaceName: string
  /** With its zone, if it is link-local: as sockets tell it. */
  readonly address: string
  /** TCP port of the mailbox. */
  readonly port: number
  /** Where its beacons go: a broadcast address, or `ff02::1%eth0`; `undefined` on a link without. */
  readonly beaconTo: EndpointAddress | undefined
}

/** What the engine wants done; the driver polls these after every call. */
export type EngineAction =
  | { readonly kind: 'dial'; readonly connection: Connection; readonly from: string | undefined }
  /** Close: `flush` sends what was written before, `abort` drops it. The engine is done with it. */
  | { readonly kind: 'close'; readonly connection: Connection; readonly how: 'flush' | 'abort' }
  | { readonly kind: 'beacon'; readonly bytes: Uint8Array; readonly mailbox: Mailbox }

/** Outputs are drained after each call of the driver, so a single input bounds them. */
const DRAINED_AT_ONCE = Number.MAX_SAFE_INTEGER

export class MeshContext {
  readonly options: EngineOptions
  /** The 17 bytes a dialler announces: 1 and the UUID (RFC 36 "Protocol Signature"). */
  readonly identity: Uint8Array
  readonly connectionLimits: LimitsByTrust
  readonly handshakes: Handshakes
  readonly blockedPeers: BlockedPeers
  readonly peerTable: PeerTable<Peer>
  readonly places: Places = new Places()
  readonly ghosts: Ghosts = new Ghosts()
  /** Of all peers for whom nothing waits. Nothing is ever put into it. */
  readonly emptyOutbox: Outbox
  readonly ownGroups: OwnGroups = new OwnGroups()
  readonly groupIndex: GroupIndex<Peer> = new GroupIndex()
  readonly agenda: Agenda<Timed> = new Agenda()
  readonly events: BoundedQueue<EngineEvent> = new BoundedQueue(DRAINED_AT_ONCE)
  readonly actions: BoundedQueue<EngineAction> = new BoundedQueue(DRAINED_AT_ONCE)
  readonly dirty: BoundedQueue<Connection> = new BoundedQueue(DRAINED_AT_ONCE)
  readonly warnings: WarningLedger<WarningCode>
  mailboxes: readonly Mailbox[] = []
  /** Since when what peers say is read, or NEVER while it is not (see `attention.ts`). */
  readingSince: number = Number.NEGATIVE_INFINITY
  /** When a peer entered or exited last. */
  changedAt: number = Number.NEGATIVE_INFINITY
  /** From `suspend()` to `resume()`: no dials. */
  suspended = false
  /** From the moment of `stop()`: no new peers, no dials. */
  stopping = false
  readonly counters: MeshCounters = newMeshCounters()
  /** Of a service; nothing, until it says something. */
  readonly preface: Preface = new Preface()

  constructor(options: EngineOptions) {
    this.options = options
    this.connectionLimits = limitsByTrust(options.limits)
    this.handshakes = new Handshakes(this.agenda, options.limits.handshakeMs, this.counters)
    this.blockedPeers = new BlockedPeers(options.timers, this.counters, (event) => this.emit(event))
    this.peerTable = new PeerTable(options.random)
    this.emptyOutbox = new Outbox(options.limits)
    this.identity = new Uint8Array(17)
    this.identity[0] = 1
    this.identity.set(peerIdToBytes(options.id), 1)
    this.warnings = new WarningLedger(options.limits.warningsPerSecond)
  }

  /** Whether what peers say is read. */
  get isReading(): boolean {
    return this.readingSince !== NEVER
  }

  emit(event: EngineEvent): void {
    this.events.push(event)
  }

  warn(code: WarningCode, reason: string, subject: WarningSubject, now: number): void {
    const event = this.warnings.note(code, reason, subject, now)
    if (event !== undefined) this.emit(event)
  }

  markDirty(connection: Connection): void {
    if (connection.dirty || connection.closed) return
    connection.markDirty()
    this.dirty.push(connection)
  }

  /** Closes a connection and is done with it: `flush` sends what was written before, `abort` drops it. */
  closeConnection(connection: Connection, how: 'flush' | 'abort'): void {
    if (connection.closed) return
    // The driver takes what is still to be written with the action, not by `pollFlush`.
    if (how === 'flush') this.counters.bytesOut += connection.zmtp.outputBytes
    connection.close()
    const wasUnderWay = this.handshakes.end(connection)
    const isCall = connection.role === 'dialler' && connection.peer === undefined
    if (wasUnderWay && isCall) this.counters.dialsAbandoned++
    this.actions.push({ kind: 'close', connection, how })
  }

  /** Whether it is one of our mailboxes. */
  isOwn(endpoint: EndpointAddress): boolean {
    return this.mailboxes.some((mailbox) => isSameEndpoint(endpoint, mailbox))
  }

  /** Puts the peer's earliest deadline into the agenda; call after every change of its deadlines. */
  reschedule(peer: Peer): void {
    this.agenda.schedule(peer, peer.nextDeadline())
  }

  /** A wait of about `ms`: half of it fixed, half random, so that nodes do not act in step. */
  jittered(ms: number): number {
    return ms / 2 + (ms / 2) * this.options.random()
  }
}
