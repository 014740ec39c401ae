/**
 * The conversation: what each ZRE command of a peer means (RFC 36 "ZRE Commands").
 *
 * One handler per command, guard clauses first. A peer that breaks the rules is warned about, counted, and
 * where the protocol says so loses its link; it may come back with a fresh HELLO.
 */
import { assertNever } from '../base/assert.ts'
import { withoutZone } from '../base/ipv6.ts'
import type { Multipart } from '../zmtp/multipart.ts'
import type { Join, Leave, ZreMessage } from '../zre/message.ts'
import { checkSequence } from '../zre/sequence.ts'
import { CHANNEL_MARK } from './channel-mark.ts'
import { type EndpointAddress, isSameEndpoint } from './connection.ts'
import type { MeshContext } from './context.ts'
import { type Introduction, readMessage } from './introduction.ts'
import type { Links } from './links.ts'
import { Message } from './message.ts'
import type { Connection, Peer } from './peer.ts'
import type { Roster } from './roster.ts'
import { oneMore } from './seam.ts'
import type { Strangers } from './strangers.ts'
import type { Watch } from './watch.ts'

/** A link younger than this crossed the peer's HELLO. */
const OLD_LINK_MS = 1_000

export class Conversation {
  readonly #context: MeshContext
  readonly #links: Links
  readonly #roster: Roster
  readonly #watch: Watch
  readonly #strangers: Strangers

  constructor(
    context: MeshContext,
    links: Links,
    roster: Roster,
    watch: Watch,
    strangers: Strangers,
  ) {
    this.#context = context
    this.#links = links
    this.#roster = roster
    this.#watch = watch
    this.#strangers = strangers
  }

  /** One message that arrived on the peer's link to us. */
  handleMessage(peer: Peer, connection: Connection, parts: Multipart, now: number): void {
    const { limits } = this.#context.options
    const message = readMessage(parts.bytes, parts.frameStart(0), parts.frameEnd(0), limits)
    if (message.kind === 'invalid') {
      this.#refuse(peer, connection, message.code, message.reason, now)
      return
    }
    if (message.kind === 'hello') {
      this.#handleHello(peer, connection, message, now)
      return
    }
    if (peer.receivedSequence === 0 && peer.phase !== 'present') {
      const reason = `${message.kind} came before HELLO`
      this.#refuse(peer, connection, 'message-before-hello', reason, now)
      return
    }
    // The limit on the wire is not smaller than a HELLO; that of messages may be.
    const contentBytes = parts.byteLength - (parts.frameEnd(0) - parts.frameStart(0))
    if (contentBytes > limits.messageBytes) {
      const reason = `a message of ${contentBytes} bytes; the limit is ${limits.messageBytes}`
      this.#refuse(peer, connection, 'zmtp-message-size', reason, now)
      return
    }
    if (!this.#acceptSequence(peer, message.sequence, now)) return
    if (message.kind === 'whisper' || message.kind === 'shout') {
      this.#deliver(peer, message, parts, contentBytes, now)
      return
    }
    if (parts.frameCount > 1) {
      const reason = `${message.kind} came with ${parts.frameCount} frames instead of one`
      this.#warn(peer, connection, 'unexpected-frames', reason, now)
    }
    this.#handleCommand(peer, connection, message, now)
  }

  #deliver(
    peer: Peer,
    message: ZreMessage & { kind: 'whisper' | 'shout' },
    parts: Multipart,
    contentBytes: number,
    now: number,
  ): void {
    const { counters, ownGroups } = this.#context
    peer.heardMessage()
    peer.heard = oneMore(peer.heard)
    const content = new Message(parts)
    if (message.kind === 'whisper' && content.isMarked(CHANNEL_MARK)) {
      counters.serviceMessagesIn++
      counters.serviceBytesIn += contentBytes
      this.#context.emit({ type: 'aside', peer: peer.info(), message: content })
      return
    }
    const counted = peer.count()
    counters.messagesIn++
    counted.messagesIn++
    counted.bytesIn += contentBytes
    counted.messageAt = now
    if (message.kind === 'whisper') {
      counters.whispersIn++
      counted.whispersIn++
      this.#context.emit({ type: 'whisper', peer: peer.info(), message: content })
    } else if (ownGroups.has(message.group)) {
      const { group } = message
      this.#context.emit({ type: 'shout', peer: peer.info(), group, message: content })
    } else {
      // It was sent before our LEAVE arrived there.
      counters.strayShouts++
      this.#context.emit({ type: 'astray', id: peer.id })
    }
  }

  #handleCommand(
    peer: Peer,
    connection: Connection,
    message: Exclude<ZreMessage, { kind: 'hello' | 'whisper' | 'shout' }>,
    now: number,
  ): void {
    switch (message.kind) {
      case 'join':
      case 'leave':
        peer.evidence = 'membership'
        this.#handleMembership(peer, connection, message, now)
        return
      case 'ping':
        peer.evidence = 'ping'
        this.#context.counters.pingsReceived++
        this.#links.answerPing(peer, now)
        return
      case 'ping-ok':
        peer.evidence = 'ping-ok'
        this.#watch.handlePong(peer, now)
        return
      case 'elect':
      case 'leader': {
        peer.evidence = 'election'
        this.#context.counters.elections++
        const reason = `${message.kind} for group ${message.group} was counted and not acted on`
        this.#warn(peer, connection, 'election-ignored', reason, now)
        return
      }
      case 'goodbye':
        // It came over the peer's own link: nothing to check.
        this.#roster.exit(peer, 'goodbye', now)
        return
      default:
        assertNever(message)
    }
  }

  // HELLO

  #handleHello(peer: Peer, connection: Connection, hello: Introduction, now: number): void {
    if (hello.sequence !== 1) {
      const reason = `HELLO has sequence ${hello.sequence} instead of 1`
      this.#refuse(peer, connection, 'sequence-gap', reason, now)
      return
    }
    peer.evidence = 'hello'
    this.#learnEndpoint(peer, connection, hello, now)
    const { expiredMs } = this.#context.options.timers
    const isFresh = now - peer.helloSentAt < expiredMs
    const answersOurs = !peer.isEarshot && peer.answersDue > 0 && isFresh
    peer.answersDue = answersOurs ? peer.answersDue - 1 : 0
    if (peer.phase !== 'present') {
      this.#roster.enter(peer, hello, now)
      if (peer.isEarshot && this.#hasOldLink(peer, now)) {
        this.#watch.doubt(peer, { kind: 'deaf' }, now)
      }
    } else {
      this.#handleRestart(peer, connection, hello, answersOurs, now)
    }
    peer.receivedSequence = 1
    peer.heard = hello.said ?? 0
    peer.isExpected = false
    connection.allowMessages(this.#context.connectionLimits)
    if (!this.#strangers.handleIntroduced(peer, now)) this.#links.establish(peer, now)
  }

  /** Our link is from before the peer's HELLO: perhaps from a time that the peer has forgotten. */
  #hasOldLink(peer: Peer, now: number): boolean {
    return peer.openConnection !== undefined && now - peer.linkOpenedAt >= OLD_LINK_MS
  }

  /**
   * HELLO from a peer that is already here: it started its conversation anew, and what it sent before may be
   * lost. That is no news of one that slept, or while we did, nor when nothing is (see `seam.ts`). Else it is an exit and an enter, but at most once in `restartMinMs` (two nodes that answer each other's
   * HELLO with HELLO would never stop), and not when it only answers a fresh HELLO of ours, as C Zyre does,
   * however long the answer takes.
   */
  #handleRestart(
    peer: Peer,
    connection: Connection,
    hello: Introduction,
    answersOurs: boolean,
    now: number,
  ): void {
    const { restartMinMs } = this.#context.options.timers
    if (peer.isExpected) {
      this.#roster.resync(peer, hello)
      return
    }
    if (hello.said === peer.heard) {
      this.#roster.resync(peer, hello)
      this.#watch.doubt(peer, { kind: 'deaf' }, now) // our own link to it may have broken, too
      return
    }
    // By itself it says HELLO only to whom it does not know (`zyre_node_require_peer`).
    if (!answersOurs) peer.knowsUs = false
    if (now - peer.enteredAt < restartMinMs || answersOurs) {
      this.#roster.resync(peer, hello)
      this.#watch.doubt(peer, { kind: 'deaf' }, now)
      if (!answersOurs) {
        this.#warn(peer, connection, 'hello-storm', 'HELLO again within a moment', now)
      }
      return
    }
    this.#roster.demote(peer, 'restarted')
    this.#roster.enter(peer, hello, now)
    // Another implementation may have forgotten us silently: introduce ourselves again. An earshot node that
    // gave us up closed our link; if that did not arrive, our PING stays unanswered.
    if (peer.isEarshot) this.#watch.doubt(peer, { kind: 'deaf' }, now)
    else this.#links.introduce(peer, now)
  }

  /**
   * Where to dial. A beacon's source address is the best knowledge; without one it is the address that this
   * connection comes from, with the port that HELLO names. HELLO's own address is not followed elsewhere: it
   * could send us to a third party.
   */
  #learnEndpoint(peer: Peer, connection: Connection, hello: Introduction, now: number): void {
    const { named } = hello
    const port = named?.port ?? portOf(hello.endpoint)
    if (port === undefined) {
      const reason = 'HELLO names an endpoint without a port'
      this.#warn(peer, connection, 'hello-endpoint', reason, now)
      return
    }
    const endpoint = { address: connection.remote.address, port }
    if (peer.endpoint !== undefined) {
      this.#handleElsewhere(peer, endpoint, now)
      return
    }
    if (this.#context.isOwn(endpoint)) {
      const reason = 'HELLO names our own endpoint'
      this.#warn(peer, connection, 'hello-endpoint', reason, now)
      return
    }
    if (named?.address !== withoutZone(endpoint.address)) {
      const reason = `HELLO names ${hello.endpoint}, the connection comes from ${endpoint.address}; the latter is used`
      this.#warn(peer, connection, 'hello-endpoint', reason, now)
    }
    this.#watch.locate(peer, endpoint, now)
  }

  /** It has moved, perhaps to where its beacons do not reach us from; or it is on several networks. */
  #handleElsewhere(peer: Peer, endpoint: EndpointAddress, now: number): void {
    if (isSameEndpoint(endpoint, peer.endpoint) || this.#context.isOwn(endpoint)) return
    peer.addPlace(endpoint)
    this.#watch.handleElsewhere(peer, endpoint, now)
  }

  // JOIN and LEAVE

  #handleMembership(peer: Peer, connection: Connection, message: Join | Leave, now: number): void {
    const expected = (peer.status + 1) & 0xff
    peer.status = message.status
    if (message.status !== expected) {
      const reason = `${message.kind} has status ${message.status} instead of ${expected}`
      this.#warn(peer, connection, 'status-mismatch', reason, now)
    }
    if (message.kind === 'leave') {
      this.#roster.leave(peer, message.group)
      return
    }
    const { helloGroups } = this.#context.options.limits
    if (peer.groups.length >= helloGroups) {
      const reason = `the peer is in ${helloGroups} groups already`
      this.#warn(peer, connection, 'too-many-groups', reason, now)
      return
    }
    this.#roster.join(peer, message.group)
  }

  // Order

  /** RFC 36: "a peer SHALL consider a gap in the sequence as lost messages": the conversation is over. */
  #acceptSequence(peer: Peer, sequence: number, now: number): boolean {
    const verdict = checkSequence(peer.receivedSequence, sequence)
    if (verdict === 'gap') {
      const reason = `sequence ${sequence} came after ${peer.receivedSequence}`
      this.#context.warn('sequence-gap', reason, { peer: peer.id }, now)
      this.#startOver(peer, now)
      return false
    }
    if (verdict === 'short-wrap') peer.wrapStyle = 'short'
    else if (sequence === 0xffff) peer.wrapStyle = 'rfc'
    peer.receivedSequence = sequence
    return true
  }

  /** Exit, both links closed; where we know its mailbox we introduce ourselves again, which makes it do the same. */
  #startOver(peer: Peer, now: number): void {
    this.#roster.demote(peer, 'protocol')
    peer.receivedSequence = 0
    if (peer.inbound !== undefined) this.#context.closeConnection(peer.inbound, 'abort')
    peer.inbound = undefined
    this.#links.restart(peer, now)
  }

  /** Bytes that make no sense: this connection is over. The peer may dial again. */
  #refuse(
    peer: Peer,
    connection: Connection,
    code: Parameters<MeshContext['warn']>[0],
    reason: string,
    now: number,
  ): void {
    this.#warn(peer, connection, code, reason, now)
    if (peer.inbound === connection) peer.inbound = undefined
    this.#context.closeConnection(connection, 'abort')
  }

  #warn(
    peer: Peer,
    connection: Connection,
    code: Parameters<MeshContext['warn']>[0],
    reason: string,
    now: number,
  ): void {
    this.#context.warn(code, reason, { peer: peer.id, address: connection.remoteText }, now)
  }
}

/** The port of an endpoint whose address is of no use: a host name, or a wildcard. */
function portOf(endpoint: string): number | undefined {
  const port = Number(/^tcp:\/\/.+:(\d{1,5})$/.exec(endpoint)?.[1])
  return port >= 1 && port <= 65_535 ? port : undefined
}
