/**
 * Stranded links: those that speak from an address that is ours no more. Nobody will ever say that they are dead.
 */
import type { MeshContext } from './context.ts'
import type { Links } from './links.ts'
import { OwnAddresses } from './own-addresses.ts'
import type { Peer } from './peer.ts'
import type { Roster } from './roster.ts'

/**
 * A peer is heard, and the address that our link to it speaks from has vanished: this long, the host may still
 * notice that the address is back (the runtime looks every second).
 */
const STRANDED_MS = 1_500

export class Stranded {
  readonly #context: MeshContext
  readonly #links: Links
  readonly #roster: Roster
  readonly #addresses = new OwnAddresses()

  constructor(context: MeshContext, links: Links, roster: Roster) {
    this.#context = context
    this.#links = links
    this.#roster = roster
  }

  /** Whether any link may be stranded. */
  get isAny(): boolean {
    return this.#addresses.anyGone
  }

  /** Our mailboxes have changed. */
  handleMailboxes(now: number): void {
    this.#addresses.update(this.#context.mailboxes)
    const waiting = new Set<string>()
    for (const peer of this.#roster.all()) {
      const address = peer.openConnection?.local?.address
      if (address === undefined) continue
      const fate = this.#addresses.fateOf(address)
      if (fate === 'vanished') {
        waiting.add(address)
        continue
      }
      if (fate === 'replaced') this.#links.restart(peer, now)
      peer.clearDeadline('stranded')
      this.#context.reschedule(peer)
    }
    this.#addresses.retain(waiting)
  }

  /** Is the peer heard, though our link to it has no address to speak from? Then there is another way to it. */
  note(peer: Peer, now: number): void {
    if (!this.isAny || !this.#isStranded(peer) || peer.hasDeadline('stranded')) return
    peer.setDeadline('stranded', now + STRANDED_MS)
    this.#context.reschedule(peer)
  }

  handleDue(peer: Peer, now: number): void {
    if (this.#isStranded(peer)) this.#links.restart(peer, now)
  }

  #isStranded(peer: Peer): boolean {
    const address = peer.openConnection?.local?.address
    return address !== undefined && this.#addresses.fateOf(address) !== 'ours'
  }
}
