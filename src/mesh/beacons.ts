/**
 * Beacons: announcing our mailboxes, and what other nodes' announcements mean.
 *
 * A beacon goes out at once when the node starts and whenever its mailboxes change (a short burst, because
 * datagrams get lost), then at a steady interval, which may grow while nothing changes; a burst with port 0 says goodbye.
 * A beacon that we hear is
 * answered by dialling, never by waiting for our own next one: so two nodes meet within milliseconds.
 */
import { NEVER } from '../base/deadlines.ts'
import { isIpv6 } from '../base/ipv6.ts'
import { BEACON_ID_OFFSET, decodeBeacon, encodeBeacon, plainBeaconPort } from '../zre/beacon.ts'
import { type EndpointAddress, endpointText, isSameEndpoint } from './connection.ts'
import type { Mailbox, MeshContext } from './context.ts'
import type { Links } from './links.ts'
import type { Peer } from './peer.ts'
import { placeOf } from './peer-table.ts'
import type { Roster } from './roster.ts'
import type { Watch } from './watch.ts'

/** Milliseconds after a start or a change at which a beacon is sent beside the steady ones. */
const BURST_MS = [0, 100, 300] as const
const GOODBYE_BEACONS = 3
/** So many beacons go out at the usual interval before it grows: what has just changed shall be heard. */
const STEADY_BEACONS = 10

export class Beacons {
  readonly #context: MeshContext
  readonly #links: Links
  readonly #roster: Roster
  readonly #watch: Watch
  #nextAt = NEVER
  #burst: number[] = []
  #lastSteadyAt = Number.NEGATIVE_INFINITY
  /** Steady beacons since the last change. */
  #calmBeacons = 0

  constructor(context: MeshContext, links: Links, roster: Roster, watch: Watch) {
    this.#context = context
    this.#links = links
    this.#roster = roster
    this.#watch = watch
  }

  // Announcing

  get nextAt(): number {
    return Math.min(this.#steadyAt, this.#burst[0] ?? NEVER)
  }

  /** Announces now, and again shortly: mailboxes are new, or somebody may have forgotten us. */
  announce(now: number): void {
    const { beaconIntervalMs } = this.#context.options.timers
    if (beaconIntervalMs <= 0) return
    this.#burst = BURST_MS.map((offset) => now + offset)
    this.#nextAt = now + beaconIntervalMs
    this.#lastSteadyAt = now
    this.#calmBeacons = 0
    this.handleDue(now)
  }

  /** When the next steady beacon is due: at the usual interval once somebody came or went. */
  get #steadyAt(): number {
    const { changedAt, options } = this.#context
    if (this.#nextAt === NEVER || changedAt < this.#lastSteadyAt) return this.#nextAt
    return Math.min(this.#nextAt, changedAt + options.timers.beaconIntervalMs)
  }

  /** Until the next steady beacon, the one that goes out now being counted. */
  #intervalMs(): number {
    const { beaconIntervalMs, beaconIntervalMaxMs } = this.#context.options.timers
    if (this.#context.changedAt >= this.#lastSteadyAt) this.#calmBeacons = 0
    const doublings = Math.max(0, ++this.#calmBeacons - STEADY_BEACONS)
    return Math.min(beaconIntervalMaxMs, beaconIntervalMs * 2 ** Math.min(doublings, 20))
  }

  /** Says goodbye in a burst; `nextAt` is NEVER when all of it has been sent. */
  sayGoodbye(now: number): void {
    const { beaconIntervalMs, goodbyeSpacingMs } = this.#context.options.timers
    this.#nextAt = NEVER
    this.#burst = []
    if (beaconIntervalMs <= 0) return
    for (let i = 0; i < GOODBYE_BEACONS; i++) this.#burst.push(now + i * goodbyeSpacingMs)
    this.handleDue(now)
  }

  handleDue(now: number): void {
    if (now < this.nextAt) return
    while ((this.#burst[0] ?? NEVER) <= now) this.#burst.shift()
    if (this.#steadyAt <= now) {
      // Up to 5 % early: nodes that started together drift apart.
      this.#nextAt = now + this.#intervalMs() * (1 - 0.05 * this.#context.options.random())
      this.#lastSteadyAt = now
    }
    const { mailboxes, suspended, stopping } = this.#context
    if (suspended && !stopping) return // who falls asleep must call nobody back
    for (const mailbox of mailboxes) this.#send(mailbox)
  }

  #send(mailbox: Mailbox): void {
    if (mailbox.beaconTo === undefined) return
    const port = this.#context.stopping ? 0 : mailbox.port
    const bytes = encodeBeacon({ kind: 'beacon', version: 1, id: this.#context.options.id, port })
    this.#context.counters.beaconsSent++
    this.#context.actions.push({ kind: 'beacon', bytes, mailbox })
  }

  // Hearing

  /** False when it brought nothing new, as nearly all do: then nothing is made, and nothing to be done. */
  handleDatagram(bytes: Uint8Array, from: EndpointAddress, now: number): boolean {
    const { counters, peerTable, stopping } = this.#context
    const port = plainBeaconPort(bytes)
    if (port === 0 || stopping) {
      this.#handleUnusual(bytes, from, now)
      return true
    }
    const place = placeOf(from.address, port)
    if (this.#watch.isCalm && peerTable.noteCalmBeacon(bytes, BEACON_ID_OFFSET, place, now)) {
      counters.beaconsReceived++
      return false
    }
    const known = peerTable.find(bytes, BEACON_ID_OFFSET)
    if (known === undefined) {
      this.#handleUnusual(bytes, from, now)
      return true
    }
    counters.beaconsReceived++
    this.#handleKnown(known, from.address, port, now)
    if (known.isCalm && isSameEndpoint({ address: from.address, port }, known.endpoint))
      known.calmAt(place)
    return true
  }

  #handleUnusual(bytes: Uint8Array, from: EndpointAddress, now: number): void {
    const { counters, options } = this.#context
    const beacon = decodeBeacon(bytes)
    if (beacon.kind === 'invalid') {
      counters.beaconsInvalid++
      this.#context.warn(beacon.code, beacon.reason, { address: endpointText(from) }, now)
      return
    }
    counters.beaconsReceived++
    if (beacon.id === options.id) {
      counters.ownBeaconsHeard++
      return
    }
    // Version 3 announces a node that speaks CURVE only: heard, but out of reach until security is on.
    if (beacon.version !== 1 || this.#context.stopping) return
    if (beacon.port !== 0) {
      this.#handleNew(beacon.id, { address: from.address, port: beacon.port }, now)
      return
    }
    const leaving = this.#roster.get(beacon.id)
    if (leaving !== undefined) this.#handleGoodbye(leaving, from, now)
  }

  #handleNew(id: string, endpoint: EndpointAddress, now: number): void {
    const peer = this.#roster.admit(id, endpoint.address, now)
    if (peer === undefined) return
    this.#watch.begin(peer, now)
    this.#watch.handleBeacon(peer, now)
    this.#watch.locate(peer, endpoint, now)
    peer.endpointBeaconAt = now
    this.#links.establish(peer, now)
  }

  #handleKnown(peer: Peer, address: string, port: number, now: number): void {
    const { endpoint } = peer
    // After a pause in its beacons the peer is back: no need to wait for the end of a long back-off.
    const wasQuiet = now - peer.heardBeaconAt > this.#context.options.timers.beaconsStoppedMs
    this.#watch.handleBeacon(peer, now)
    if (endpoint === undefined) {
      this.#watch.locate(peer, { address, port }, now)
    } else if (endpoint.port !== port || endpoint.address !== address) {
      this.#handleMoved(peer, { address, port }, now)
      return
    }
    peer.endpointBeaconAt = now
    this.#watch.contest(peer, now)
    if (peer.link === 'idle' || (peer.link === 'waiting' && wasQuiet)) {
      this.#links.establish(peer, now)
    }
  }

  /**
   * The identity beacons from another endpoint. While the known one goes on beaconing as well, it is on several
   * networks, and that is another place to dial; otherwise it may have moved.
   */
  #handleMoved(peer: Peer, to: EndpointAddress, now: number): void {
    peer.addPlace(to)
    if (now - peer.endpointBeaconAt < this.#context.options.timers.beaconsStoppedMs) return
    this.#watch.handleElsewhere(peer, to, now)
  }

  #handleGoodbye(peer: Peer, from: EndpointAddress, now: number): void {
    if (peer.endpoint !== undefined && peer.endpoint.address !== from.address) {
      // A goodbye comes from each of its mailboxes: over the other family, and where we believe one already.
      if (isIpv6(peer.endpoint.address) !== isIpv6(from.address)) return
      if (peer.doubt?.kind === 'goodbye') return
      const reason = `a goodbye beacon for ${peer.name || peer.id} came from another address`
      const subject = { peer: peer.id, address: endpointText(from) }
      this.#context.warn('goodbye-unconfirmed', reason, subject, now)
      return
    }
    this.#watch.doubt(peer, { kind: 'goodbye' }, now)
  }
}
