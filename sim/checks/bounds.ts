/**
 * `bounds`: what a node holds stays within its limits: what waits for each peer, peers, connections, timers. And it
 * refuses no message well below them: a node that takes nothing loses nothing. Looking at a node costs as much as it
 * has peers, so in a large mesh only some are looked at each second, in turn.
 */
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.ts'
import type { PeerMetrics } from '../../src/mesh/metrics.ts'
import type { Member } from '../population.ts'
import type { TrackedMessage } from '../scenario/ledger.ts'
import type { Check, CheckContext, Watcher } from './check.ts'

export const bounds: Check = {
  name: 'bounds',
  summary:
    'outboxes, peers, connections and timers of each node stay within its limits, and what fits is taken',
  watch: (context) => new Bounds(context),
}

/** Peers looked at per second. */
const LOOKS_MAX = 300
/** The engine has one, for all its deadlines; the runtime some for itself. */
const TIMERS_MAX = 8
/** Beside messages: JOIN, LEAVE, PING and the frames around them, within the write window. */
const COMMANDS_BYTES = 512 * 1_024

/** A message for a peer with less than this share of its outbox in use fits, with all that may be under way. */
const ROOMY = 0.5

class Bounds implements Watcher {
  readonly #context: CheckContext
  #next = 0

  constructor(context: CheckContext) {
    this.#context = context
  }

  sampled(): void {
    const { members } = this.#context.sim
    const looks = Math.min(members.length, Math.ceil(LOOKS_MAX / Math.max(1, members.length)))
    for (let i = 0; i < looks; i++) {
      this.#next = (this.#next + 1) % members.length
      this.#look(members[this.#next]!)
    }
  }

  /** A refused whisper, as far as it is known whom it was for. */
  sent({ sender, to, bytes }: TrackedMessage, accepted: boolean): void {
    if (accepted || to === undefined) return
    const { members } = this.#context.sim
    const [from, receiver] = [members[sender]!, members[to]!]
    const peer = from.node?.metrics().peers.find(({ id }) => id === receiver.node?.id)
    if (peer === undefined) return
    const limits: Limits = { ...DEFAULT_LIMITS, ...from.options.limits }
    const { outboxMessages, outboxBytes } = peer
    const isFull =
      outboxMessages > ROOMY * limits.outboxMessages ||
      outboxBytes + bytes > ROOMY * limits.outboxBytes
    if (isFull) return
    const waiting = `${outboxMessages} messages with ${outboxBytes} bytes wait there`
    this.#context.report(`${from.name} refused a message for ${receiver.name}; only ${waiting}`)
  }

  #look(member: Member): void {
    const { node, process, options, name } = member
    if (node === undefined || process === undefined) return
    const limits: Limits = { ...DEFAULT_LIMITS, ...options.limits }
    const { peers } = node.metrics()
    this.#hold(name, 'peers', peers.length, limits.peers)
    for (const peer of peers) this.#lookAtPeer(name, peer, limits)
    const { streams, timers } = process.openCounts()
    // Of each peer one that we dial, and one that it dials.
    this.#hold(name, 'connections', streams, limits.peers + limits.inboundConnections)
    this.#hold(name, 'timers', timers, TIMERS_MAX)
  }

  #lookAtPeer(name: string, peer: PeerMetrics, limits: Limits): void {
    const { outboxMessages, outboxBytes } = peer
    this.#hold(name, `messages waiting for ${peer.name}`, outboxMessages, limits.outboxMessages)
    // One message of any size may enter an empty outbox.
    const bytesMax = Math.max(limits.outboxBytes, limits.messageBytes) + limits.helloBytes
    this.#hold(name, `bytes waiting for ${peer.name}`, outboxBytes, bytesMax + COMMANDS_BYTES)
  }

  #hold(name: string, what: string, count: number, limit: number): void {
    if (count > limit) this.#context.report(`${name} has ${count} ${what}; its limit is ${limit}`)
  }
}
