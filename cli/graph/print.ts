/** The graph on stdout, in any of its formats. */
import type { Output } from '../output.ts'
import { dotLines } from './dot.ts'
import { MERMAID_EDGES_MAX, mermaidLines } from './mermaid.ts'
import type { MeshGraph } from './model.ts'
import { graphRecord } from './record.ts'
import { fieldLines, textLines } from './text.ts'
import type { GraphFormat } from './values.ts'

export async function printGraph(
  out: Output,
  graph: MeshGraph,
  at: number,
  format: GraphFormat,
): Promise<void> {
  if (format === 'json') {
    await out.printRecord(graphRecord(graph, at))
    return
  }
  if (format === 'mermaid' && graph.pairs.length > MERMAID_EDGES_MAX) {
    out.note(`Mermaid draws ${MERMAID_EDGES_MAX} edges unless maxEdges says more: dot has no limit`)
  }
  for (const line of linesOf(out, graph, format)) await out.print(line)
}

function linesOf(out: Output, graph: MeshGraph, format: Exclude<GraphFormat, 'json'>): string[] {
  switch (format) {
    case 'dot':
      return dotLines(graph)
    case 'mermaid':
      return mermaidLines(graph)
    case 'matrix':
      return textLines(graph, out.paint, out.columns)
    case 'fields':
      return fieldLines(graph)
  }
}
