/**
 * `no-loss`: a message that was accepted for a peer arrives there, unless somebody was told that it may not have:
 *
 *   - the sender saw the peer's `exit`, or counted the message among `messagesLost`
 *   - the receiver was told that the conversation started over: `exit` or `enter` of the sender, or the
 *     warning `hello-storm`
 *   - the receiver had left the group meanwhile, or counted a stray shout
 *   - the process of either ended; a sender that stopped politely still has its messages delivered
 *
 * In a run in which nothing goes wrong only the last two count. A gap is judged a few seconds after it is seen:
 * what explains it may come later, over another connection.
 */
import type { PeerId } from '../../src/base/peer-id.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { NodeEvent } from '../../src/runtime/node-events.ts'
import type { Fault } from '../faults.ts'
import type { Member } from '../population.ts'
import type { ReceivedMessage, TrackedMessage } from '../scenario/ledger.ts'
import type { Check, CheckContext, Watcher } from './check.ts'
import { InFlight } from './in-flight.ts'
import { senderKey } from './senders.ts'
import { hasPerfectWeather, Unrest } from './unrest.ts'

export const noLoss: Check = {
  name: 'no-loss',
  summary: 'an accepted message arrives, unless the sender or the receiver was told otherwise',
  watch: (context) => new NoLoss(context),
}

/** Between a gap and its verdict. */
const PATIENCE_MS = 4_000
/** Under way at the most, in a network that loses nothing. */
const TRAVEL_MS = 2_000
/** TCP waits up to two minutes before it tries again; only after that is what was held up by a fault overdue. */
const HELD_UP_MS = 180_000

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
  readonly #unrest: Unrest
  readonly #senders = new Map<number, Sender>()
  #gaps: Gap[] = []
  /** By who tells and whom it is about: when a gap was last excused by an event. */
  readonly #told = new WeakMap<MeshNode, Map<PeerId, number>>()
  /** What of a node's counters has excused a loss already, by the name of the excuse. */
  readonly #spent = new WeakMap<MeshNode, Map<string, number>>()

  /** Nothing goes wrong in this run: then nothing has to be noted that would explain a loss. */
  #isPerfect: boolean

  constructor(context: CheckContext) {
    this.#context = context
    this.#unrest = new Unrest(context.sim)
    this.#isPerfect = context.isHealthy
  }

  faultBegan(fault: Fault): void {
    this.#unrest.faultBegan(fault)
  }

  faultEnded(fault: Fault, atMs: number): void {
    this.#unrest.faultEnded(fault, atMs)
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
    if (event.type === 'exit' || event.type === 'enter') this.#note(node, event.peer.id)
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
    if (this.#isPerfect) return
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

  started(member: Member): void {
    this.#isPerfect &&= hasPerfectWeather(member)
  }

  sampled(): void {
    const { now } = this.#context.sim
    for (const [key, sender] of this.#senders) {
      if (sender.stoppedMs === undefined || now - sender.stoppedMs < PATIENCE_MS) continue
      this.#senders.delete(key)
      this.#giveUpAll(sender)
    }
    if (this.#gaps.length > 0) this.#judge((gap) => gap.judgedMs <= now)
  }

  /** Everything that had its time to arrive has arrived. */
  settled(): void {
    const { sim } = this.#context
    for (const sender of this.#senders.values()) {
      if (sender.inFlight.isEmpty) continue
      for (const member of sim.members) {
        const { node } = member
        if (node === undefined) continue
        if (!this.#isCalm(sender, member)) continue
        this.#suspect(sender, node, sender.inFlight.overdue(member.index, sim.now - TRAVEL_MS))
      }
    }
    this.#judge(() => true)
  }

  stopped(): void {
    this.#judge(() => true)
  }

  #giveUpAll(sender: Sender): void {
    for (const member of this.#context.sim.members) {
      const { node, index } = member
      if (node === undefined || !this.#isCalm(sender, member)) continue
      this.#suspect(sender, node, sender.inFlight.giveUp(index))
    }
  }

  /** Whether nothing holds messages up on their way. */
  #isCalm(sender: Sender, receiver: Member): boolean {
    return this.#isPerfect || this.#unrest.isCalm(HELD_UP_MS, sender.member, receiver)
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

  #isExcused(gap: Gap): boolean {
    const { sender, receiver, message } = gap
    const { group } = message
    if (group !== undefined && !receiver.groups().includes(group)) return true
    if (!this.#isPerfect && this.#wasTold(gap)) return true
    // Counters come last: each loss that they counted excuses one gap.
    if (group !== undefined) {
      const { strayShouts } = receiver.metrics().mesh
      if (this.#spend(receiver, 'stray', strayShouts)) return true
    }
    if (this.#isPerfect) return false
    const peer = sender.node.metrics().peers.find(({ id }) => id === receiver.id)
    return this.#spend(sender.node, receiver.id, peer?.messagesLost ?? 0)
  }

  #wasTold({ sender, receiver, message }: Gap): boolean {
    const toldMs = Math.max(
      this.#told.get(sender.node)?.get(receiver.id) ?? -1,
      this.#told.get(receiver)?.get(sender.node.id) ?? -1,
    )
    return toldMs >= message.sentAtMs
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
}
