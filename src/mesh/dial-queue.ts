/**
 * Who waits to be dialled, within the budget. Peers that are linked to us and peers only heard of are served
 * in turn: a flood of made-up beacons must not hold up one that exists, nor may one that lures us into dialling it
 * again and again hold up the others.
 */
import { NEVER } from '../base/deadlines.ts'
import type { Limits } from '../base/limits.ts'
import { DialBudget } from './dial-budget.ts'
import type { Peer } from './peer.ts'

export class DialQueue {
  readonly #budget: DialBudget
  /** Linked to us; in the order in which they asked. */
  readonly #linked = new Set<Peer>()
  /** Only heard of. */
  readonly #others = new Set<Peer>()
  #othersTurn = false
  readonly #atOnceMax: number
  #underWay = 0

  constructor(limits: Pick<Limits, 'dialsPerSecond' | 'dialsAtOnce'>) {
    this.#budget = new DialBudget(limits.dialsPerSecond)
    this.#atOnceMax = limits.dialsAtOnce
  }

  /** Adds a peer, or moves it up when it has linked to us since. */
  add(peer: Peer): void {
    if (peer.inbound === undefined) {
      this.#others.add(peer)
      return
    }
    this.#others.delete(peer)
    this.#linked.add(peer)
  }

  delete(peer: Peer): void {
    this.#linked.delete(peer)
    this.#others.delete(peer)
  }

  /** Takes out the peer to dial now, if there is one and the limits allow it. */
  take(now: number): Peer | undefined {
    if (this.#underWay >= this.#atOnceMax) return undefined
    const takeOthers = this.#linked.size === 0 || (this.#othersTurn && this.#others.size > 0)
    const [peer] = takeOthers ? this.#others : this.#linked
    if (peer === undefined || !this.#budget.take(now)) return undefined
    this.#othersTurn = !takeOthers
    this.delete(peer)
    this.#underWay++
    return peer
  }

  /** Whether one more connection may be dialled now, beside or outside the queue. */
  takeBudget(now: number): boolean {
    return this.#budget.take(now)
  }

  /** A dial that `take` allowed has led to a link, or to nothing. */
  handleEnded(): void {
    this.#underWay--
  }

  /** When the next dial may start, or NEVER. */
  nextAt(now: number): number {
    if (this.#underWay >= this.#atOnceMax) return NEVER
    return this.#linked.size + this.#others.size === 0 ? NEVER : this.#budget.nextAt(now)
  }
}
