/** `order`: a receiver gets the messages of one sender in the order in which they were sent. */
import type { MeshNode } from '../../src/runtime/node.ts'
import type { Member } from '../population.ts'
import type { ReceivedMessage } from '../scenario/ledger.ts'
import type { Check, Report, Watcher } from './check.ts'
import { PairNumbers } from './senders.ts'

export const order: Check = {
  name: 'order',
  summary: 'whispers and shouts of one sender arrive in the order in which they were sent',
  watch: ({ report }) => new Order(report),
}

class Order implements Watcher {
  readonly #report: Report
  /** The number of the last message. */
  readonly #last = new PairNumbers()

  constructor(report: Report) {
    this.#report = report
  }

  received(member: Member, node: MeshNode, message: ReceivedMessage): void {
    const { number } = message
    const before = this.#last.get(node, message)
    if (number > before) this.#last.set(node, message, number)
    // Equal: the same message twice, which is for `no-invention` to tell.
    if (number >= before) return
    const sender = `member ${message.sender} (start ${message.start})`
    this.#report(`${member.name} got message ${number} of ${sender} after its message ${before}`)
  }
}
