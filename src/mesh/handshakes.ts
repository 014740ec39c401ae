/**
 * Connections whose handshake is not complete. All have the same time for it, so they run out of it in the order in
 * which they began: a queue with one alarm, where an agenda would sort each of them in and out again.
 */
import { type Agenda, NEVER } from '../base/deadlines.ts'
import type { Connection } from './peer.ts'
import type { EngineClock, Timed } from './timed.ts'

export class Handshakes {
  readonly #agenda: Agenda<Timed>
  readonly #limitMs: number
  /** With the time at which each is over. */
  readonly #until = new Map<Connection, number>()
  /** In the agenda: never later than the first of them, and sometimes earlier. */
  readonly #alarm: EngineClock = { timed: 'handshakes', agendaIndex: -1 }

  constructor(agenda: Agenda<Timed>, limitMs: number) {
    this.#agenda = agenda
    this.#limitMs = limitMs
  }

  begin(connection: Connection, now: number): void {
    const until = now + this.#limitMs
    this.#until.set(connection, until)
    if (this.#agenda.dueAt(this.#alarm) === NEVER) this.#agenda.schedule(this.#alarm, until)
  }

  /** It is complete, or the connection is over. */
  end(connection: Connection): void {
    this.#until.delete(connection)
  }

  /** Takes out the next whose time is over; call until `undefined`. */
  takeDue(now: number): Connection | undefined {
    for (const [connection, until] of this.#until) {
      if (until <= now) {
        this.#until.delete(connection)
        return connection
      }
      this.#agenda.schedule(this.#alarm, until)
      break
    }
    return undefined
  }
}
