/**
 * The times of all peers of an engine, in one piece of memory: a row of numbers for each.
 *
 * As fields of its peer each time would be an object of its own (engines keep mutable fractions that way), and
 * there are a dozen for each of a thousand peers. And whoever looks at all peers' times, as the watch does, reads
 * straight through.
 */
import { Deadlines, NEVER } from '../base/deadlines.ts'
import { IdIndex, putIdWords } from '../base/id-index.ts'
import { ipv4Number } from '../base/ipv4.ts'
import type { PeerId } from '../base/peer-id.ts'

export const PEER_DEADLINES = [
  'redial',
  'race',
  'evidence',
  'confirm',
  'takeover',
  'probe',
  'stranded',
] as const
export type PeerDeadline = (typeof PEER_DEADLINES)[number]

export const NEVER_HEARD: number = Number.NEGATIVE_INFINITY

// What a row holds: first of all, close together, what a beacon touches.
/** The id, as four words of 32 bits. */
const ID = 0
const HEARD_AT = 2
const HEARD_BEACON_AT = 3
const ENDPOINT_BEACON_AT = 4
/** Where a beacon of the peer changes nothing but these times; −1 if there is no such place. */
const CALM_PLACE = 5
/** Milliseconds after `HEARD_AT` at which its presence changes. */
const PATIENCE_MS = 6
const HEARD_TCP_AT = 7
const PING_SENT_AT = 8
const LINK_OPENED_AT = 9
const REFUSED_AT = 10
const HELLO_SENT_AT = 11
const ENTERED_AT = 12
/** Of the last PING; NEVER_HEARD before the first answer. */
const ROUND_TRIP_MS = 13
/** When the last answer to a PING came. */
const PONG_AT = 14
const FIRST_DEADLINE = 15
const WIDTH = FIRST_DEADLINE + PEER_DEADLINES.length

const ROWS_MIN = 8
const NO_PLACE = -1
/** For the table of a single peer, where nobody is looked for. */
const NOTHING_SOUGHT = (): number => 0

/** Peers whose description is kept. Whoever talks is among them; of a thousand quiet peers most are not. */
const DESCRIBED_MAX = 128

export interface Described {
  /** Forgets its description. */
  touchInfo(): void
}

/** `Owner` is the peer; a parameter, so that this file need not know peers. */
export class PeerTable<Owner extends Described> {
  values: Float64Array = new Float64Array(0)
  /** The same memory. */
  #words = new Uint32Array(0)
  readonly #index: IdIndex
  /** By row; the holes are free. */
  readonly #owners: (Owner | undefined)[] = []
  readonly #free: number[] = []
  /** A ring. */
  readonly #described: Owner[] = []
  #nextDescribed = 0
  /** Pointed at the row in question by each use. */
  readonly #deadlines = new Deadlines(PEER_DEADLINES)

  /** `random` as for `IdIndex`. */
  constructor(random: () => number) {
    this.#index = new IdIndex(2 * WIDTH, random)
  }

  /** A row for a new peer, last heard at `now`: where it starts in `values`. */
  add(owner: Owner, id: PeerId, now: number): number {
    const row = this.#free.pop() ?? this.#owners.length
    this.#owners[row] = owner
    const start = row * WIDTH
    if (start >= this.values.length) this.#grow()
    this.values.fill(NEVER_HEARD, start, start + FIRST_DEADLINE)
    this.values.fill(NEVER, start + FIRST_DEADLINE, start + WIDTH)
    this.values[start + HEARD_AT] = now
    this.values[start + CALM_PLACE] = NO_PLACE
    this.values[start + PATIENCE_MS] = NEVER
    putIdWords(this.#words, 2 * (start + ID), id)
    this.#index.add(this.#words, row)
    return start
  }

  /** Gives the row up; what it holds goes on in a table for this one alone. */
  remove(owner: Owner, start: number): PeerTable<Owner> {
    const own = new PeerTable<Owner>(NOTHING_SOUGHT)
    own.values = this.values.slice(start, start + WIDTH)
    own.#owners.push(owner)
    const row = start / WIDTH
    this.#index.delete(this.#words, row)
    this.#owners[row] = undefined
    this.#free.push(row)
    // Nobody becomes impatient with a free row.
    this.values[start + HEARD_AT] = NEVER
    this.values[start + PATIENCE_MS] = NEVER
    return own
  }

  /** The peer whose id are the 16 bytes at `offset`. */
  find(bytes: Uint8Array, offset: number): Owner | undefined {
    const row = this.#index.find(this.#words, bytes, offset)
    return row < 0 ? undefined : this.#owners[row]
  }

  /**
   * A beacon came from `place` (see `placeOf`): true when it was of a peer that is calm there, for which that is all
   * that there is to it. The peer itself is not touched: among a million, it is far away.
   */
  noteCalmBeacon(bytes: Uint8Array, idOffset: number, place: number, now: number): boolean {
    const row = this.#index.find(this.#words, bytes, idOffset)
    const start = row * WIDTH
    const { values } = this
    if (row < 0 || values[start + CALM_PLACE] !== place || place === NO_PLACE) return false
    values[start + HEARD_AT] = now
    values[start + HEARD_BEACON_AT] = now
    values[start + ENDPOINT_BEACON_AT] = now
    return true
  }

  deadlinesAt(start: number): Deadlines<PeerDeadline> {
    return this.#deadlines.pointAt(this.values, start + FIRST_DEADLINE)
  }

  /** The peer has been described: the description of the one described longest ago is forgotten. */
  noteDescribed(owner: Owner): void {
    const oldest = this.#described[this.#nextDescribed]
    this.#described[this.#nextDescribed] = owner
    this.#nextDescribed = (this.#nextDescribed + 1) % DESCRIBED_MAX
    if (oldest !== owner) oldest?.touchInfo()
  }

  /** When the first of all peers becomes due by its silence, or NEVER. */
  nextSilence(): number {
    const { values } = this
    const end = this.#owners.length * WIDTH
    let next = NEVER
    for (let start = 0; start < end; start += WIDTH) {
      const at = values[start + HEARD_AT]! + values[start + PATIENCE_MS]!
      if (at < next) next = at
    }
    return next
  }

  /** Those who are due by now. */
  silentAt(now: number): Owner[] {
    const { values } = this
    const due: Owner[] = []
    for (let row = 0; row < this.#owners.length; row++) {
      const start = row * WIDTH
      if (values[start + HEARD_AT]! + values[start + PATIENCE_MS]! > now) continue
      const owner = this.#owners[row]
      if (owner !== undefined) due.push(owner)
    }
    return due
  }

  #grow(): void {
    const grown = new Float64Array(Math.max(ROWS_MIN * WIDTH, 2 * this.values.length))
    grown.set(this.values)
    this.values = grown
    this.#words = new Uint32Array(grown.buffer)
  }
}

// A beacon goes to many, and where they share a process its address comes again and again.
let lastAddress = ''
let lastNumber = -1

/** An endpoint as one number, or −1 when it is not one of IPv4. */
export function placeOf(address: string, port: number): number {
  if (address !== lastAddress) {
    lastAddress = address
    lastNumber = ipv4Number(address)
  }
  return lastNumber < 0 ? NO_PLACE : lastNumber * 0x1_0000 + port
}

/** The times of one peer, wherever they lie: what `Peer` is built upon. */
export class PeerTimes<Owner extends Described> {
  #table: PeerTable<Owner>
  #start: number

  constructor(table: PeerTable<Owner>, id: PeerId, now: number) {
    this.#table = table
    this.#start = table.add(this as unknown as Owner, id, now)
  }

  /** It is gone, and its row free for another. */
  leaveTable(): void {
    this.#table = this.#table.remove(this as unknown as Owner, this.#start)
    this.#start = 0
  }

  protected noteDescribed(): void {
    this.#table.noteDescribed(this as unknown as Owner)
  }

  // Deadlines

  setDeadline(name: PeerDeadline, at: number): void {
    this.#table.deadlinesAt(this.#start).set(name, at)
  }

  clearDeadline(name: PeerDeadline): void {
    this.#table.deadlinesAt(this.#start).clear(name)
  }

  clearAllDeadlines(): void {
    for (const name of PEER_DEADLINES) this.clearDeadline(name)
  }

  hasDeadline(name: PeerDeadline): boolean {
    return this.#table.deadlinesAt(this.#start).isSet(name)
  }

  /** The earliest deadline of all, or NEVER. */
  nextDeadline(): number {
    return this.#table.deadlinesAt(this.#start).next()
  }

  /** Takes the earliest deadline that has come, clearing it; call until `undefined`. */
  takeDeadline(now: number): PeerDeadline | undefined {
    return this.#table.deadlinesAt(this.#start).takeDue(now)
  }

  // Calm

  /** Beacons from `place` change nothing but times from here on. */
  calmAt(place: number): void {
    this.#table.values[this.#start + CALM_PLACE] = place
  }

  /** What a beacon means has to be looked into again. */
  protected disturb(): void {
    this.#table.values[this.#start + CALM_PLACE] = NO_PLACE
  }

  // Signs of life

  get heardAt(): number {
    return this.#table.values[this.#start + HEARD_AT]!
  }

  set heardAt(at: number) {
    this.#table.values[this.#start + HEARD_AT] = at
  }

  /** How long after `heardAt` its presence changes without another sign of life. */
  set patienceMs(ms: number) {
    this.#table.values[this.#start + PATIENCE_MS] = ms
  }

  get heardTcpAt(): number {
    return this.#table.values[this.#start + HEARD_TCP_AT]!
  }

  heardTcp(now: number): void {
    const { values } = this.#table
    values[this.#start + HEARD_AT] = now
    values[this.#start + HEARD_TCP_AT] = now
  }

  get heardBeaconAt(): number {
    return this.#table.values[this.#start + HEARD_BEACON_AT]!
  }

  heardBeacon(now: number): void {
    const { values } = this.#table
    values[this.#start + HEARD_AT] = now
    values[this.#start + HEARD_BEACON_AT] = now
  }

  /** The same, counting only beacons from the endpoint that we dial. */
  get endpointBeaconAt(): number {
    return this.#table.values[this.#start + ENDPOINT_BEACON_AT]!
  }

  set endpointBeaconAt(at: number) {
    this.#table.values[this.#start + ENDPOINT_BEACON_AT] = at
  }

  get pingSentAt(): number {
    return this.#table.values[this.#start + PING_SENT_AT]!
  }

  set pingSentAt(at: number) {
    this.#table.values[this.#start + PING_SENT_AT] = at
  }

  /** Of the last PING; `undefined` before the first answer. */
  get roundTripMs(): number | undefined {
    const ms = this.#table.values[this.#start + ROUND_TRIP_MS]!
    return ms === NEVER_HEARD ? undefined : ms
  }

  /** When that was. */
  get pongAt(): number {
    return this.#table.values[this.#start + PONG_AT]!
  }

  /** The answer to our PING came; gives the round trip. */
  heardPong(now: number): number {
    const { values } = this.#table
    const roundTripMs = now - values[this.#start + PING_SENT_AT]!
    values[this.#start + ROUND_TRIP_MS] = roundTripMs
    values[this.#start + PONG_AT] = now
    return roundTripMs
  }

  // The link and the conversation

  get linkOpenedAt(): number {
    return this.#table.values[this.#start + LINK_OPENED_AT]!
  }

  set linkOpenedAt(at: number) {
    this.#table.values[this.#start + LINK_OPENED_AT] = at
  }

  get refusedAt(): number {
    return this.#table.values[this.#start + REFUSED_AT]!
  }

  set refusedAt(at: number) {
    this.#table.values[this.#start + REFUSED_AT] = at
  }

  get helloSentAt(): number {
    return this.#table.values[this.#start + HELLO_SENT_AT]!
  }

  set helloSentAt(at: number) {
    this.#table.values[this.#start + HELLO_SENT_AT] = at
  }

  get enteredAt(): number {
    return this.#table.values[this.#start + ENTERED_AT]!
  }

  set enteredAt(at: number) {
    this.#table.values[this.#start + ENTERED_AT] = at
  }
}
