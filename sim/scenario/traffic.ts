/**
 * Traffic: every running node sends tracked messages now and then, whispers to random peers and shouts to its
 * groups, and whatever it receives is decoded and told to the watchers.
 */
import { EarshotError } from '../../src/base/errors.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { RandomStream } from '../kernel/random.ts'
import type { Member, Population } from '../population.ts'
import { decodeTracked, encodeTracked, TRACKED_BYTES_MIN, type TrackedMessage } from './ledger.ts'

export interface TrafficOptions {
  /** Between two messages of one node, on average, in milliseconds. Default 1,000. */
  readonly everyMs?: number
  /** Share of whispers, 0 to 1; the rest are shouts. Default 0.5. */
  readonly whispers?: number
  /** Bytes of a message. Default 100. */
  readonly bytes?: number
}

/** Whom traffic tells. */
export interface TrafficWatcher {
  /** `peer` is whom a whisper went to, as the sender knows it. */
  sent(message: TrackedMessage, accepted: boolean): void
  received(member: Member, node: MeshNode, message: TrackedMessage): void
}

/** How often senders are chosen: many small steps spread the messages over time. */
const STEP_MS = 50

export class Traffic {
  readonly stepMs: number = STEP_MS
  readonly #population: Population
  readonly #watcher: TrafficWatcher
  readonly #random: RandomStream
  readonly #everyMs: number
  readonly #whispers: number
  readonly #bytes: number
  /** By member index: the start that is counted, and its messages so far. */
  readonly #numbers = new Map<number, { start: number; number: number }>()

  constructor(population: Population, options: TrafficOptions, watcher: TrafficWatcher) {
    this.#population = population
    this.#watcher = watcher
    this.#random = population.random('traffic')
    this.#everyMs = options.everyMs ?? 1_000
    this.#whispers = options.whispers ?? 0.5
    this.#bytes = options.bytes ?? 100
    if (!(this.#everyMs > 0))
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', 'option everyMs: expected more than 0')
    population.onStart((member, node) => this.#listen(member, node))
    for (const member of population.members) {
      if (member.node !== undefined) this.#listen(member, member.node)
    }
  }

  /** Some of the nodes send something. */
  step(): void {
    const share = STEP_MS / this.#everyMs
    for (const member of this.#population.members) {
      if (member.node === undefined) continue
      for (let left = share; left > 0; left--) {
        if (left >= 1 || this.#random.chance(left)) this.#send(member, member.node)
      }
    }
  }

  #send(member: Member, node: MeshNode): void {
    if (member.process?.isFrozen === true) return
    const [group] = node.groups()
    if (group === undefined || this.#random.chance(this.#whispers)) this.#whisper(member, node)
    else this.#shout(member, node, group)
  }

  #whisper(member: Member, node: MeshNode): void {
    const peers = node.peers()
    if (peers.length === 0) return
    const peer = this.#random.pick(peers)
    const to = this.#population.memberOf(peer.id)
    if (to === undefined) return
    const message = this.#next(member, to.index, undefined)
    this.#watcher.sent(message, node.tryWhisper(peer.id, encodeTracked(message)))
  }

  #shout(member: Member, node: MeshNode, group: string): void {
    const message = this.#next(member, undefined, group)
    const { full } = node.tryShout(group, encodeTracked(message))
    this.#watcher.sent(message, full.length === 0)
  }

  #next(member: Member, to: number | undefined, group: string | undefined): TrackedMessage {
    let count = this.#numbers.get(member.index)
    if (count === undefined || count.start !== member.starts) {
      count = { start: member.starts, number: 0 }
      this.#numbers.set(member.index, count)
    }
    count.number++
    return {
      sender: member.index,
      start: count.start,
      number: count.number,
      sentAtMs: this.#population.now,
      to,
      group,
      bytes: Math.max(TRACKED_BYTES_MIN, this.#bytes),
    }
  }

  #listen(member: Member, node: MeshNode): void {
    const take = (bytes: Uint8Array, group?: string): void => {
      const message = decodeTracked(bytes, group)
      if (message !== undefined) this.#watcher.received(member, node, message)
    }
    node.on('whisper', ({ message }) => take(message.bytes()))
    node.on('shout', ({ message, group }) => take(message.bytes(), group))
  }
}
