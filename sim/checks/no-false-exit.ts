/**
 * `no-false-exit`: a node that runs undisturbed is never reported as gone, and not as evasive or silent either.
 * What happened to the pair lately (see `unrest.ts`), bad weather, and the end of either node are excuses; that an
 * application does not read, or that the time of day jumps, is none.
 */
import type { PeerId } from '../../src/base/peer-id.ts'
import type { ExitReason } from '../../src/mesh/events.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { NodeEvent } from '../../src/runtime/node-events.ts'
import type { Fault } from '../faults.ts'
import { isNear } from '../journal/outlook.ts'
import type { Member } from '../population.ts'
import type { Check, CheckContext, Watcher } from './check.ts'
import { beaconsWithin, evasiveMsOf, expiredMsOf } from './silences.ts'
import { HARMLESS, Unrest } from './unrest.ts'

export const noFalseExit: Check = {
  name: 'no-false-exit',
  summary: 'a node that runs undisturbed is never reported as gone, silent or evasive',
  watch: (context) => new NoFalseExit(context),
}

/** Beyond the silence that ends in an exit: what a disturbance may still lead to. */
const AFTERMATH_MS = 10_000
/** A goodbye comes before the stop that it announces: `lingerMs` twice, at the most. */
const GOODBYE_AHEAD_MS = 5_000

/** A goodbye of a node that has not stopped yet. */
interface Goodbye {
  readonly subject: MeshNode
  readonly dueMs: number
  readonly text: string
}

class NoFalseExit implements Watcher {
  readonly #context: CheckContext
  readonly #unrest: Unrest
  /** When an identity was taken up again by another process. */
  readonly #resumedMs = new Map<PeerId, number>()
  readonly #known = new Set<PeerId>()
  readonly #leaving = new WeakSet<MeshNode>()
  #goodbyes: Goodbye[] = []
  #isOver = false

  constructor(context: CheckContext) {
    this.#context = context
    this.#unrest = new Unrest(context.sim, HARMLESS)
  }

  started(_member: Member, { id }: MeshNode): void {
    if (this.#known.has(id)) this.#resumedMs.set(id, this.#context.sim.now)
    this.#known.add(id)
  }

  faultBegan(fault: Fault): void {
    this.#unrest.faultBegan(fault)
    if (fault.kind !== 'leave') return
    for (const index of fault.members) {
      const node = this.#context.sim.members[index]?.node
      if (node !== undefined) this.#leaving.add(node)
    }
  }

  faultEnded(fault: Fault, atMs: number): void {
    this.#unrest.faultEnded(fault, atMs)
  }

  /** From here on all nodes stop. */
  settled(): void {
    this.#isOver = true
  }

  event(member: Member, node: MeshNode, event: NodeEvent): void {
    if (event.type !== 'exit' && event.type !== 'silent' && event.type !== 'evasive') return
    if (this.#isOver || this.#leaving.has(node)) return
    const subject = this.#context.sim.memberOf(event.peer.id)
    const running = subject?.node
    if (subject === undefined || running?.id !== event.peer.id || this.#leaving.has(running)) return
    if (this.#isExcused(member, subject, running.id)) return
    const who = `${subject.name}, which runs undisturbed`
    if (event.type === 'exit') {
      this.#handleExit(member, running, event.reason, who)
    } else if (beaconsWithin(evasiveMsOf(member), subject)) {
      this.#context.report(`${member.name} reported ${who}, as ${event.type}`)
    }
  }

  #isExcused(member: Member, subject: Member, id: PeerId): boolean {
    const { now } = this.#context.sim
    const graceMs = expiredMsOf(member) + AFTERMATH_MS
    const resumedMs = this.#resumedMs.get(id) ?? Number.NEGATIVE_INFINITY
    if (now - resumedMs < graceMs) return true
    return !isNear(member, subject) || !this.#unrest.isCalm(graceMs, member, subject)
  }

  #handleExit(member: Member, subject: MeshNode, reason: ExitReason, who: string): void {
    const text = `${member.name} reported ${who}, as gone (${reason})`
    // An application may stop its node by itself.
    const dueMs = this.#context.sim.now + GOODBYE_AHEAD_MS
    if (reason === 'goodbye') this.#goodbyes.push({ subject, dueMs, text })
    else this.#context.report(text)
  }

  sampled(): void {
    if (this.#goodbyes.length === 0) return
    const { sim, report } = this.#context
    const left = this.#goodbyes.filter(({ subject, dueMs, text }) => {
      if (sim.memberOf(subject.id)?.node !== subject) return false
      if (sim.now < dueMs) return true
      report(text)
      return false
    })
    this.#goodbyes = left
  }
}
