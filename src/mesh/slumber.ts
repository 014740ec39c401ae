/**
 * Slumber: a node that sleeps for a while and wants to be the same afterwards (a phone whose application goes to the
 * background), and peers that do.
 *
 *     awake ─suspend()─▶ drowsy ─▶ asleep ─resume()─▶ awake
 *
 * While drowsy, what was accepted is written, and what peers have under way is read until they end their links: they
 * are told as the last thing, which only earshot nodes understand. To others we say goodbye. Asleep there are no
 * connections and no timers. Peers stay as they are, on both sides, and so does what waits for them; the HELLO after
 * the sleep is no restart.
 */
import { NEVER } from '../base/deadlines.ts'
import type { PeerId } from '../base/peer-id.ts'
import type { MeshContext } from './context.ts'
import type { Links } from './links.ts'
import type { Connection, Peer } from './peer.ts'
import type { Roster } from './roster.ts'
import type { Watch } from './watch.ts'

export class Slumber {
  readonly #context: MeshContext
  readonly #links: Links
  readonly #roster: Roster
  readonly #watch: Watch
  /** All that are not over, as the engine keeps them. */
  readonly #connections: ReadonlySet<Connection>
  #notice: readonly Uint8Array[] = []
  #drowsyUntil = NEVER
  #asleepSince = NEVER

  constructor(
    context: MeshContext,
    links: Links,
    roster: Roster,
    watch: Watch,
    connections: ReadonlySet<Connection>,
  ) {
    this.#connections = connections
    this.#context = context
    this.#links = links
    this.#roster = roster
    this.#watch = watch
  }

  // We

  get isAsleep(): boolean {
    return this.#asleepSince !== NEVER
  }

  /** When `step` has to be called at the latest. */
  get nextAt(): number {
    return this.#drowsyUntil
  }

  /**
   * `notice`: the frames by which earshot peers are told, as the last that is said on our link to them. The notice
   * `suspended` follows.
   */
  suspend(notice: readonly Uint8Array[], now: number): void {
    this.#notice = notice
    this.#context.suspended = true
    this.#drowsyUntil = now + this.#context.options.timers.lingerMs
    this.step(now)
  }

  /** Goes on as far as things stand; to be called after everything that may have changed them. */
  step(now: number): void {
    if (this.#drowsyUntil === NEVER) return
    for (const peer of this.#roster.all()) this.#closeWhenWritten(peer, now)
    const isQuiet = this.#roster
      .all()
      .every((peer) => peer.link === 'idle' && peer.inbound === undefined)
    if (isQuiet || now >= this.#drowsyUntil) this.#fallAsleep(now)
  }

  #closeWhenWritten(peer: Peer, now: number): void {
    const connection = peer.openConnection
    const isWritten = peer.outbox.length === 0 && (connection?.windowBytes ?? 0) === 0
    if (peer.link === 'idle' || (connection !== undefined && !isWritten)) return
    this.#closeLink(peer, now)
  }

  #closeLink(peer: Peer, now: number): void {
    if (peer.isEarshot) this.#links.sayLast(peer, this.#notice)
    else if (this.#links.sendControl(peer, 'goodbye', now)) peer.knowsUs = false
    this.#links.close(peer, peer.link === 'open' ? 'flush' : 'abort', now)
  }

  #fallAsleep(now: number): void {
    this.#drowsyUntil = NEVER
    this.#asleepSince = now
    for (const peer of this.#roster.all()) {
      if (peer.link !== 'idle') this.#closeLink(peer, now)
      peer.inbound = undefined
      peer.contender = undefined
      peer.doubt = undefined
      peer.clearAllDeadlines()
      this.#context.reschedule(peer)
    }
    for (const connection of this.#connections) this.#context.closeConnection(connection, 'abort')
    this.#context.emit({ type: 'suspended' })
  }

  /** This node stops: nothing is told to anybody any more but goodbyes, over the links that there still are. */
  end(): void {
    if (this.#drowsyUntil !== NEVER) {
      this.#drowsyUntil = NEVER
      this.#context.suspended = false
      this.#context.emit({ type: 'suspended' })
    }
    this.#asleepSince = NEVER
  }

  /** Whoever is still there is linked to again, and whoever is not is found out as after any silence. */
  resume(now: number): void {
    if (this.#drowsyUntil !== NEVER) this.#fallAsleep(now)
    if (!this.isAsleep) return
    this.#watch.excuse(now - this.#asleepSince)
    this.#asleepSince = NEVER
    this.#context.suspended = false
    for (const peer of this.#roster.all()) {
      peer.isExpected = true
      this.#links.establish(peer, now)
    }
  }

  // Others

  /** The peer says that it sleeps for up to `ms`: until then its silence means nothing, and nothing is to be dialled. */
  handleAsleep(id: PeerId, ms: number, now: number): void {
    const peer = this.#roster.present(id)
    if (peer === undefined) return
    const until = now + Math.min(ms, this.#context.options.timers.asleepMaxMs)
    this.#links.close(peer, peer.link === 'open' ? 'flush' : 'abort', now)
    peer.doubt = undefined
    peer.clearAllDeadlines()
    this.#context.reschedule(peer)
    const isNews = !peer.isAsleep
    peer.isAsleep = true
    peer.isExpected = true
    peer.presence = 'alive'
    peer.heardAt = until // as if
    peer.asleepSince = now
    peer.touchInfo()
    if (isNews) this.#context.emit({ type: 'asleep', peer: peer.info() })
  }
}
