/**
 * Who sees whom: the nodes of a mesh, and what each pair of them says about each other.
 *
 * Presence is a matter of two: in a healthy mesh all pairs see each other. That one sees a peer that does not see it is called
 * asymmetric, and only where both have answered. Of a node that has not, nothing is known but how others see it.
 */
import type { PeerId, Presence } from '../../src/index.ts'
import { compareNames, worse } from '../monitor/rows.ts'
import type { NodeSnapshot } from '../monitor/snapshot.ts'

export interface GraphNode {
  readonly id: PeerId
  readonly name: string
  /** It has said whom it sees. */
  readonly hasAnswered: boolean
  /** The worst that others think of it; `undefined` when nobody sees it. */
  readonly presence: Presence | undefined
}

/** Of two nodes, at least one of which sees the other. `from` sees `to`, whatever the kind. */
export interface Pair {
  readonly kind: 'mutual' | 'asymmetric' | 'unanswered'
  readonly from: GraphNode
  readonly to: GraphNode
  /** The worse of what the two think of each other. */
  readonly presence: Presence
}

export interface MeshGraph {
  readonly nodes: readonly GraphNode[]
  readonly pairs: readonly Pair[]
  /** How `from` sees `to`; `undefined`: it does not, or has not answered. */
  view(from: PeerId, to: PeerId): Presence | undefined
}

/** More do not make a picture; asked for are all that are there. */
const NODES_MAX = 2_000

/** Whoever is there, for those who have not answered, and are seen by nobody. */
export interface Known {
  readonly id: PeerId
  readonly name: string
}

/** `observer` is left out: it is there for the question only. */
export function graphOf(
  snapshots: readonly NodeSnapshot[],
  known: readonly Known[],
  observer: PeerId | undefined,
): MeshGraph {
  const answers = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]))
  const view = (from: PeerId, to: PeerId): Presence | undefined => {
    return answers.get(from)?.peers.get(to)?.presence
  }
  const nodes = nodesOf(answers, known, observer)
  const pairs: Pair[] = []
  for (const [i, a] of nodes.entries()) {
    for (const b of nodes.slice(i + 1)) {
      const pair = pairOf(a, b, answers)
      if (pair !== undefined) pairs.push(pair)
    }
  }
  return { nodes, pairs, view }
}

type Answers = ReadonlyMap<PeerId, NodeSnapshot>

function nodesOf(
  answers: Answers,
  known: readonly Known[],
  observer: PeerId | undefined,
): GraphNode[] {
  const names = new Map<PeerId, string>()
  const presences = new Map<PeerId, Presence>()
  const note = ({ id, name }: Known): void => {
    if (id === observer || (!names.has(id) && names.size >= NODES_MAX)) return
    names.set(id, names.get(id) || name)
  }
  // What a node says of its own name counts most, and those whom one node has made up leave no other out.
  for (const each of answers.values()) note(each)
  for (const each of known) note(each)
  for (const { peers } of answers.values()) {
    for (const peer of peers.values()) {
      note(peer)
      presences.set(peer.id, worse(presences.get(peer.id), peer.presence)!)
    }
  }
  const nodes = [...names].map(([id, name]) => {
    return { id, name, hasAnswered: answers.has(id), presence: presences.get(id) }
  })
  return nodes.sort(compareNames)
}

function pairOf(a: GraphNode, b: GraphNode, answers: Answers): Pair | undefined {
  const ofA = answers.get(a.id)
  const ofB = answers.get(b.id)
  const forth = ofA?.peers.get(b.id)?.presence
  const back = ofB?.peers.get(a.id)?.presence
  const presence = worse(forth, back)
  if (presence === undefined) return undefined
  const [from, to] = forth === undefined ? [b, a] : [a, b]
  if (forth !== undefined && back !== undefined) return { kind: 'mutual', from, to, presence }
  const other = forth === undefined ? ofA : ofB
  // Of a list that was cut, nobody knows who is not on it.
  const kind = other === undefined || other.isCut ? 'unanswered' : 'asymmetric'
  return { kind, from, to, presence }
}

export function asymmetricPairs({ pairs }: MeshGraph): readonly Pair[] {
  return pairs.filter(({ kind }) => kind === 'asymmetric')
}
