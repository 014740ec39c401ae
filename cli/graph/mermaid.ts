/** The graph for Mermaid, as Markdown pages show it: paste it into a block of the language `mermaid`. */
import { escapeText } from '../render/escape.ts'
import { shortId, shownName } from '../render/event-lines.ts'
import { truncate } from '../render/width.ts'
import type { GraphNode, MeshGraph, Pair } from './model.ts'

const NAME_WIDTH_MAX = 40
/** Mermaid draws no more unless its page is told to. */
export const MERMAID_EDGES_MAX = 500

const STYLES = {
  asymmetric: 'stroke:red,stroke-dasharray:6 4,color:red',
  evasive: 'stroke:orange',
  silent: 'stroke:firebrick',
} as const

export function mermaidLines({ nodes, pairs }: MeshGraph): string[] {
  const names = new Map(nodes.map(({ id }, i) => [id, `n${i}`]))
  const edges = pairs.map(({ kind, from, to, presence }) => {
    const label = labelOf({ kind, from, to, presence })
    return `  ${names.get(from.id)} ${arrowOf(kind, label)} ${names.get(to.id)}`
  })
  return [
    'flowchart LR',
    '  classDef evasive stroke:orange',
    '  classDef silent stroke:firebrick',
    '  classDef unanswered stroke-dasharray:4 3',
    ...nodes.map((node, i) => `  n${i}${nodeText(node)}`),
    ...edges,
    ...styleLines(pairs),
  ]
}

function nodeText(node: GraphNode): string {
  const { id, hasAnswered, presence = 'alive' } = node
  const isOdd = presence !== 'alive'
  const lines = [
    truncate(shownName(node), NAME_WIDTH_MAX),
    shortId(id),
    ...(isOdd ? [presence] : []),
  ]
  const text = lines.map(escaped).join('<br>')
  const shape = hasAnswered ? `["${text}"]` : `(["${text}"])`
  const className = isOdd ? presence : hasAnswered ? '' : 'unanswered'
  return className === '' ? shape : `${shape}:::${className}`
}

function labelOf({ kind, to, presence }: Pair): string {
  const words =
    kind === 'asymmetric' ? [`not seen by ${truncate(shownName(to), NAME_WIDTH_MAX)}`] : []
  return [...words, ...(presence === 'alive' ? [] : [presence])].map(escaped).join(', ')
}

function arrowOf(kind: Pair['kind'], label: string): string {
  const text = label === '' ? '' : `|"${label}"|`
  switch (kind) {
    case 'mutual':
      return `---${text}`
    case 'unanswered':
    case 'asymmetric':
      return `-.->${text}`
  }
}

/** Edges are styled by their number. */
function styleLines(pairs: readonly Pair[]): string[] {
  return Object.entries(STYLES).flatMap(([name, style]) => {
    const fitting = pairs.flatMap(({ kind, presence }, i) => {
      const styled = kind === 'asymmetric' ? kind : presence
      return styled === name ? [i] : []
    })
    return fitting.length === 0 ? [] : [`  linkStyle ${fitting.join(',')} ${style}`]
  })
}

/** Letters and digits stand for themselves; everything else could mean something to Mermaid or to the page. */
function escaped(text: string): string {
  return escapeText(text).replace(/[^\p{L}\p{M}\p{N} .,_-]/gu, (character) => {
    return `#${character.codePointAt(0)};`
  })
}
