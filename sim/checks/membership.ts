/**
 * `membership`: once the mesh has settled, every node knows exactly the groups that its peers are in. What is true is
 * what their applications asked for, noted at the door of each node: what a node says of itself may be as wrong.
 */
import type { PeerId } from '../../src/base/peer-id.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { Member } from '../population.ts'
import type { Check, CheckContext, Watcher } from './check.ts'

export const membership: Check = {
  name: 'membership',
  summary: 'once the faults are over, every node knows exactly which groups its peers are in',
  watch: (context) => new Membership(context),
}

class Membership implements Watcher {
  readonly #context: CheckContext
  readonly #joined = new WeakMap<MeshNode, Set<string>>()

  constructor(context: CheckContext) {
    this.#context = context
  }

  started({ options }: Member, node: MeshNode): void {
    const joined = new Set(options.groups)
    this.#joined.set(node, joined)
    const [join, leave] = [node.join.bind(node), node.leave.bind(node)]
    node.join = (group) => {
      const changed = join(group)
      joined.add(group)
      return changed
    }
    node.leave = (group) => {
      const changed = leave(group)
      joined.delete(group)
      return changed
    }
  }

  settled(): void {
    const { sim, report } = this.#context
    // What is true, asked once: each node is seen by all others.
    const truth = new Map<PeerId, string>()
    for (const { node, name } of sim.members) {
      if (node === undefined) continue
      const joined = textOf([...(this.#joined.get(node) ?? [])])
      const said = textOf(node.groups())
      if (said !== joined) report(`${name} says that it is in ${said}; it was put in ${joined}`)
      truth.set(node.id, joined)
    }
    for (const member of sim.members) {
      if (member.node !== undefined) this.#compareTo(truth, member, member.node)
    }
  }

  #compareTo(truth: ReadonlyMap<PeerId, string>, member: Member, node: MeshNode): void {
    const members = new Map<string, Set<PeerId>>()
    for (const peer of node.peers()) {
      const known = truth.get(peer.id)
      if (known === undefined) continue // convergence says so
      const seen = textOf(peer.groups)
      if (seen !== known) {
        this.#context.report(`${member.name} sees ${peer.name} in ${seen}; it is in ${known}`)
      }
      for (const group of peer.groups) {
        const ids = members.get(group)
        if (ids === undefined) members.set(group, new Set([peer.id]))
        else ids.add(peer.id)
      }
    }
    this.#compare(member, node, members)
  }

  /** What the node says by group must be what it says by peer. */
  #compare(
    { name }: Member,
    node: MeshNode,
    members: ReadonlyMap<string, ReadonlySet<PeerId>>,
  ): void {
    const groups = textOf(node.peerGroups())
    const expected = textOf([...members.keys()])
    if (groups !== expected) {
      this.#context.report(`${name} lists the groups ${groups}; its peers are in ${expected}`)
    }
    for (const [group, ids] of members) {
      const listed = node.members(group)
      if (listed.length === ids.size && listed.every(({ id }) => ids.has(id))) continue
      const text = `lists ${listed.length} members of ${group}; ${ids.size} of its peers are in it`
      this.#context.report(`${name} ${text}`)
    }
  }
}

function textOf(groups: readonly string[]): string {
  if (groups.length === 0) return 'no group'
  return groups.length === 1 ? groups[0]! : [...groups].sort().join(', ')
}
