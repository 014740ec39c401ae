/** The graph as JSON: one `earshot.graph/1`. */
import { type JsonRecord, recordOf } from '../json.ts'
import type { MeshGraph } from './model.ts'

export function graphRecord({ nodes, pairs, view }: MeshGraph, at: number): JsonRecord {
  const edges = pairs.flatMap(({ kind, from, to }) => {
    const forth = { from: from.id, to: to.id, presence: view(from.id, to.id), kind }
    const back = { from: to.id, to: from.id, presence: view(to.id, from.id), kind }
    return kind === 'mutual' ? [forth, back] : [forth]
  })
  return recordOf('graph', {
    time: new Date(at).toISOString(),
    at: Math.round(at),
    nodes: nodes.map(({ id, name, hasAnswered, presence }) => {
      return { id, name, answered: hasAnswered, presence: presence ?? null }
    }),
    edges,
    asymmetric: pairs.filter(({ kind }) => kind === 'asymmetric').length,
  })
}
