/**
 * `no-loss`: a message that was accepted for a peer arrives there, unless somebody was told that it may not have:
 *
 *   - the sender saw the peer's `exit`, or counted the message among `messagesLost`
 *   - the receiver was told that the conversation started over: `exit` of the sender, or the warning `hello-storm`
 *   - the receiver had left the group meanwhile, or counted a stray shout
 *   - the process of either ended; a sender that stopped politely still has its messages delivered
 *
 * In a run in which nothing goes wrong only the last two count. A gap is judged a few seconds after it is seen:
 * what explains it may come later, over another connection.
 */
import type { PeerId } from '../../src/base/peer-id.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { NodeEvent } from '../../src/runtime/node-events.ts'
import type { Member } from '../population.ts'
import type { ReceivedMessage, TrackedMessage } from '../scenario/ledger.ts'
import type { Check, CheckContext, Watcher } from './check.ts'
import { InFlight } from './in-flight.ts'
import { senderKey } from './senders.ts'
import { hasPerfectWeather } from './unrest.ts'

export const noLoss: Check = {
  name: 'no-loss',
  summary: 'an accepted message arrives, unless the sender or the receiver was told otherwise',
  watch: (context) => new NoLoss(context),
}

/** Between a gap and its verdict. */
const PATIENCE_MS = 4_000
/** Under way at the most: in a network that loses nothing, and in any other. */
const TRAVEL_MS = { perfect: 2_000, any: 60_000 } as const

/** One start of one member, as a sender. */
interface Sender {
  readonly member: Member
  readonly node: MeshNode
  readonly inFlight: InFlight
  /** When it stopped politely. */
  stoppedMs: number | undefined
}

/** A message that one receiver did not get. */
interface Gap {
  readonly sender: Sender
  readonly receiver: MeshNode
  readonly message: TrackedMessage
  readonly judgedMs: number
}

class NoLoss implements Watcher {
  readonly #context: CheckContext
  readonly #senders = new Map<number, Sender>()
  #gaps: Gap[] = []
  /** By who tells and whom it is about: when a gap was last excused by an event. */
  readonly #told = new WeakMap<MeshNode, Map<PeerId, number>>()
  /** What of a node's counters has excused a loss already, by the name of the excuse. */
  readonly #spent = new WeakMap<MeshNode, Map<string, number>>()

  constructor(context: CheckContext) {
    this.#context = context
  }

  sent(message: TrackedMessage, _accepted: boolean, peers: readonly PeerId[]): void {
    const { sim } = this.#context
    const key = senderKey(message)
    let sender = this.#senders.get(key)
    if (sender === undefined) {
      const member = sim.members[message.sender]
      if (member?.node === undefined) return
      sender = { member, node: member.node, inFlight: new InFlight(), stoppedMs: undefined }
      this.#senders.set(key, sender)
    }
    const receivers: number[] = []
    for (const id of peers) {
      // A ghost, or who took its place, gets nothing.
      const member = sim.memberOf(id)
      if (member?.node?.id === id && !member.isLeaving) receivers.push(member.index)
    }
    sender.inFlight.add(message, receivers)
  }

  received(member: Member, node: MeshNode, message: ReceivedMessage): void {
    const sender = this.#senders.get(senderKey(message))
    if (sender === undefined) return
    this.#suspect(sender, node, sender.inFlight.arrived(member.index, message.number))
  }

  #suspect(sender: Sender, receiver: MeshNode, missing: readonly TrackedMessage[]): void {
    const judgedMs = this.#context.sim.now + PATIENCE_MS
    for (const message of missing) this.#gaps.push({ sender, receiver, message, judgedMs })
  }

  // What explains a loss

  event(member: Member, node: MeshNode, event: NodeEvent): void {
    if (event.type === 'exit') this.#note(node, event.peer.id)
    else if (event.type === 'warning' && event.code === 'hello-storm' && event.peer !== undefined) {
      this.#note(node, event.peer)
    } else if (event.type === 'stop') {
      this.#forgetReceiver(member, node)
      for (const sender of this.#senders.values()) {
        if (sender.node === node) sender.stoppedMs = this.#context.sim.now
      }
    }
  }

  #note(node: MeshNode, peer: PeerId): void {
    let told = this.#told.get(node)
    if (told === undefined) {
      told = new Map()
      this.#told.set(node, told)
    }
    told.set(peer, this.#context.sim.now)
  }

  /** Killed, or crashed: what was under way from it and to it is lost. */
  ended(member: Member, node: MeshNode): void {
    this.#forgetReceiver(member, node)
    for (const [key, sender] of this.#senders) {
      if (sender.node === node) this.#senders.delete(key)
    }
    this.#gaps = this.#gaps.filter(({ sender }) => sender.node !== node)
  }

  #forgetReceiver({ index }: Member, node: MeshNode): void {
    for (const { inFlight } of this.#senders.values()) inFlight.giveUp(index)
    this.#gaps = this.#gaps.filter(({ receiver }) => receiver !== node)
  }

  // Verdicts

  sampled(): void {
    const { now } = this.#context.sim
    for (const [key, sender] of this.#senders) {
      if (sender.stoppedMs === undefined || now - sender.stoppedMs < PATIENCE_MS) continue
      this.#senders.delete(key)
      // What else may delay it only ends with the network's faults.
      if (this.#isPerfect) this.#giveUpAll(sender)
    }
    if (this.#gaps.length > 0) this.#judge((gap) => gap.judgedMs <= now)
  }

  /** Everything that had its time to arrive has arrived. */
  settled(): void {
    const { sim } = this.#context
    const travelMs = this.#isPerfect ? TRAVEL_MS.perfect : TRAVEL_MS.any
    for (const sender of this.#senders.values()) {
      if (sender.inFlight.isEmpty) continue
      for (const { node, index } of sim.members) {
        if (node === undefined) continue
        this.#suspect(sender, node, sender.inFlight.overdue(index, sim.now - travelMs))
      }
    }
    this.#judge(() => true)
  }

  stopped(): void {
    this.#judge(() => true)
  }

  #giveUpAll(sender: Sender): void {
    for (const { node, index } of this.#context.sim.members) {
      if (node !== undefined) this.#suspect(sender, node, sender.inFlight.giveUp(index))
    }
  }

  #judge(isDue: (gap: Gap) => boolean): void {
    const due = this.#gaps.filter(isDue)
    this.#gaps = this.#gaps.filter((gap) => !isDue(gap))
    for (const gap of due) {
      if (this.#isExcused(gap)) continue
      const { sender, receiver, message } = gap
      const kind = message.group === undefined ? 'whisper' : 'shout'
      const what = `${kind} ${message.number} of ${sender.member.name} (start ${message.start})`
      const when = `accepted at ${message.sentAtMs.toFixed(0)} ms`
      this.#context.report(`${receiver.name} did not get ${what}, ${when}, and nobody was told`)
    }
  }

  #isExcused({ sender, receiver, message }: Gap): boolean {
    if (message.group !== undefined && this.#isStray(receiver, message.group)) return true
    if (this.#isPerfect) return false
    const toldMs = Math.max(
      this.#told.get(sender.node)?.get(receiver.id) ?? -1,
      this.#told.get(receiver)?.get(sender.node.id) ?? -1,
    )
    if (toldMs >= message.sentAtMs) return true
    const peer = sender.node.metrics().peers.find(({ id }) => id === receiver.id)
    return this.#spend(sender.node, receiver.id, peer?.messagesLost ?? 0)
  }

  #isStray(receiver: MeshNode, group: string): boolean {
    if (!receiver.groups().includes(group)) return true
    return this.#spend(receiver, 'stray', receiver.metrics().mesh.strayShouts)
  }

  /** Whether one of `total` counted losses is left to explain another one. */
  #spend(node: MeshNode, excuse: string, total: number): boolean {
    let spent = this.#spent.get(node)
    if (spent === undefined) {
      spent = new Map()
      this.#spent.set(node, spent)
    }
    const count = spent.get(excuse) ?? 0
    if (count >= total) return false
    spent.set(excuse, count + 1)
    return true
  }

  /** Nothing goes wrong in this run. */
  get #isPerfect(): boolean {
    return this.#context.isHealthy && this.#context.sim.members.every(hasPerfectWeather)
  }
}
