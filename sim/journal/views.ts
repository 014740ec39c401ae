/**
 * Who sees whom, and how: the matrix of views as it is now, and the log of its changes. A view is what one
 * member's node holds of another member's present node: a node that was restarted is seen by nobody at first.
 */
import type { PeerId } from '../../src/base/peer-id.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { NodeEvent } from '../../src/runtime/node-events.ts'
import type { Subnet } from '../network/topology.ts'
import type { Member, Population } from '../population.ts'
import { Column } from './columns.ts'
import { Ghosts } from './ghosts.ts'

/** The states of a view, as they stand in the matrix and in the log. */
export const VIEW = { none: 0, alive: 1, evasive: 2, silent: 3 } as const
export type ViewState = (typeof VIEW)[keyof typeof VIEW]

/** Shares of all views whose time of completion is noted, in per cent. */
export const MILESTONES = [50, 90, 99, 100] as const

export class Views {
  readonly #population: Population
  readonly #size: number
  readonly #keepsLog: boolean
  /** Row: who sees; column: who is seen. */
  readonly #matrix: Uint8Array
  readonly #currentIds = new Map<PeerId, number>()
  readonly #milestones = new Map<number, number>()
  #known = 0
  #all = { members: 0, views: 0 }
  // The log, one row per change.
  readonly atMs: Column = new Column()
  readonly observers: Column = new Column()
  readonly subjects: Column = new Column()
  readonly states: Column = new Column()
  /** What is held of nodes that are gone already. Kept with the log. */
  readonly ghosts: Ghosts | undefined

  /** `size` members at the most. */
  constructor(population: Population, size: number, keepsLog: boolean) {
    this.#population = population
    this.#size = size
    this.#keepsLog = keepsLog
    this.#matrix = new Uint8Array(size * size)
    this.ghosts = keepsLog ? new Ghosts(population, size) : undefined
  }

  /** Views that there are now. */
  get known(): number {
    return this.#known
  }

  /** Views that there are when every running node sees every other that shares a network with it. */
  get complete(): number {
    return expectedViews(this.#population.members.filter(({ node }) => node !== undefined))
  }

  state(observer: number, subject: number): ViewState {
    return this.#matrix[observer * this.#size + subject] as ViewState
  }

  /** When a share of all views of all members was complete for the first time, or `undefined`. */
  milestone(percent: number): number | undefined {
    return this.#milestones.get(percent)
  }

  started(member: Member, node: MeshNode): void {
    this.#currentIds.set(node.id, member.index)
  }

  /** The member's node is gone: it sees nobody, and nobody sees its present identity. */
  ended(member: Member, node: MeshNode): void {
    this.#currentIds.delete(node.id)
    this.ghosts?.ended(member.index, (observer) => this.state(observer, member.index))
    for (let other = 0; other < this.#size; other++) {
      this.#set(member.index, other, VIEW.none)
      this.#set(other, member.index, VIEW.none)
    }
  }

  event(member: Member, event: NodeEvent): void {
    switch (event.type) {
      case 'enter':
      case 'alive':
      case 'asleep':
        this.#see(member, event.peer.id, VIEW.alive)
        break
      case 'evasive':
        this.#see(member, event.peer.id, VIEW.evasive)
        break
      case 'silent':
        this.#see(member, event.peer.id, VIEW.silent)
        break
      case 'exit':
        this.#see(member, event.peer.id, VIEW.none)
        break
      default:
    }
  }

  #see(observer: Member, id: PeerId, state: ViewState): void {
    const subject = this.#currentIds.get(id)
    if (subject === undefined) {
      this.ghosts?.see(observer.index, this.#population.memberOf(id)?.index, state)
      return
    }
    this.ghosts?.forget(observer.index, subject)
    this.#set(observer.index, subject, state)
  }

  #set(observer: number, subject: number, state: ViewState): void {
    const at = observer * this.#size + subject
    const before = this.#matrix[at]!
    if (before === state) return
    this.#matrix[at] = state
    if (before === VIEW.none) this.#known++
    if (state === VIEW.none) this.#known--
    if (before === VIEW.none) this.#noteMilestones()
    if (!this.#keepsLog) return
    this.atMs.push(this.#population.now)
    this.observers.push(observer)
    this.subjects.push(subject)
    this.states.push(state)
  }

  /** Views of a full house: all members run. They only ever become more. */
  #allViews(): number {
    const { members } = this.#population
    if (this.#all.members !== members.length) {
      this.#all = { members: members.length, views: expectedViews(members) }
    }
    return this.#all.views
  }

  #noteMilestones(): void {
    const all = this.#allViews()
    for (const percent of MILESTONES) {
      if (this.#known * 100 < percent * all) return
      if (!this.#milestones.has(percent)) this.#milestones.set(percent, this.#population.now)
    }
  }
}

/** Pairs, in both directions, of hosts that share a network: those who discover each other by beacon. */
function expectedViews(members: readonly Member[]): number {
  const bySubnet = new Map<Subnet, Member[]>()
  let multihomed = false
  for (const member of members) {
    const { attachments } = member.host
    multihomed ||= attachments.length > 1
    for (const { subnet } of attachments) {
      const known = bySubnet.get(subnet)
      if (known === undefined) bySubnet.set(subnet, [member])
      else known.push(member)
    }
  }
  const groups = [...bySubnet.values()]
  if (!multihomed) return groups.reduce((sum, { length }) => sum + length * (length - 1), 0)
  let views = 0
  for (const member of members) {
    const seen = new Set(groups.filter((each) => each.includes(member)).flat())
    views += seen.size - 1
  }
  return views
}
