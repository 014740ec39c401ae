/**
 * The roster: all peers by identity and by endpoint, within the limits; who enters, joins, leaves, exits.
 *
 * The rules it keeps, and that checkers may rely on: the first event of a peer is `enter`; no second `enter`
 * without an `exit` between; nothing about a peer after its `exit`.
 */
import { assert } from '../base/assert.ts'
import type { PeerId } from '../base/peer-id.ts'
import { isIdentity, isTextOfId } from '../base/peer-id.ts'
import { type EndpointAddress, isSameEndpoint } from './connection.ts'
import type { MeshContext } from './context.ts'
import type { ExitReason } from './events.ts'
import type { Introduction } from './introduction.ts'
import { EARSHOT_HEADER, type Links } from './links.ts'
import { type Connection, NO_GROUPS, Peer } from './peer.ts'

export class Roster {
  readonly #context: MeshContext
  readonly #links: Links
  readonly #byId = new Map<PeerId, Peer>()
  readonly #countByAddress = new Map<string, number>()

  constructor(context: MeshContext, links: Links) {
    this.#context = context
    this.#links = links
  }

  // Queries

  get(id: PeerId): Peer | undefined {
    return this.#byId.get(id)
  }

  /** A peer that has entered, or `undefined`. */
  present(id: PeerId): Peer | undefined {
    const peer = this.#byId.get(id)
    return peer?.phase === 'present' ? peer : undefined
  }

  /** Who is dialled at this endpoint. */
  atEndpoint(endpoint: EndpointAddress): Peer | undefined {
    return this.#context.places.holder(endpoint)
  }

  /** Everybody, candidates included, in the order of first contact. A copy: it may change while walked. */
  all(): Peer[] {
    return [...this.#byId.values()]
  }

  /**
   * Whether another node than the peer answers on the connection. Earshot's acceptors say who they are (RFC 37 "The
   * Identity Property": a ROUTER may); those of other implementations do not.
   */
  isOfAnother({ peer }: Connection, identity: Uint8Array): boolean {
    return peer !== undefined && isIdentity(identity) && !isTextOfId(peer.id, identity, 1)
  }

  /** Tells everybody that we have joined or left a group. */
  announceMembership(kind: 'join' | 'leave', group: string, now: number): void {
    const { status } = this.#context.ownGroups
    const membership = { kind, group, status, byteLength: group.length } as const
    for (const peer of this.all()) this.#links.announceMembership(peer, membership, now)
  }

  // Coming

  /** The peer with this id, made now if need be; `undefined` when the limits leave no room. */
  admit(id: PeerId, address: string, now: number): Peer | undefined {
    const known = this.#byId.get(id)
    if (known !== undefined) return known
    const { limits } = this.#context.options
    const fromAddress = this.#countByAddress.get(address) ?? 0
    if (fromAddress >= limits.peersPerAddress && !this.#evictCandidate(address, now)) {
      const reason = `${address} already stands for ${fromAddress} peers`
      this.#context.warn('peer-limit', reason, { peer: id, address }, now)
      return undefined
    }
    if (this.#byId.size >= limits.peers && !this.#evictCandidate(undefined, now)) {
      const reason = `the table of peers is full (${limits.peers})`
      this.#context.warn('peer-limit', reason, { peer: id, address }, now)
      return undefined
    }
    const peer = new Peer(id, address, this.#context, now)
    this.#byId.set(id, peer)
    this.#countByAddress.set(address, (this.#countByAddress.get(address) ?? 0) + 1)
    return peer
  }

  /** Makes room by forgetting the oldest candidate (of an address) that nobody has answered for: a flood of
   *  made-up ids must not keep real peers out. */
  #evictCandidate(address: string | undefined, now: number): boolean {
    for (const peer of this.#byId.values()) {
      if (peer.phase !== 'candidate' || peer.inbound !== undefined || peer.link === 'open') continue
      if (address !== undefined && peer.chargedTo !== address) continue
      this.#forget(peer, now)
      return true
    }
    return false
  }

  setEndpoint(peer: Peer, endpoint: EndpointAddress, now: number): void {
    const before = peer.endpoint
    if (before !== undefined && isSameEndpoint(before, endpoint)) return
    this.#leavePlace(peer, now)
    this.#context.places.claim(peer, endpoint)
    if (before !== undefined) peer.addPlace(before)
    peer.dropPlace(endpoint)
    peer.touchInfo()
  }

  #leavePlace(peer: Peer, now: number): void {
    const heir = this.#context.places.leave(peer)
    if (heir !== undefined) this.#links.establish(heir, now)
  }

  /** The peer has introduced itself for the first time, or anew after an exit. */
  enter(peer: Peer, hello: Introduction, now: number): void {
    assert(peer.phase === 'candidate', 'only a candidate enters')
    peer.phase = 'present'
    peer.presence = 'alive'
    peer.enteredAt = now
    this.#context.counters.enters++
    this.#context.ghosts.forget(peer)
    this.#introduce(peer, hello)
    peer.groups = hello.groups
    for (const group of hello.groups) this.#context.groupIndex.add(group, peer)
    // One description for all.
    const info = peer.info()
    this.#context.changedAt = now
    this.#context.emit({ type: 'enter', peer: info })
    for (const group of hello.groups) this.#context.emit({ type: 'join', peer: info, group })
  }

  /** A second HELLO that does not count as a restart: bring what it says into line, quietly. */
  resync(peer: Peer, hello: Introduction): void {
    this.#introduce(peer, hello)
    this.#context.emit({ type: 'astray', id: peer.id })
    const listed = new Set(hello.groups)
    const known = new Set(peer.groups)
    const left = peer.groups.filter((group) => !listed.has(group))
    const joined = hello.groups.filter((group) => !known.has(group))
    for (const group of left) this.#context.groupIndex.remove(group, peer)
    for (const group of joined) this.#context.groupIndex.add(group, peer)
    // One list and one description for all: each would copy all groups.
    const kept = peer.groups.filter((group) => listed.has(group))
    peer.groups = Object.freeze([...kept, ...joined])
    const info = peer.info()
    for (const group of left) this.#context.emit({ type: 'leave', peer: info, group })
    for (const group of joined) this.#context.emit({ type: 'join', peer: info, group })
  }

  #introduce(peer: Peer, hello: Introduction): void {
    peer.name = hello.name
    peer.headers = hello.record
    peer.isEarshot = hello.headers.has(EARSHOT_HEADER)
    if (peer.isEarshot) peer.wrapStyle = 'rfc'
    peer.status = hello.status
    peer.touchInfo()
  }

  // Groups

  /** Emits `join` unless the peer is in the group already. */
  join(peer: Peer, group: string): void {
    if (peer.groups.includes(group)) return
    this.#addToGroup(peer, group)
    this.#context.emit({ type: 'join', peer: peer.info(), group })
  }

  leave(peer: Peer, group: string): void {
    if (!peer.groups.includes(group)) return
    this.#removeFromGroup(peer, group)
    this.#context.emit({ type: 'leave', peer: peer.info(), group })
  }

  #addToGroup(peer: Peer, group: string): void {
    peer.groups = Object.freeze([...peer.groups, group])
    this.#context.groupIndex.add(group, peer)
    peer.touchInfo()
  }

  #removeFromGroup(peer: Peer, group: string): void {
    peer.groups = Object.freeze(peer.groups.filter((each) => each !== group))
    this.#context.groupIndex.remove(group, peer)
    peer.touchInfo()
  }

  // Going

  /** The peer is gone: tells the application if it had entered, closes both links, forgets it. */
  exit(peer: Peer, reason: ExitReason, now: number): void {
    if (peer.phase === 'gone') return
    if (peer.phase === 'present') this.#context.changedAt = now
    this.#tellExit(peer, reason, peer.waiting().messages)
    this.#forget(peer, now)
  }

  exitAll(peers: readonly Peer[], reason: ExitReason, now: number): void {
    for (const peer of peers) this.exit(peer, reason, now)
  }

  /**
   * The conversation starts over: an exit for the application, but we still know where the peer is, and it
   * may introduce itself again at once. What was accepted for it stays in its outbox.
   */
  demote(peer: Peer, reason: ExitReason): void {
    if (peer.phase !== 'present') return
    this.#tellExit(peer, reason, 0)
    peer.phase = 'candidate'
    peer.receivedSequence = 0
  }

  #tellExit(peer: Peer, reason: ExitReason, lost: number): void {
    if (peer.phase !== 'present') return
    this.#context.counters.exits[reason]++
    this.#context.blockedPeers.forget(peer)
    peer.roomWanted = false // whoever waits is told by `gone`
    const info = peer.info()
    for (const group of peer.groups) this.#context.groupIndex.remove(group, peer)
    peer.groups = NO_GROUPS
    peer.touchInfo()
    this.#context.emit({ type: 'exit', peer: info, reason, lost })
    this.#context.emit({ type: 'gone', id: peer.id })
  }

  #forget(peer: Peer, now: number): void {
    peer.phase = 'gone'
    if (peer.isOnlyHinted) this.#context.ghosts.note(peer, now)
    // What is on its way already is counted when its connection is closed.
    this.#links.dropWaiting(peer, 'exit')
    this.#links.close(peer, 'abort', now)
    for (const connection of [peer.inbound, peer.contender]) {
      if (connection !== undefined) this.#context.closeConnection(connection, 'abort')
    }
    peer.inbound = undefined
    peer.contender = undefined
    this.#byId.delete(peer.id)
    this.#leavePlace(peer, now)
    const left = (this.#countByAddress.get(peer.chargedTo) ?? 1) - 1
    if (left > 0) this.#countByAddress.set(peer.chargedTo, left)
    else this.#countByAddress.delete(peer.chargedTo)
    this.#context.agenda.remove(peer)
    peer.leaveTable()
  }
}
