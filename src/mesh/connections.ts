/**
 * Connections, dialled and accepted: what comes on them goes to those whom it concerns, and so does their end.
 */
import { assertNever } from '../base/assert.ts'
import type { Multipart } from '../zmtp/multipart.ts'
import { type EndpointAddress, isSameEndpoint } from './connection.ts'
import type { MeshContext } from './context.ts'
import type { Conversation } from './conversation.ts'
import type { LinkFailure } from './link-failure.ts'
import type { Links } from './links.ts'
import type { Connection, Peer } from './peer.ts'
import type { Reception } from './reception.ts'
import type { Roster } from './roster.ts'
import type { Strangers } from './strangers.ts'
import type { WarningCode } from './warning-codes.ts'
import type { Watch } from './watch.ts'

/** Whom they concern. */
export interface Concerned {
  readonly links: Links
  readonly roster: Roster
  readonly watch: Watch
  readonly conversation: Conversation
  readonly reception: Reception
  readonly strangers: Strangers
}

export class Connections {
  readonly #context: MeshContext
  readonly #to: Concerned
  /** All that are not over: from `handleAccepted`, or the `dial` action, to `handleEnded`. */
  readonly all: Set<Connection> = new Set()

  constructor(context: MeshContext, concerned: Concerned) {
    this.#context = context
    this.#to = concerned
  }

  /** Somebody dialled us; `undefined` means: drop it. */
  accept(remote: EndpointAddress, local: EndpointAddress, now: number): Connection | undefined {
    const connection = this.#to.reception.accept(remote, local, now)
    if (connection !== undefined) this.all.add(connection)
    return connection
  }

  /** One that we dialled stands at the level of TCP. */
  handleOpened(connection: Connection, local: EndpointAddress): void {
    connection.local = local
    if (!connection.closed) this.#to.links.dialling.handleOpened(connection)
  }

  handleBytes(connection: Connection, chunk: Uint8Array, now: number): void {
    if (connection.closed) return
    const { watch, reception } = this.#to
    this.#context.counters.bytesIn += chunk.length
    const { peer } = connection
    if (connection.role === 'acceptor' && peer?.inbound === connection) {
      // One that sleeps wakes with a new link, not with what it said before.
      if (!peer.isAsleep) watch.handleTraffic(peer, now)
      reception.defend(peer, now)
    }
    connection.zmtp.handleBytes(chunk)
    this.#poll(connection, now)
    if (connection.zmtp.outputBytes > 0) this.#context.markDirty(connection)
  }

  #poll(connection: Connection, now: number): void {
    while (!connection.closed) {
      const input = connection.zmtp.poll()
      switch (input.kind) {
        case 'message':
          this.#handleMessage(connection, input, now)
          break
        case 'needMore':
          return
        case 'offer':
          this.#to.reception.handleOffer(connection, input.peer, now)
          break
        case 'ready':
          this.#handleReady(connection, input.peer.identity, now)
          break
        case 'pong':
          break
        case 'invalid':
          this.#drop(connection, input.code, input.reason, now)
          return
        default:
          assertNever(input)
      }
    }
  }

  #handleMessage(connection: Connection, parts: Multipart, now: number): void {
    const { peer } = connection
    // On a link that we dialled nothing is ever said to us (traffic is one-way per connection).
    if (peer === undefined || connection.role === 'dialler') return
    this.#to.conversation.handleMessage(peer, connection, parts, now)
  }

  /** The handshake of one that we dialled is complete. */
  #handleReady(connection: Connection, identity: Uint8Array, now: number): void {
    const { links, roster, watch, strangers } = this.#to
    if (connection.peer === undefined) {
      strangers.handleReady(connection, identity, now)
      return
    }
    if (roster.isOfAnother(connection, identity)) {
      this.#handleAnother(connection.peer, connection, now)
      return
    }
    links.handleReady(connection, now)
    watch.handleLinkOpened(connection, now)
  }

  /** Another node than the peer answers where we dialled: at its endpoint that is its end, elsewhere an old story. */
  #handleAnother(peer: Peer, connection: Connection, now: number): void {
    if (isSameEndpoint(connection.remote, peer.endpoint)) {
      this.#to.roster.exit(peer, 'replaced', now)
      return
    }
    peer.dropPlace(connection.remote)
    this.#context.actions.push({ kind: 'close', connection, how: 'abort' })
    this.#detach(connection, { kind: 'protocol', message: 'another node answers there' }, now)
  }

  /** It is over: it ended, failed, could not be dialled, or a `close` action for it is complete. */
  handleEnded(connection: Connection, failure: LinkFailure | undefined, now: number): void {
    this.all.delete(connection)
    if (connection.role === 'acceptor') this.#to.reception.handleEnded(connection)
    if (!connection.closed) this.#detach(connection, failure, now)
  }

  /** Takes a connection that ended by itself out of its peer's state. */
  #detach(connection: Connection, failure: LinkFailure | undefined, now: number): void {
    const { links, watch, reception, strangers } = this.#to
    const { peer } = connection
    connection.close()
    this.#context.handshakes.end(connection)
    if (peer?.phase === 'gone') return
    if (connection.role === 'acceptor') {
      if (peer !== undefined) reception.handleLost(peer, connection, now)
    } else if (peer === undefined) {
      strangers.handleEnded(connection, failure, now)
    } else if (links.handleLost(peer, connection, failure, now)) {
      const isEndpoint = isSameEndpoint(connection.remote, peer.endpoint)
      watch.handleLinkEnded(peer, 'outbound', isEndpoint && failure?.kind === 'refused', now)
    }
  }

  /** We end a connection because of what came on it, with the same consequences as if it had failed. */
  #drop(connection: Connection, code: WarningCode, reason: string, now: number): void {
    const subject = { peer: connection.peer?.id, address: connection.remoteText }
    this.#context.warn(code, reason, subject, now)
    if (connection.closed) return
    this.#context.actions.push({ kind: 'close', connection, how: 'abort' })
    const kind = code === 'handshake-timeout' ? 'timeout' : 'protocol'
    this.#detach(connection, { kind, message: reason }, now)
  }

  handleHandshakesDue(now: number): void {
    const { handshakes, options } = this.#context
    if (handshakes.putOff(now)) return
    for (;;) {
      const connection = handshakes.takeDue(now)
      if (connection === undefined) break
      const reason = `no handshake with ${connection.remoteText} within ${options.limits.handshakeMs} ms`
      this.#drop(connection, 'handshake-timeout', reason, now)
    }
  }
}
