/**
 * Traffic: every running node sends tracked messages now and then, whispers to random peers and shouts to its
 * groups, and whatever it receives is decoded and told to the watchers.
 */
import { EarshotError } from '../../src/base/errors.ts'
import type { PeerId } from '../../src/base/peer-id.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { RandomStream } from '../kernel/random.ts'
import type { Member, Population } from '../population.ts'
import {
  decodeTracked,
  encodeTracked,
  type ReceivedMessage,
  TRACKED_BYTES_MIN,
  type TrackedMessage,
} from './ledger.ts'

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
  /** `accepted`: by all whom it was for, who are `peers` then; else `peers` are those who will get it. */
  sent(message: TrackedMessage, accepted: boolean, peers: readonly PeerId[]): void
  /** `from` is whom the receiver believes to be the sender. */
  received(member: Member, node: MeshNode, message: ReceivedMessage, from: PeerId): void
}

/** How often senders are chosen: many small steps spread the messages over time. */
const STEP_MS = 50

/**
 * The post of a run, shared by all its traffic: numbers each node's messages, hands them over, and listens at all
 * nodes, once.
 */
export class Post {
  readonly population: Population
  readonly #watcher: TrafficWatcher
  /** By member index: the start that is counted, and its messages so far. */
  readonly #numbers = new Map<number, { start: number; number: number }>()

  constructor(population: Population, watcher: TrafficWatcher) {
    this.population = population
    this.#watcher = watcher
    population.onStart((member, node) => this.#listen(member, node))
    for (const member of population.members) {
      if (member.node !== undefined) this.#listen(member, member.node)
    }
  }

  /** Offers a tracked message to one peer. */
  whisper(member: Member, node: MeshNode, peer: PeerId, bytes: number): void {
    const to = this.population.memberOf(peer)
    if (to === undefined) return
    const message = this.#next(member, to.index, undefined, bytes)
    const accepted = offered(() => node.tryWhisper(peer, encodeTracked(message)))
    if (accepted !== undefined) this.#watcher.sent(message, accepted, accepted ? [peer] : [])
  }

  /** Offers a tracked message to all members of a group. */
  shout(member: Member, node: MeshNode, group: string, bytes: number): void {
    const message = this.#next(member, undefined, group, bytes)
    const members = node.members(group).map(({ id }) => id)
    const outcome = offered(() => node.tryShout(group, encodeTracked(message)))
    if (outcome === undefined) return
    const left = new Set(outcome.full)
    const peers = left.size === 0 ? members : members.filter((id) => !left.has(id))
    this.#watcher.sent(message, left.size === 0, peers)
  }

  #next(
    member: Member,
    to: number | undefined,
    group: string | undefined,
    bytes: number,
  ): TrackedMessage {
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
      sentAtMs: this.population.now,
      to,
      group,
      bytes: Math.max(TRACKED_BYTES_MIN, bytes),
    }
  }

  #listen(member: Member, node: MeshNode): void {
    const take = (from: PeerId, bytes: Uint8Array, group?: string): void => {
      const message = decodeTracked(bytes, group)
      if (message !== undefined) this.#watcher.received(member, node, message, from)
    }
    node.on('whisper', ({ peer, message }) => take(peer.id, message.bytes()))
    node.on('shout', ({ peer, message, group }) => take(peer.id, message.bytes(), group))
  }
}

export class Traffic {
  readonly stepMs: number = STEP_MS
  readonly #post: Post
  readonly #random: RandomStream
  readonly #everyMs: number
  readonly #whispers: number
  readonly #bytes: number

  constructor(post: Post, options: TrafficOptions) {
    this.#post = post
    this.#random = post.population.random('traffic')
    this.#everyMs = options.everyMs ?? 1_000
    this.#whispers = options.whispers ?? 0.5
    this.#bytes = options.bytes ?? 100
    if (!(this.#everyMs > 0))
      throw new EarshotError('ERR_EARSHOT_BAD_OPTION', 'option everyMs: expected more than 0')
  }

  /** Some of the nodes send something. */
  step(): void {
    const share = STEP_MS / this.#everyMs
    for (const member of this.#post.population.members) {
      for (let left = share; left > 0 && member.node !== undefined; left--) {
        if (left >= 1 || this.#random.chance(left)) this.#send(member, member.node)
      }
    }
  }

  #send(member: Member, node: MeshNode): void {
    if (member.process?.isFrozen === true) return
    const groups = node.groups()
    const group = groups.length > 1 ? this.#random.pick(groups) : groups[0]
    if (group === undefined || this.#random.chance(this.#whispers)) this.#whisper(member, node)
    else this.#post.shout(member, node, group, this.#bytes)
  }

  #whisper(member: Member, node: MeshNode): void {
    const peers = node.peers()
    if (peers.length === 0) return
    this.#post.whisper(member, node, this.#random.pick(peers).id, this.#bytes)
  }
}

/** `undefined` when the node is just stopping: that it takes nothing more is no news. */
function offered<Outcome>(offer: () => Outcome): Outcome | undefined {
  try {
    return offer()
  } catch (error) {
    if (error instanceof EarshotError && error.code === 'ERR_EARSHOT_NOT_RUNNING') return undefined
    throw error
  }
}
