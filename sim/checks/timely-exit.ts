/**
 * `timely-exit`: a node that has ended is reported as gone by everybody who saw it, within the documented time:
 *
 *     stopped politely   1 s                     its links say so
 *     killed             3 s and the dials       its links break, its mailbox refuses, its beacons stop
 *     host crashed       expiredMs               nothing but silence
 *
 * A pair that something else happened to meanwhile has `expiredMs` from then on, and a margin.
 */

import { DEFAULT_LIMITS } from '../../src/base/limits.ts'
import type { PeerId } from '../../src/base/peer-id.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { NodeEvent } from '../../src/runtime/node-events.ts'
import type { Fault } from '../faults.ts'
import type { Member } from '../population.ts'
import type { Check, CheckContext, Watcher } from './check.ts'
import { expiredMsOf } from './silences.ts'
import { hasPerfectWeather, Unrest } from './unrest.ts'

export const timelyExit: Check = {
  name: 'timely-exit',
  summary: 'a node that has ended is reported as gone by all who saw it, in time',
  watch: (context) => new TimelyExit(context),
}

const LEAVE_MS = 1_000
const KILL_MS = 3_000
/** Timers are never early, and the last sign of life may have been under way. */
const MARGIN_MS = 2_000
/** What happened to a pair before may go on to have effects. */
const AFTERMATH_MS = 10_000

type End = 'stopped' | 'was killed' | 'crashed'

/** A node that has ended, while somebody still sees it. */
interface Ghost {
  readonly subject: Member
  readonly name: string
  readonly end: End
  readonly endedMs: number
  /** Those who see it, and since when: those who met it after its end have their time from then. */
  readonly seenBy: Map<MeshNode, { readonly observer: Member; readonly sinceMs: number }>
}

class TimelyExit implements Watcher {
  readonly #context: CheckContext
  readonly #unrest: Unrest
  readonly #ghosts = new Map<PeerId, Ghost>()
  /** By member index: how its process ended last. */
  readonly #ends = new Map<number, End>()
  /** Processes that ended lately, in milliseconds: all of them are dialled again, within a budget. */
  #endedLately: number[] = []
  #isOver = false

  constructor(context: CheckContext) {
    this.#context = context
    this.#unrest = new Unrest(context.sim)
  }

  faultBegan(fault: Fault): void {
    this.#unrest.faultBegan(fault)
    if (fault.kind !== 'kill' && fault.kind !== 'crash' && fault.kind !== 'restart') return
    const end = fault.kind === 'crash' ? 'crashed' : 'was killed'
    for (const index of fault.members) this.#ends.set(index, end)
  }

  faultEnded(fault: Fault, atMs: number): void {
    this.#unrest.faultEnded(fault, atMs)
  }

  /** An identity that runs again is no ghost. */
  started(_member: Member, { id }: MeshNode): void {
    this.#ghosts.delete(id)
  }

  ended(member: Member, node: MeshNode): void {
    this.#bury(member, node, this.#ends.get(member.index) ?? 'was killed')
  }

  settled(): void {
    this.#isOver = true
  }

  event(member: Member, node: MeshNode, event: NodeEvent): void {
    if (event.type === 'stop') this.#bury(member, node, 'stopped')
    if (event.type !== 'exit' && event.type !== 'enter') return
    const { seenBy } = this.#ghosts.get(event.peer.id) ?? {}
    if (event.type === 'exit') seenBy?.delete(node)
    else seenBy?.set(node, { observer: member, sinceMs: this.#context.sim.now })
  }

  #bury(subject: Member, { id, name }: MeshNode, end: End): void {
    if (this.#isOver) return
    const { sim } = this.#context
    this.#endedLately.push(sim.now)
    const ghost: Ghost = { subject, name, end, endedMs: sim.now, seenBy: new Map() }
    for (const observer of sim.members) {
      const { node } = observer
      if (node?.peer(id) === undefined) continue
      ghost.seenBy.set(node, { observer, sinceMs: sim.now })
    }
    this.#ghosts.set(id, ghost)
  }

  sampled(): void {
    const { now } = this.#context.sim
    this.#endedLately = this.#endedLately.filter((endedMs) => now - endedMs < AFTERMATH_MS)
    for (const ghost of this.#ghosts.values()) {
      // A Map may lose entries while it is walked.
      for (const [node, { observer, sinceMs }] of ghost.seenBy) {
        if (observer.node !== node) ghost.seenBy.delete(node)
        else if (now > this.#dueMs(ghost, observer, sinceMs)) {
          ghost.seenBy.delete(node)
          this.#tell(ghost, observer, now)
        }
      }
    }
  }

  #tell({ name, end, endedMs }: Ghost, observer: Member, now: number): void {
    const seconds = ((now - endedMs) / 1_000).toFixed(1)
    this.#context.report(`${observer.name} still sees ${name}, which ${end} ${seconds} s ago`)
  }

  /** When the observer must have reported the ghost. */
  #dueMs({ subject, end, endedMs }: Ghost, observer: Member, sinceMs: number): number {
    const expiredMs = expiredMsOf(observer)
    const unrestMs = this.#unrest.lastAt(observer)
    const isDisturbed =
      Math.max(unrestMs, this.#unrest.lastAt(subject)) > endedMs - expiredMs - AFTERMATH_MS
    const isPerfect = hasPerfectWeather(observer) && hasPerfectWeather(subject)
    if (isDisturbed || !isPerfect || sinceMs > endedMs) {
      return Math.max(unrestMs, sinceMs) + expiredMs + AFTERMATH_MS
    }
    if (end === 'crashed') return endedMs + expiredMs + MARGIN_MS
    const { dialsPerSecond = DEFAULT_LIMITS.dialsPerSecond } = observer.options.limits ?? {}
    const dialsMs = (1_000 * this.#endedLately.length) / Math.max(1, dialsPerSecond)
    return endedMs + (end === 'was killed' ? KILL_MS + 2 * dialsMs : LEAVE_MS)
  }
}
