/** The graph in the language of Graphviz: `earshot graph --format dot | dot -Tsvg > mesh.svg`. */
import type { Presence } from '../../src/index.ts'
import { escapeText } from '../render/escape.ts'
import { shortId, shownName } from '../render/event-lines.ts'
import { truncate } from '../render/width.ts'
import type { GraphNode, MeshGraph, Pair } from './model.ts'

const NAME_WIDTH_MAX = 40

const PRESENCE_COLOURS: Readonly<Record<Presence, string>> = {
  alive: 'gray40',
  evasive: 'orange',
  silent: 'red3',
}

type Attributes = Readonly<Record<string, string>>

export function dotLines({ nodes, pairs }: MeshGraph): string[] {
  return [
    'digraph earshot {',
    '  // A box answered; an ellipse is there and did not. A red, dashed arrow: the other one does not see it.',
    `  graph ${attributesOf({ layout: 'circo', mindist: '1.5' })}`,
    `  node ${attributesOf({ shape: 'box', style: 'rounded', fontname: 'sans-serif' })}`,
    `  edge ${attributesOf({ fontname: 'sans-serif', fontsize: '10' })}`,
    ...nodes.map((node) => `  ${quoted(node.id)} ${attributesOf(ofNode(node))}`),
    ...pairs.map((pair) => {
      const arrow = `${quoted(pair.from.id)} -> ${quoted(pair.to.id)}`
      return `  ${arrow} ${attributesOf(ofPair(pair))}`
    }),
    '}',
  ]
}

function ofNode(node: GraphNode): Attributes {
  const { id, hasAnswered, presence = 'alive' } = node
  const lines = [truncate(shownName(node), NAME_WIDTH_MAX), shortId(id)]
  const shape: Attributes = hasAnswered ? {} : { shape: 'ellipse', style: 'dashed' }
  if (presence !== 'alive') lines.push(presence)
  return {
    label: lines.join('\n'),
    ...shape,
    ...(presence !== 'alive' && { color: PRESENCE_COLOURS[presence] }),
  }
}

function ofPair({ kind, to, presence }: Pair): Attributes {
  const colour = PRESENCE_COLOURS[presence]
  const label: Attributes = presence === 'alive' ? {} : { label: presence }
  switch (kind) {
    case 'mutual':
      return { dir: 'none', color: colour, ...label }
    case 'unanswered':
      return { style: 'dotted', color: colour, ...label }
    case 'asymmetric': {
      const words = `not seen by ${truncate(shownName(to), NAME_WIDTH_MAX)}`
      const text = presence === 'alive' ? words : `${words}, ${presence}`
      return { style: 'dashed', color: 'red', fontcolor: 'red', label: text }
    }
  }
}

function attributesOf(attributes: Attributes): string {
  const parts = Object.entries(attributes).map(([name, value]) => `${name}=${quoted(value)}`)
  return `[${parts.join(', ')}]`
}

/**
 * A quoted string: line breaks are ours, everything else is escaped. Graphviz reads `\N` and the like as its own, and
 * `&amp;` as HTML does.
 */
function quoted(text: string): string {
  const lines = text.split('\n').map((line) => {
    return escapeText(line).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('&', '&amp;')
  })
  return `"${lines.join('\\n')}"`
}
