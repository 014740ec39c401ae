/**
 * `event-order`: each node's events about each peer follow the catalogue of `runtime/node.ts`:
 *
 *     enter ─▶ join (once per initial group) ─▶ join, leave, whisper, shout ─▶ exit
 *                                               evasive ─▶ silent ─▶ alive
 */

import { assertNever } from '../../src/base/assert.ts'
import type { PeerId } from '../../src/base/peer-id.ts'
import type { PeerInfo } from '../../src/mesh/events.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { NodeEvent, StopEvent } from '../../src/runtime/node-events.ts'
import type { Member } from '../population.ts'
import type { Check, Report, Watcher } from './check.ts'

export const eventOrder: Check = {
  name: 'event-order',
  summary: 'events about a peer begin with enter, end with exit, and follow each other legally',
  watch: ({ report }) => new EventOrder(report),
}

type PeerEvent = Exclude<NodeEvent, StopEvent | { readonly type: 'warning' }>

const GONE = 0
const ALIVE = 1
const EVASIVE = 2
const SILENT = 3
const ASLEEP = 4
const STATES = ['gone', 'alive', 'evasive', 'silent', 'asleep'] as const

/** Groups with a smaller number are bits of one integer per pair; a large mesh has a million pairs. */
const BIT_GROUPS = 31

/** What one node has said, by number of identity. */
class Views {
  presence = new Uint8Array(16)
  groups = new Int32Array(16)
  /** Of the groups that have no bit, as `identity × GROUPS_MAX + group`. */
  readonly moreGroups = new Set<number>()
  /** Joins that must come next: of the peer that has just entered. */
  owed: { readonly id: PeerId; readonly groups: readonly string[]; next: number } | undefined

  reserve(identity: number): void {
    if (identity < this.presence.length) return
    const length = Math.max(identity + 1, 2 * this.presence.length)
    const [presence, groups] = [new Uint8Array(length), new Int32Array(length)]
    presence.set(this.presence)
    groups.set(this.groups)
    this.presence = presence
    this.groups = groups
  }
}

const GROUPS_MAX = 2 ** 20

class EventOrder implements Watcher {
  readonly #report: Report
  readonly #identities = new Map<PeerId, number>()
  readonly #groupNumbers = new Map<string, number>()
  readonly #views = new Map<MeshNode, Views>()
  readonly #stopped = new WeakSet<MeshNode>()

  constructor(report: Report) {
    this.#report = report
  }

  started(_member: Member, node: MeshNode): void {
    this.#views.set(node, new Views())
  }

  ended(_member: Member, node: MeshNode): void {
    this.#views.delete(node)
  }

  event(member: Member, node: MeshNode, event: NodeEvent): void {
    if (this.#stopped.has(node)) this.#report(`${member.name}: ${event.type} came after its stop`)
    if (event.type === 'warning') return
    if (event.type === 'stop') {
      this.#stopped.add(node)
      this.#views.delete(node)
      return
    }
    const views = this.#views.get(node)
    if (views === undefined) return
    const problem = this.#owedProblem(views, event) ?? this.#problem(views, event)
    if (problem === undefined) return
    this.#report(`${member.name}: ${nameOf(event.peer)}: ${problem}`)
  }

  /** `join` follows `enter` at once, for each of its groups and in their order. */
  #owedProblem(views: Views, event: PeerEvent): string | undefined {
    const { owed } = views
    if (owed === undefined) return undefined
    const group = owed.groups[owed.next++]
    if (owed.next === owed.groups.length) views.owed = undefined
    if (event.type === 'join' && event.peer.id === owed.id && event.group === group) {
      return undefined
    }
    views.owed = undefined
    return `${event.type} came where the enter of ${owed.id} owed join ${group}`
  }

  #problem(views: Views, event: PeerEvent): string | undefined {
    const { peer, type } = event
    const identity = numberOf(this.#identities, peer.id)
    views.reserve(identity)
    const presence = views.presence[identity]!
    if (type !== 'enter' && presence === GONE) return `${type} came of a peer that is not present`
    switch (type) {
      case 'enter':
        return this.#enter(views, identity, peer)
      case 'exit':
        this.#clear(views, identity)
        return undefined
      case 'join':
      case 'leave':
        return this.#move(views, identity, peer, type, event.group)
      case 'evasive':
      case 'silent':
      case 'alive':
        return this.#turn(views, identity, peer, type)
      case 'asleep':
        return this.#sleep(views, identity)
      case 'whisper':
      case 'shout':
      case 'blocked':
      case 'unblocked':
      case 'drop':
        return undefined
      default:
        return assertNever(event)
    }
  }

  #enter(views: Views, identity: number, peer: PeerInfo): string | undefined {
    const before = views.presence[identity]!
    this.#clear(views, identity)
    views.presence[identity] = ALIVE
    if (peer.groups.length > 0) views.owed = { id: peer.id, groups: peer.groups, next: 0 }
    if (before !== GONE) return 'enter came twice without exit'
    return peer.presence === 'alive' ? undefined : `it entered ${peer.presence}`
  }

  #clear(views: Views, identity: number): void {
    views.presence[identity] = GONE
    views.groups[identity] = 0
    if (views.moreGroups.size === 0) return
    for (const number of this.#groupNumbers.values()) {
      views.moreGroups.delete(identity * GROUPS_MAX + number)
    }
  }

  #move(
    views: Views,
    identity: number,
    peer: PeerInfo,
    type: 'join' | 'leave',
    group: string,
  ): string | undefined {
    const number = numberOf(this.#groupNumbers, group)
    const isIn = type === 'join'
    if (peer.groups.includes(group) !== isIn) return `${type} ${group} contradicts its description`
    if (number < BIT_GROUPS) {
      const bit = 1 << number
      if (((views.groups[identity]! & bit) !== 0) === isIn) return twice(type, group)
      views.groups[identity]! ^= bit
      return undefined
    }
    const key = identity * GROUPS_MAX + number
    if (views.moreGroups.has(key) === isIn) return twice(type, group)
    if (isIn) views.moreGroups.add(key)
    else views.moreGroups.delete(key)
    return undefined
  }

  #sleep(views: Views, identity: number): string | undefined {
    const isTwice = views.presence[identity] === ASLEEP
    views.presence[identity] = ASLEEP
    return isTwice ? 'asleep came twice' : undefined
  }

  #turn(
    views: Views,
    identity: number,
    peer: PeerInfo,
    type: 'evasive' | 'silent' | 'alive',
  ): string | undefined {
    const before = views.presence[identity]!
    const after = type === 'alive' ? ALIVE : type === 'evasive' ? EVASIVE : SILENT
    views.presence[identity] = after
    // A long silence noticed late may be silent at once.
    const isLegal = after === ALIVE ? before !== ALIVE : before === ASLEEP || before < after
    if (!isLegal) return `${type} came while it was ${STATES[before]}`
    return peer.presence === type ? undefined : `${type} came with presence ${peer.presence}`
  }
}

function twice(type: 'join' | 'leave', group: string): string {
  return type === 'join'
    ? `join ${group} came while it was in it`
    : `leave ${group} came while it was not in it`
}

function numberOf<Key>(numbers: Map<Key, number>, key: Key): number {
  let number = numbers.get(key)
  if (number === undefined) {
    number = numbers.size
    numbers.set(key, number)
  }
  return number
}

function nameOf({ name, id }: PeerInfo): string {
  return name || id
}
