/**
 * What a node ought to see, beside what it sees: the one definition of a mesh that has converged, for the runner
 * that waits for it and the check that judges it.
 *
 *   near   runs, and shares a network: beacons reach, so it must be seen.
 *   far    runs behind a router: beacons do not cross, but who met before one of them moved may go on to see it.
 *   ghost  whatever else is seen.
 */
import type { PeerInfo } from '../../src/mesh/events.ts'
import type { Attachment } from '../network/topology.ts'
import type { Member, Population } from '../population.ts'

export interface Outlook {
  /** Near, and not seen. */
  readonly missing: readonly Member[]
  /** Seen, and neither near nor far. */
  readonly ghosts: readonly PeerInfo[]
  /** Near, seen, and not alive. Far ones are quiet now and then: no beacon of theirs comes. */
  readonly quiet: readonly PeerInfo[]
  /** Seen in other groups than those that they are in: their link to us is down, or has just come up. */
  readonly outdated: readonly PeerInfo[]
}

/** How `member`, whose node runs, sees the others that run. */
export function outlook(population: Population, member: Member): Outlook {
  const peers = member.node?.peers() ?? []
  const seen = new Set(peers.map(({ id }) => id))
  const missing = population.members.filter((other) => {
    if (other === member || other.node === undefined || seen.has(other.node.id)) return false
    return isNear(member, other)
  })
  const ghosts = peers.filter(({ id }) => {
    const other = population.memberOf(id)
    if (other?.node?.id !== id) return true
    return !isNear(member, other) && !isFar(population, member, other)
  })
  const quiet = peers.filter(({ id, presence }) => {
    if (presence === 'alive') return false
    const other = population.memberOf(id)
    return other !== undefined && isNear(member, other)
  })
  const outdated = peers.filter(({ id, groups }) => {
    const node = population.memberOf(id)?.node
    return node?.id === id && !isSame(groups, node.groups())
  })
  return { missing, ghosts, quiet, outdated }
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((each) => others.includes(each))
}

/** Whether they share a network. */
export function isNear(member: Member, other: Member): boolean {
  const theirs = other.host.attachments
  return member.host.attachments.some((mine) => theirs.some(({ subnet }) => subnet === mine.subnet))
}

function isFar({ network }: Population, member: Member, other: Member): boolean {
  return pairs(member, other).some(([from, to]) => network.path(from, to) !== undefined)
}

/** Their interfaces, each with each. */
function pairs(member: Member, other: Member): [Attachment, Attachment][] {
  return member.host.attachments.flatMap((from) =>
    other.host.attachments.map((to): [Attachment, Attachment] => [from, to]),
  )
}
