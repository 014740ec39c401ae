/**
 * Reception: connections that others dial to us, from accepting to knowing whose they are, and who may hold an
 * identity when two claim it.
 *
 * A connection counts against its address until its handshake is complete, and is dropped when that takes too
 * long. The dialler's identity arrives in its READY, before ours goes out: so a connection that is not welcome
 * ends without a message lost (a libzmq dialler keeps its queue and tries again).
 */
import { isIdentity, peerIdFromBytes } from '../base/peer-id.ts'
import type { PeerMetadata } from '../zmtp/connection.ts'
import type { EndpointAddress } from './connection.ts'
import { MeshConnection } from './connection.ts'
import type { MeshContext } from './context.ts'
import type { Connection, Peer } from './peer.ts'
import type { Roster } from './roster.ts'
import type { Strangers } from './strangers.ts'
import type { WarningSubject } from './warnings.ts'
import type { Watch } from './watch.ts'

export class Reception {
  readonly #context: MeshContext
  readonly #roster: Roster
  readonly #watch: Watch
  readonly #strangers: Strangers
  /** Accepted, handshake not complete, by address. */
  readonly #halfOpen = new Map<string, number>()
  #inboundCount = 0

  constructor(context: MeshContext, roster: Roster, watch: Watch, strangers: Strangers) {
    this.#context = context
    this.#roster = roster
    this.#watch = watch
    this.#strangers = strangers
  }

  /** A connection came in; `undefined` when it must be dropped at once. */
  accept(remote: EndpointAddress, local: EndpointAddress, now: number): Connection | undefined {
    const { limits } = this.#context.options
    const { counters } = this.#context
    const halfOpen = this.#halfOpen.get(remote.address) ?? 0
    if (this.#context.stopping) return undefined
    if (halfOpen >= limits.halfOpenPerAddress) {
      counters.connectionsRefused++
      const reason = `${halfOpen} connections from ${remote.address} have not completed their handshake`
      this.#context.warn('half-open-limit', reason, subjectAt(remote), now)
      return undefined
    }
    if (this.#inboundCount >= limits.inboundConnections) {
      counters.connectionsRefused++
      const reason = `${this.#inboundCount} connections are open`
      this.#context.warn('inbound-limit', reason, subjectAt(remote), now)
      return undefined
    }
    counters.connectionsAccepted++
    this.#inboundCount++
    this.#halfOpen.set(remote.address, halfOpen + 1)
    const connection = MeshConnection.accepted<Peer>(
      remote,
      local,
      this.#context.identity,
      this.#context.connectionLimits,
    )
    this.#context.handshakes.begin(connection, now)
    this.#context.markDirty(connection)
    return connection
  }

  /** The dialler's READY is here: decide whether it may be who it says. */
  handleOffer(connection: Connection, metadata: PeerMetadata, now: number): void {
    const { identity } = metadata
    if (identity.length === 0) {
      this.#receiveVisitor(connection)
      return
    }
    if (!isIdentity(identity)) {
      const reason = `the identity has ${identity.length} bytes; ZRE wants 1 followed by a UUID`
      this.#refuse(connection, 'identity-malformed', reason, now)
      return
    }
    const id = peerIdFromBytes(identity, 1)
    if (id === this.#context.options.id) {
      this.#refuseOwn(connection, now)
      return
    }
    const known = this.#roster.get(id)
    const peer = known ?? this.#roster.admit(id, connection.remote.address, now)
    if (peer === undefined) {
      this.#context.counters.connectionsRefused++
      this.#context.closeConnection(connection, 'abort')
      return
    }
    if (known === undefined) {
      this.#watch.begin(peer, now)
      peer.noteFoundBy('link')
    }
    this.#leaveHalfOpen(connection)
    this.#seat(peer, connection, now)
  }

  /**
   * Who dials without an identity, as RFC 37 allows, wants to know what is here (`earshot scan`) and will be no peer: our
   * READY says it. Until the connection is over, it counts as any other whose handshake is not complete.
   */
  #receiveVisitor(connection: Connection): void {
    this.#context.counters.visitors++
    this.#context.handshakes.complete(connection)
    connection.zmtp.accept()
    this.#context.closeConnection(connection, 'flush')
  }

  #refuseOwn(connection: Connection, now: number): void {
    if (this.#strangers.isOurCall(connection.remote, now)) {
      this.#context.closeConnection(connection, 'abort')
      return
    }
    const reason = 'somebody dialled us with our own identity'
    this.#refuse(connection, 'identity-own', reason, now)
  }

  /** The newest connection of an identity takes over, unless it comes from elsewhere while the old one lives. */
  #seat(peer: Peer, connection: Connection, now: number): void {
    const holder = peer.inbound
    if (holder === undefined) {
      this.#adopt(peer, connection, now)
      return
    }
    if (holder.remote.address === connection.remote.address) {
      this.#context.closeConnection(holder, 'abort')
      this.#adopt(peer, connection, now)
      return
    }
    if (peer.contender !== undefined) {
      const reason = `a third connection claims the identity of ${peer.name || peer.id}`
      this.#refuse(connection, 'identity-conflict', reason, now)
      return
    }
    connection.peer = peer
    peer.contender = connection
    this.#challenge(peer, now)
  }

  // Who holds an identity

  /** A newcomer claims the identity from another address: the holder has `takeoverMs` to show life. */
  #challenge(peer: Peer, now: number): void {
    this.#watch.pingAfresh(peer, now)
    peer.setDeadline('takeover', now + this.#context.options.timers.takeoverMs)
    this.#context.reschedule(peer)
  }

  /** Something came from the holder: the newcomer, if there is one, is refused. */
  defend(peer: Peer, now: number): void {
    const { contender } = peer
    if (contender === undefined) return
    peer.contender = undefined
    peer.clearDeadline('takeover')
    this.#context.reschedule(peer)
    if (peer.isAt(contender.remote.address)) {
      // A host with several addresses, which was called at several of ours.
      this.#context.counters.connectionsRefused++
      this.#context.closeConnection(contender, 'abort')
      return
    }
    const reason = `${contender.remoteText} claims the identity of ${peer.name || peer.id}, which still answers from elsewhere`
    this.#refuse(contender, 'identity-conflict', reason, now)
  }

  /** The holder has had its time; unless its answer waits unread. */
  handleTakeoverDue(peer: Peer, now: number): void {
    if (this.#context.isReading) {
      this.#yieldIdentity(peer, now)
      return
    }
    peer.setDeadline('takeover', now + this.#context.options.timers.takeoverMs)
    this.#context.reschedule(peer)
  }

  /** The holder stayed silent, or its connection ended: the newcomer takes its place. */
  #yieldIdentity(peer: Peer, now: number): void {
    const { contender, inbound } = peer
    if (contender === undefined) return
    peer.contender = undefined
    if (inbound !== undefined) this.#context.closeConnection(inbound, 'abort')
    this.#adopt(peer, contender, now)
  }

  /** A peer's link to us, or the connection that would take its place, ended by itself. */
  handleLost(peer: Peer, connection: Connection, now: number): void {
    if (peer.contender === connection) {
      peer.contender = undefined
    } else if (peer.inbound === connection) {
      peer.inbound = undefined
      if (peer.contender !== undefined) this.#yieldIdentity(peer, now)
      else this.#watch.handleLinkEnded(peer, 'inbound', false, now)
    }
  }

  /** Makes an accepted connection the peer's link to us. */
  #adopt(peer: Peer, connection: Connection, now: number): void {
    peer.clearDeadline('takeover')
    peer.inbound = connection
    connection.peer = peer
    this.#context.handshakes.complete(connection)
    connection.zmtp.accept()
    if (peer.phase === 'present') connection.allowMessages(this.#context.connectionLimits)
    this.#context.markDirty(connection)
    this.#context.reschedule(peer)
    this.#watch.handleTraffic(peer, now)
  }

  #refuse(
    connection: Connection,
    code: Parameters<MeshContext['warn']>[0],
    reason: string,
    now: number,
  ): void {
    this.#context.counters.connectionsRefused++
    const subject = { peer: connection.peer?.id, address: connection.remoteText }
    this.#context.warn(code, reason, subject, now)
    this.#context.closeConnection(connection, 'abort')
  }

  /** An accepted connection ended, whoever ended it. To be called exactly once for each. */
  handleEnded(connection: Connection): void {
    this.#inboundCount--
    this.#leaveHalfOpen(connection)
  }

  #leaveHalfOpen(connection: Connection): void {
    if (connection.introduced) return
    connection.introduce()
    const { address } = connection.remote
    const left = (this.#halfOpen.get(address) ?? 1) - 1
    if (left > 0) this.#halfOpen.set(address, left)
    else this.#halfOpen.delete(address)
  }
}

function subjectAt({ address, port }: EndpointAddress): WarningSubject {
  return { address: `${address}:${port}` }
}
