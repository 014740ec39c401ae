/**
 * Links: the connections that we dial, one per peer, and all that is sent on them.
 *
 * A link starts with HELLO, and what is said on it is numbered (`link-writer.ts`). A link that
 * breaks is dialled again after a back-off, within the dial budget, and starts over with a fresh HELLO:
 * nobody can know what the other side received before the break. What waits in the outbox stays.
 *
 * Not here: who is a peer (`roster.ts`), what silence means (`watch.ts`), links dialled by others (`reception.ts`).
 */
import type { PeerId } from '../base/peer-id.ts'
import type { MeshContext } from './context.ts'
import type { LossReason } from './counters.ts'
import { Dialling } from './dialling.ts'
import type { TracedNotice } from './events.ts'
import type { LinkFailure } from './link-failure.ts'
import { LinkWriter } from './link-writer.ts'
import type { Acceptance, Outgoing, OutgoingContent, OutgoingMembership } from './outbox.ts'
import { Outbox } from './outbox.ts'
import type { Connection, Peer } from './peer.ts'

/**
 * While fewer bytes than this are on their way to the host's network stack, messages are encoded at once;
 * beyond it they wait in the outbox, where they have no sequence number yet and PINGs can pass them.
 */
const WRITE_WINDOW_BYTES = 256 * 1024

/** HELLO header by which earshot nodes know each other; its value is the version of our extensions. */
export const EARSHOT_HEADER = 'X-EARSHOT'

/** A peer that has just ended refuses a few dials before its end is certain: that is no news. */
const DIALS_BEFORE_WARNING = 6

/** A link that stood this long was no mistake: when it breaks, it is dialled again at once. */
const LINK_PROVEN_MS = 1_000

/** Whatever the options say, a peer is not dialled more often. */
const REDIAL_FLOOR_MS = 10
const REDIAL_DOUBLINGS_MAX = 20

export class Links {
  readonly #context: MeshContext
  readonly dialling: Dialling
  readonly #writer: LinkWriter
  /** For `Outbox.makeRoom`: made once, and nearly always empty. */
  readonly #replacedTraced: OutgoingContent[] = []

  constructor(context: MeshContext) {
    this.#context = context
    this.#writer = new LinkWriter(context)
    this.dialling = new Dialling(context)
  }

  // Dialling

  /** Sees to it that there is a link to the peer's endpoint, or one in the making. */
  establish(peer: Peer, now: number): void {
    const { stopping, suspended } = this.#context
    if (stopping || suspended || peer.isAsleep) return
    if (peer.phase === 'gone' || !peer.holdsEndpoint) return
    if (peer.link === 'dialling' || peer.link === 'open') return
    if (peer.doubt?.kind === 'replaced') return // whoever is there now is another
    this.dialling.enqueue(peer, now)
  }

  /** Dials a peer that sleeps, once: it may be awake. */
  wake(peer: Peer, now: number): void {
    const { stopping, suspended } = this.#context
    if (!stopping && !suspended && peer.holdsEndpoint) this.dialling.enqueue(peer, now)
  }

  /** The handshake of a dialled connection is complete: introduce ourselves, then send what waits. */
  handleReady(connection: Connection, now: number): void {
    const { peer } = connection
    if (peer === undefined) return
    this.#context.handshakes.complete(connection)
    this.dialling.end(peer)
    this.#noteOpen(peer, connection, now)
    this.introduce(peer, now)
    this.dialling.startQueued(now)
  }

  /** A connection on which the handshake is complete, and perhaps our HELLO said, becomes the link to the peer, which has none. */
  adopt(peer: Peer, connection: Connection, hasHello: boolean, now: number): void {
    connection.peer = peer
    this.#noteOpen(peer, connection, now)
    if (hasHello) this.#writer.noteHello(peer, now)
    else this.introduce(peer, now)
    this.pump(peer, now)
  }

  #noteOpen(peer: Peer, connection: Connection, now: number): void {
    peer.setLinkOver('open', connection)
    peer.linkOpenedAt = now
    peer.links++
  }

  /** Says HELLO on a connection of nobody yet; `adopt` follows when it is known whose it is. */
  greet(connection: Connection): void {
    this.#writer.greet(connection)
  }

  /** Says HELLO (again), if there is a link; a link to come starts with it anyway. */
  introduce(peer: Peer, now: number): void {
    if (peer.openConnection === undefined) return
    peer.helloDue = true
    this.pump(peer, now)
  }

  /**
   * A dialled connection ended, or never stood. Content that was accepted and not yet written is lost; a
   * redial is planned unless the peer is gone. False when another place is being tried meanwhile.
   */
  handleLost(
    peer: Peer,
    connection: Connection,
    failure: LinkFailure | undefined,
    now: number,
  ): boolean {
    const wasOpen = peer.link === 'open'
    if (this.dialling.goesOn(peer, connection, failure, now)) return false
    if (peer.outbound !== connection) return true
    this.dialling.end(peer)
    peer.setLink('waiting')
    this.#forgetPing(peer)
    this.#reportLost(peer, connection, now)
    // A mailbox that takes links only to drop them must not be dialled without end.
    if (wasOpen && now - peer.linkOpenedAt >= LINK_PROVEN_MS) {
      peer.failedDials = 0
      this.#planRedial(peer, now, 0)
      return true
    }
    if (!wasOpen) {
      this.#context.counters.dialsFailed++
      this.#context.counters.dialFailures[failure?.kind ?? 'ended']++
    }
    peer.failedDials++
    if (peer.failedDials === DIALS_BEFORE_WARNING) {
      const why = failure?.message ?? 'the connection ended during the handshake'
      const reason = `${connection.remoteText} cannot be reached after ${peer.failedDials} attempts: ${why}`
      this.#context.warn(
        'dial-failed',
        reason,
        { peer: peer.id, address: connection.remoteText },
        now,
      )
    }
    const { redialMinMs, redialMaxMs } = this.#context.options.timers
    const doublings = Math.min(peer.failedDials - 1, REDIAL_DOUBLINGS_MAX)
    const delayMs = Math.max(REDIAL_FLOOR_MS, redialMinMs) * 2 ** doublings
    this.#planRedial(peer, now, Math.min(Math.max(REDIAL_FLOOR_MS, redialMaxMs), delayMs))
    return true
  }

  #planRedial(peer: Peer, now: number, delayMs: number): void {
    if (peer.isAsleep) {
      peer.setLink('idle')
      return
    }
    peer.setDeadline('redial', now + this.#context.jittered(delayMs))
    this.#context.reschedule(peer)
  }

  /** What waits for the peer will not be written; gives back how many messages of the application that are. */
  dropWaiting(peer: Peer, why: LossReason): number {
    const { outbox } = peer
    if (outbox.length === 0) return 0
    const lost = outbox.contentLength
    this.countLost(peer, lost, why)
    for (const each of outbox.traced()) this.#tellTraced(peer, each, 'failed')
    outbox.clear()
    return lost
  }

  countLost(peer: Peer, messages: number, why: LossReason): void {
    if (messages === 0) return
    const { counters } = this.#context
    peer.count().messagesLost += messages
    counters.messagesLost += messages
    if (why === 'link') counters.lostByLinks += messages
    else if (why === 'exit') counters.lostByExits += messages
    else counters.lostByStop += messages
  }

  #reportLost(peer: Peer, connection: Connection, now: number): void {
    const lost = connection.windowMessages
    if (lost === 0) return
    this.countLost(peer, lost, peer.phase === 'gone' ? 'exit' : 'link')
    if (peer.phase === 'gone') return // its exit says it
    const reason = `the link to ${peer.name || peer.id} broke with ${lost} accepted messages in it that were not yet written`
    this.#context.warn('messages-lost', reason, { peer: peer.id }, now)
  }

  /** Drops the link as it is and starts over towards the peer's (perhaps new) endpoint. */
  restart(peer: Peer, now: number): void {
    this.close(peer, 'abort', now)
    peer.failedDials = 0
    this.establish(peer, now)
  }

  /** Takes the link down and out of every queue. */
  close(peer: Peer, how: 'flush' | 'abort', now: number): void {
    this.dialling.cancel(peer)
    peer.clearDeadline('redial')
    this.#forgetPing(peer)
    const { outbound } = peer
    if (outbound !== undefined) {
      if (how === 'abort') this.#reportLost(peer, outbound, now)
      this.#context.closeConnection(outbound, how)
    }
    peer.setLink('idle')
    this.#context.reschedule(peer)
  }

  /** The link that carried a PING is gone: ask again on the next one. */
  #forgetPing(peer: Peer): void {
    peer.clearDeadline('probe')
    if (peer.awaitingPong) peer.pongWanted = true
    peer.awaitingPong = false
  }

  // Sending

  /**
   * Accepts a message for the peer, if its outbox has room. Once somebody waits for room it stays closed until it has
   * drained to its low marks and the waiting senders were served (`reopen`): nobody overtakes them.
   */
  offer(peer: Peer, content: OutgoingContent, now: number): Acceptance {
    if (this.#context.stopping) return 'full'
    const connection = peer.openConnection
    const windowMessages = connection?.windowMessages ?? 0
    const windowBytes = connection?.windowBytes ?? 0
    if (peer.roomWanted || !peer.outbox.hasRoom(content.byteLength, windowMessages, windowBytes)) {
      return this.#handleFull(peer, content, now)
    }
    if (content.trace !== undefined) this.#tellTraced(peer, content, 'accepted')
    if (connection !== undefined && peer.outbox.length === 0 && windowBytes < WRITE_WINDOW_BYTES) {
      this.#writer.writeOutgoing(peer, connection, content, now)
      this.#context.markDirty(connection)
    } else {
      this.#wait(peer, content)
    }
    return 'accepted'
  }

  /** There is no room: what then, the message's policy says. */
  #handleFull(peer: Peer, content: OutgoingContent, now: number): Acceptance {
    // A service finds its own pace: that it has more to say than there is room makes nobody a blocked peer.
    if (content.isService) return 'full'
    const { blockedPeers } = this.#context
    const { whenFull, waits } = content
    blockedPeers.noteFull(peer, whenFull === 'disconnect', now)
    if (whenFull === 'drop-oldest' && this.#replaceOldest(peer, content, now)) return 'accepted'
    if (!waits) return 'full'
    if (whenFull === 'wait' || whenFull === 'disconnect') {
      peer.roomWanted = true
      return 'full'
    }
    blockedPeers.noteDropped(peer, 'newest', 1, now)
    if (content.trace !== undefined) this.#tellTraced(peer, content, 'dropped')
    return 'dropped'
  }

  #tellTraced(peer: Peer, content: OutgoingContent, stage: TracedNotice['stage']): void {
    this.#context.emit({ type: 'traced', stage, id: peer.id, content })
  }

  /** False where that does not help, and where somebody waits whom this message would overtake. */
  #replaceOldest(peer: Peer, content: OutgoingContent, now: number): boolean {
    const traced = this.#replacedTraced
    const replaced = peer.roomWanted ? undefined : peer.outbox.makeRoom(content.byteLength, traced)
    if (replaced === undefined) return false
    for (const each of traced) this.#tellTraced(peer, each, 'dropped')
    traced.length = 0
    if (content.trace !== undefined) this.#tellTraced(peer, content, 'accepted')
    this.#wait(peer, content)
    if (replaced > 0) this.#context.blockedPeers.noteDropped(peer, 'oldest', replaced, now)
    return true
  }

  /** Offers a shout to every present member of its group; gives back those who have to be waited for. */
  offerToAll(content: OutgoingContent, now: number): { accepted: number; full: PeerId[] } {
    const full: PeerId[] = []
    let accepted = 0
    for (const peer of this.#context.groupIndex.members(content.group) ?? []) {
      const acceptance = this.offer(peer, content, now)
      if (acceptance === 'accepted') accepted++
      else if (acceptance === 'full') full.push(peer.id)
    }
    return { accepted, full }
  }

  #wait(peer: Peer, outgoing: Outgoing): void {
    const { emptyOutbox, options } = this.#context
    if (peer.outbox === emptyOutbox) peer.outbox = new Outbox(options.limits)
    peer.outbox.push(outgoing)
  }

  /** JOIN and LEAVE keep their place among the messages and cannot be refused. */
  announceMembership(peer: Peer, outgoing: OutgoingMembership, now: number): void {
    if (peer.link !== 'open' || peer.helloDue) return // the HELLO to come carries it
    this.#wait(peer, outgoing)
    // An application that toggles groups while a peer does not read: a fresh HELLO says it in one message.
    if (peer.outbox.length > 2 * this.#context.options.limits.outboxMessages) {
      peer.outbox.dropMemberships()
      peer.helloDue = true
    }
    this.pump(peer, now)
  }

  /** Sends a command that does not wait behind the outbox. False when the link is not open. */
  sendControl(peer: Peer, kind: 'ping' | 'ping-ok' | 'goodbye', now: number): boolean {
    const connection = peer.openConnection
    if (connection === undefined) return false
    if (kind === 'ping') this.#context.counters.pingsSent++
    this.#writer.writeControl(peer, connection, kind, now)
    this.#context.markDirty(connection)
    return true
  }

  /** A service's last word on a link, however much waits for the peer. */
  sayLast(peer: Peer, frames: readonly Uint8Array[]): void {
    const connection = peer.openConnection
    if (connection !== undefined) this.#writer.writeAside(peer, connection, frames)
  }

  /** A peer that asks and does not read is owed one answer, however often it asks. */
  answerPing(peer: Peer, now: number): void {
    const isBlocked = (peer.openConnection?.windowBytes ?? 0) >= WRITE_WINDOW_BYTES
    peer.pongOwed = isBlocked
    if (!isBlocked) this.sendControl(peer, 'ping-ok', now)
  }

  /** Shows the peer unasked that we live. A PING, not a PING-OK: that would pass for an answer. */
  showLife(peer: Peer, now: number): void {
    if ((peer.openConnection?.windowBytes ?? 0) < WRITE_WINDOW_BYTES) {
      this.sendControl(peer, 'ping', now)
    }
  }

  /** Encodes what waits, as far as the write window is open. */
  pump(peer: Peer, now: number): void {
    const connection = peer.openConnection
    if (connection === undefined) return
    if (connection.windowBytes >= WRITE_WINDOW_BYTES) return
    if (peer.helloDue) this.#writer.writeHello(peer, connection, now)
    if (peer.pongOwed) this.sendControl(peer, 'ping-ok', now)
    peer.pongOwed = false
    while (connection.windowBytes < WRITE_WINDOW_BYTES) {
      const outgoing = peer.outbox.shift()
      if (outgoing === undefined) break
      this.#writer.writeOutgoing(peer, connection, outgoing, now)
    }
    if (peer.outbox.length === 0) peer.outbox = this.#context.emptyOutbox
    if (connection.zmtp.outputBytes > 0) this.#context.markDirty(connection)
    this.#tellRoom(peer, now)
  }

  /** Room is told at the low marks, so that waiting senders do not wake up for single messages. */
  #tellRoom(peer: Peer, now: number): void {
    const { blockedPeers, options } = this.#context
    if (!peer.roomWanted && !blockedPeers.has(peer)) return
    const { outboxMessages, outboxBytes, outboxLowMessages, outboxLowBytes } = options.limits
    const connection = peer.openConnection
    const messages = peer.outbox.length + (connection?.windowMessages ?? 0)
    const bytes = peer.outbox.byteLength + (connection?.windowBytes ?? 0)
    if (messages > Math.min(outboxLowMessages, outboxMessages / 2)) return
    if (bytes > Math.min(outboxLowBytes, outboxBytes / 2)) return
    blockedPeers.noteRoom(peer, now)
    if (peer.roomWanted) this.#context.emit({ type: 'room', id: peer.id })
  }
}
