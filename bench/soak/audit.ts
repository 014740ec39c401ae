/**
 * The audit of a soak: holds the books of all nodes against each other. Every message that was accepted must have
 * come, unless one of the two nodes left meanwhile.
 *
 *   the receiver left   what was sent until shortly before must have come; the rest may have met a closed door
 *   the sender stopped  everything must have come: `stop()` sends what was accepted
 *   the sender died     what was sent until shortly before must have come
 *   neither             everything must have come
 *
 * What a node itself says it lost (`messagesLost`) is accounted for too.
 */
import type { Counts, Page } from './books.ts'

/** "Shortly before": longer than a message takes on a busy machine. */
const GRACE_MS = 2_000
/** Pages are turned about once a second: these reach back further than the grace. */
const HISTORY_MAX = 8

interface Life {
  left?: { readonly at: number; readonly how: 'stopped' | 'killed' }
  /** Messages that the node says it lost. */
  lost: number
}

/** All that went from one node to another: both kinds travel on one link, in order. */
interface Pair {
  sent: number
  heard: number
  /** What had been sent at the time of each of the last pages. */
  readonly history: { readonly at: number; readonly sent: number }[]
}

export interface AuditResult {
  readonly nodes: number
  readonly sent: number
  readonly heard: number
  /** Sent, not heard, and excused by a departure. */
  readonly excused: number
  /** Sent, not heard, and nobody left; less what the senders say they lost. */
  readonly unaccounted: number
  /** Lost, by what nodes that have stopped say; what is excused is among it. */
  readonly declaredLost: number
  /** Heard, and never sent. */
  readonly invented: number
  /** The pairs that have something unaccounted for. */
  readonly findings: readonly string[]
}

export class Audit {
  readonly #lives = new Map<string, Life>()
  readonly #pairs = new Map<string, Map<string, Pair>>()

  handleCame(node: string): void {
    this.#lives.set(node, { lost: 0 })
  }

  /** `at` is when it began to leave. */
  handleLeft(node: string, at: number, how: 'stopped' | 'killed'): void {
    const life = this.#lives.get(node)
    if (life !== undefined) life.left = { at, how }
  }

  handleLost(node: string, messages: number): void {
    const life = this.#lives.get(node)
    if (life !== undefined) life.lost = messages
  }

  /** `at` is when the page was turned. */
  handlePage({ node, sent, heard }: Page, at: number): void {
    for (const [peer, counts] of Object.entries(sent)) {
      const pair = this.#pair(node, peer)
      pair.sent += total(counts)
      pair.history.push({ at, sent: pair.sent })
      if (pair.history.length > HISTORY_MAX) pair.history.shift()
    }
    for (const [peer, counts] of Object.entries(heard)) {
      this.#pair(peer, node).heard += total(counts)
    }
  }

  #pair(from: string, to: string): Pair {
    const ofSender = this.#pairs.get(from) ?? new Map<string, Pair>()
    this.#pairs.set(from, ofSender)
    const pair = ofSender.get(to) ?? { sent: 0, heard: 0, history: [] }
    ofSender.set(to, pair)
    return pair
  }

  /** Whether all that was sent between those who are still there has come. */
  get isBalanced(): boolean {
    return this.#allPairs().every(([from, to, { sent, heard }]) => {
      const isOver = this.#leftAt(from) !== undefined || this.#leftAt(to) !== undefined
      return isOver || sent === heard
    })
  }

  #leftAt(node: string): number | undefined {
    return this.#lives.get(node)?.left?.at
  }

  #allPairs(): [string, string, Pair][] {
    return [...this.#pairs].flatMap(([from, ofSender]) =>
      [...ofSender].map(([to, pair]): [string, string, Pair] => [from, to, pair]),
    )
  }

  result(): AuditResult {
    const totals = { sent: 0, heard: 0, excused: 0, unaccounted: 0, declaredLost: 0, invented: 0 }
    const findings: string[] = []
    for (const [from, ofSender] of this.#pairs) {
      let missing = 0
      let excusedOfSender = 0
      for (const [to, pair] of ofSender) {
        const { excused, unaccounted, invented } = this.#judge(from, to, pair)
        totals.sent += pair.sent
        totals.heard += pair.heard
        excusedOfSender += excused
        totals.invented += invented
        missing += unaccounted
        if (unaccounted > 0 || invented > 0) findings.push(this.#finding(from, to, pair))
      }
      const lost = this.#lives.get(from)?.lost ?? 0
      totals.excused += excusedOfSender
      totals.declaredLost += lost
      // What a node says it lost is, first of all, what was on its way to those who left.
      totals.unaccounted += Math.max(0, missing - Math.max(0, lost - excusedOfSender))
    }
    return { nodes: this.#lives.size, ...totals, findings }
  }

  #judge(
    from: string,
    to: string,
    { sent, heard, history }: Pair,
  ): { excused: number; unaccounted: number; invented: number } {
    const sender = this.#lives.get(from)?.left
    const died = sender?.how === 'killed' ? sender.at : Number.POSITIVE_INFINITY
    if (heard > sent) {
      // What the dead have sent since their last page is in nobody's books.
      const invented = sender?.how === 'killed' ? 0 : heard - sent
      return { excused: 0, unaccounted: 0, invented }
    }
    const over = Math.min(died, this.#leftAt(to) ?? Number.POSITIVE_INFINITY)
    const due = over === Number.POSITIVE_INFINITY ? sent : sentBy(over - GRACE_MS, history)
    const unaccounted = Math.max(0, due - heard)
    return { excused: sent - heard - unaccounted, unaccounted, invented: 0 }
  }

  #finding(from: string, to: string, { sent, heard }: Pair): string {
    const fate = (node: string): string => {
      const life = this.#lives.get(node)
      return `${node.slice(0, 6)} (${life?.left?.how ?? 'there'})`
    }
    return `${fate(from)} → ${fate(to)}: ${sent} sent, ${heard} heard`
  }
}

function total({ whisper, shout }: Counts): number {
  return whisper + shout
}

function sentBy(at: number, history: Pair['history']): number {
  return history.findLast((each) => each.at <= at)?.sent ?? 0
}
