/**
 * Connections whose handshake is not complete. All have the same time for it, so they run out of it in the order in
 * which they began: a queue with one alarm, where an agenda would sort each of them in and out again.
 */
import { type Agenda, NEVER } from '../base/deadlines.ts'
import type { MeshCounters } from './counters.ts'
import type { Connection } from './peer.ts'
import type { EngineClock, Timed } from './timed.ts'

/** An alarm that comes this late says that the host is busy. */
const LATE_MS = 100
/** However busy the host is, nobody has more than so many times the limit. */
const PATIENCE_FACTOR = 12

export class Handshakes {
  readonly #agenda: Agenda<Timed>
  readonly #limitMs: number
  readonly #counters: MeshCounters
  /** With the time at which each is over. */
  readonly #until = new Map<Connection, number>()
  /** In the agenda: never later than the first of them, and sometimes earlier. */
  readonly #alarm: EngineClock = { timed: 'handshakes', agendaIndex: -1 }
  #alarmAt = NEVER

  constructor(agenda: Agenda<Timed>, limitMs: number, counters: MeshCounters) {
    this.#agenda = agenda
    this.#limitMs = limitMs
    this.#counters = counters
  }

  begin(connection: Connection, now: number): void {
    const until = now + this.#limitMs
    this.#until.set(connection, until)
    if (this.#agenda.dueAt(this.#alarm) === NEVER) this.#wakeAt(until)
  }

  /** It is complete: the connection is a link. */
  complete(connection: Connection): void {
    this.#until.delete(connection)
    this.#counters.handshakes++
    if (connection.role === 'dialler') this.#counters.dialsSucceeded++
    else this.#counters.handshakesAccepted++
  }

  /** The connection is over, if it was in its handshake or not. (What became of a dial is counted by
   *  `links.ts`.) True if it was. */
  end(connection: Connection): boolean {
    const wasUnderWay = this.#until.delete(connection)
    if (wasUnderWay && connection.role === 'acceptor') this.#counters.handshakesFailed++
    return wasUnderWay
  }

  /**
   * Whether we are late ourselves: then what the others said in time may wait unread, and all get as much longer.
   * Without that, a crowd that starts at once on busy hosts times out and begins again, which keeps them busy. But no
   * more than their time once again: a dial that leads nowhere must not last as long as the host has slept.
   */
  putOff(now: number): boolean {
    const lateMs = now - this.#alarmAt
    const [oldest = now] = this.#until.values()
    if (lateMs < LATE_MS || now - oldest > (PATIENCE_FACTOR - 1) * this.#limitMs) return false
    this.#wakeAt(now + Math.min(lateMs, this.#limitMs))
    return true
  }

  /** Takes out the next whose time is over; call until `undefined`. */
  takeDue(now: number): Connection | undefined {
    for (const [connection, until] of this.#until) {
      if (until <= now) {
        this.#until.delete(connection)
        if (connection.role === 'acceptor') this.#counters.handshakesTimedOut++
        return connection
      }
      this.#wakeAt(until)
      break
    }
    return undefined
  }

  #wakeAt(at: number): void {
    this.#alarmAt = at
    this.#agenda.schedule(this.#alarm, at)
  }
}
