/**
 * `no-invention`: what arrives was sent, by whom it came from, to the receiver, with these very contents, and
 * arrives once. Contents are held to the sum that they carry, so nothing that was sent has to be kept. What carries
 * none must have been said by somebody.
 */
import type { PeerId } from '../../src/base/peer-id.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { NodeEvent } from '../../src/runtime/node-events.ts'
import type { Member } from '../population.ts'
import { isTracked, type ReceivedMessage, type TrackedMessage } from '../scenario/ledger.ts'
import type { Check, CheckContext, Watcher } from './check.ts'
import { PairNumbers, senderKey } from './senders.ts'
import { Untracked } from './untracked.ts'

export const noInvention: Check = {
  name: 'no-invention',
  summary:
    'what arrives was sent by its sender to its receiver with these contents, and comes once',
  watch: (context) => new NoInvention(context),
}

/** So many of the last messages of a sender are recognised when they come again. */
const RECENT = 32

class NoInvention implements Watcher {
  readonly #context: CheckContext
  /** By sender: its identity, and the number of the message that it sent last. */
  readonly #senders = new Map<number, { readonly id: PeerId; sent: number }>()
  /** The highest number that arrived; and as bits, which of those just below it did. */
  readonly #top = new PairNumbers()
  readonly #recent = new PairNumbers()
  readonly #untracked = new Untracked()

  constructor(context: CheckContext) {
    this.#context = context
  }

  started(_member: Member, node: MeshNode): void {
    this.#untracked.watch(node)
  }

  event(member: Member, _node: MeshNode, event: NodeEvent): void {
    if (event.type !== 'whisper' && event.type !== 'shout') return
    const bytes = event.message.bytes()
    if (isTracked(bytes) || this.#untracked.has(bytes)) return
    const what = `a ${event.type} of ${bytes.length} bytes from ${event.peer.name}`
    this.#context.report(`${member.name} got ${what}, which nobody sent`)
  }

  sent(message: TrackedMessage): void {
    const key = senderKey(message)
    const known = this.#senders.get(key)
    const id = this.#context.sim.members[message.sender]?.node?.id
    if (known !== undefined) known.sent = Math.max(known.sent, message.number)
    else if (id !== undefined) this.#senders.set(key, { id, sent: message.number })
  }

  received(member: Member, node: MeshNode, message: ReceivedMessage, from: PeerId): void {
    const problem = this.#problem(member, node, message, from)
    if (problem === undefined) return
    const { sender, start, number } = message
    const name = this.#context.sim.members[sender]?.name ?? `member ${sender}`
    const { report } = this.#context
    report(`${member.name} got message ${number} of ${name} (start ${start}): ${problem}`)
  }

  #problem(
    member: Member,
    node: MeshNode,
    message: ReceivedMessage,
    from: PeerId,
  ): string | undefined {
    if (!message.intact) return 'its contents or its group are not those that were sent'
    const sender = this.#senders.get(senderKey(message))
    // Told of before it is known to be sent: the network is never that quick.
    if (sender === undefined || message.number > sender.sent) return 'it was never sent'
    if (sender.id !== from) return `it came as from ${from}`
    if (message.to !== undefined && message.to !== member.index) return 'it is for somebody else'
    if (message.group !== undefined && !node.groups().includes(message.group)) {
      return `it is for the group ${message.group}, which this node is not in`
    }
    return this.#isRepeated(node, message) ? 'it came before' : undefined
  }

  #isRepeated(node: MeshNode, message: ReceivedMessage): boolean {
    const top = this.#top.get(node, message)
    const ahead = message.number - top
    if (ahead > 0) {
      const bits = ahead < RECENT ? this.#recent.get(node, message) << ahead : 0
      this.#recent.set(node, message, bits | 1)
      this.#top.set(node, message, message.number)
      return false
    }
    if (-ahead >= RECENT) return false // long out of order, as `order` tells
    const bits = this.#recent.get(node, message)
    const bit = 1 << -ahead
    this.#recent.set(node, message, bits | bit)
    return (bits & bit) !== 0
  }
}
