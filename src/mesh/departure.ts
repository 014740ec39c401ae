/**
 * Departure: how a node leaves the mesh.
 *
 *     running ─stop()─▶ draining ─▶ leaving ─▶ stopped
 *
 * While draining, accepted messages are written. Then goodbye is said, over the links and by beacon, and all
 * connections close. Each step takes at most `lingerMs`; what is not done by then is dropped.
 */
import { NEVER } from '../base/deadlines.ts'
import type { Beacons } from './beacons.ts'
import type { MeshContext } from './context.ts'
import type { Links } from './links.ts'
import type { Connection } from './peer.ts'
import type { Roster } from './roster.ts'

type Phase =
  | { readonly kind: 'running' }
  | { readonly kind: 'draining'; readonly until: number }
  | { readonly kind: 'leaving'; readonly until: number }
  | { readonly kind: 'stopped' }

export class Departure {
  readonly #context: MeshContext
  readonly #links: Links
  readonly #roster: Roster
  readonly #beacons: Beacons
  /** All connections that are not over, as the engine keeps them. */
  readonly #connections: ReadonlySet<Connection>
  #phase: Phase = { kind: 'running' }
  /** Accepted messages that will not be written any more. */
  #lost = 0

  constructor(
    context: MeshContext,
    links: Links,
    roster: Roster,
    beacons: Beacons,
    connections: ReadonlySet<Connection>,
  ) {
    this.#context = context
    this.#links = links
    this.#roster = roster
    this.#beacons = beacons
    this.#connections = connections
  }

  get isRunning(): boolean {
    return this.#phase.kind === 'running'
  }

  get isStopped(): boolean {
    return this.#phase.kind === 'stopped'
  }

  /** When `step` has to be called at the latest. */
  get nextAt(): number {
    return this.#phase.kind === 'draining' || this.#phase.kind === 'leaving'
      ? this.#phase.until
      : NEVER
  }

  begin(now: number): void {
    if (this.#phase.kind !== 'running') return
    this.#phase = { kind: 'draining', until: now + this.#context.options.timers.lingerMs }
    this.step(now)
  }

  /** Goes on as far as things stand; to be called after everything that may have changed them. */
  step(now: number): void {
    if (this.#phase.kind === 'draining' && (now >= this.#phase.until || this.#isDrained())) {
      this.#leave(now)
    }
    if (this.#phase.kind === 'leaving' && (now >= this.#phase.until || this.#isAlone())) {
      this.#phase = { kind: 'stopped' }
      this.#reportLost(now)
      this.#context.agenda.clear()
      this.#context.emit({ type: 'stopped' })
    }
  }

  #leave(now: number): void {
    this.#phase = { kind: 'leaving', until: now + this.#context.options.timers.lingerMs }
    this.#context.stopping = true
    for (const peer of this.#roster.all()) {
      this.#context.blockedPeers.forget(peer)
      this.#lost += this.#links.dropWaiting(peer, 'stop')
      // A dial under way has nothing to say, and may take its time to fail.
      const isOpen = this.#links.sendControl(peer, 'goodbye', now)
      this.#links.close(peer, isOpen ? 'flush' : 'abort', now)
    }
    for (const connection of this.#connections) this.#context.closeConnection(connection, 'flush')
    this.#context.agenda.clear()
    this.#beacons.sayGoodbye(now)
  }

  #isDrained(): boolean {
    if (this.#context.suspended) return true // asleep: there are no links to write to
    return this.#roster.all().every((peer) => {
      if (peer.phase !== 'present') return true
      const isWritten = (peer.openConnection?.windowBytes ?? 0) === 0
      // Where room is wanted, somebody waits to send who was promised to be served first.
      return peer.outbox.length === 0 && isWritten && !peer.roomWanted
    })
  }

  /** Accepted messages that did not go out in time are lost, and nobody shall think otherwise. */
  #reportLost(now: number): void {
    for (const { peer, windowMessages } of this.#connections) {
      if (peer === undefined || windowMessages === 0) continue
      this.#links.countLost(peer, windowMessages, 'stop')
      this.#lost += windowMessages
    }
    if (this.#lost === 0) return
    const reason = `this node stopped with ${this.#lost} accepted messages that were not yet written`
    this.#context.warn('messages-lost', reason, {}, now)
  }

  #isAlone(): boolean {
    return this.#connections.size === 0 && this.#beacons.nextAt === NEVER
  }
}
