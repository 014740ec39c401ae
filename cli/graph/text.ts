/** The graph for people: a matrix where it fits, otherwise a line for each node; then what is out of the ordinary. */
import type { Presence } from '../../src/index.ts'
import { counted } from '../render/amounts.ts'
import { shortId, shownName } from '../render/event-lines.ts'
import type { Paint, Style } from '../render/style.ts'
import { nameStyle } from '../render/style.ts'
import { tabbed } from '../render/table.ts'
import { padEnd, padStart, textWidth, truncate } from '../render/width.ts'
import { asymmetricPairs, type GraphNode, type MeshGraph, type Pair } from './model.ts'

const MATRIX_NODES_MAX = 30
const NAME_WIDTH_MAX = 20
const NAMED_MAX = 5

interface Mark {
  readonly text: string
  readonly style: Style
}

const MARKS: Readonly<Record<Presence, Mark>> = {
  alive: { text: 'o', style: 'green' },
  evasive: { text: 'e', style: 'yellow' },
  silent: { text: 's', style: 'red' },
}
const NOT_SEEN: Mark = { text: '-', style: 'dim' }
const ONE_SIDED: Mark = { text: 'X', style: 'red' }
const UNKNOWN: Mark = { text: '?', style: 'dim' }
const ITSELF: Mark = { text: ' ', style: 'dim' }

/** What each mark says of the node of its line and the node of its column. */
const LEGEND: readonly (readonly [Mark, string])[] = [
  [MARKS.alive, 'sees it'],
  [MARKS.evasive, 'sees it, evasive'],
  [MARKS.silent, 'sees it, silent'],
  [ONE_SIDED, 'does not see it, but is seen by it'],
  [NOT_SEEN, 'neither sees the other'],
  [UNKNOWN, 'has not answered'],
]

export function textLines(graph: MeshGraph, paint: Paint, width: number): string[] {
  const body = matrixLines(graph, paint, width) ?? listLines(graph, paint, width)
  return [...body, '', ...oddities(graph, paint), summary(graph)]
}

/** Rows see columns. `undefined` where there is no room for that. */
function matrixLines(graph: MeshGraph, paint: Paint, width: number): string[] | undefined {
  const { nodes } = graph
  if (nodes.length > MATRIX_NODES_MAX) return undefined
  const digits = String(nodes.length).length
  const names = nodes.map((node) => truncate(shownName(node), NAME_WIDTH_MAX))
  const nameWidth = Math.max(4, ...names.map(textWidth))
  const head = digits + 2 + nameWidth + 2 + 8
  if (head + 2 + 2 * nodes.length - 1 > width) return undefined
  const headings = Array.from({ length: digits }, (_, line) => {
    const numbers = nodes.map((_node, i) => String(i + 1).padStart(digits)[line])
    const titles =
      line === digits - 1 ? `${''.padStart(digits)}  ${padEnd('NAME', nameWidth)}  ID` : ''
    return paint('dim', `${padEnd(titles, head)}  ${numbers.join(' ')}`.trimEnd())
  })
  const used = new Set<Mark>()
  const rows = nodes.map((from, i) => {
    const marks = nodes.map((to) => markOf(graph, from, to))
    for (const mark of marks) used.add(mark)
    const cells = marks.map(({ text, style }) => (text === ' ' ? text : paint(style, text)))
    const name = paint(nameStyle(from.id), padEnd(names[i]!, nameWidth))
    const number = paint('dim', padStart(String(i + 1), digits))
    return `${number}  ${name}  ${shortId(from.id)}  ${cells.join(' ')}`.trimEnd()
  })
  const legend = LEGEND.filter(([mark]) => used.has(mark)).map(([{ text }, words]) => {
    return `${text} ${words}`
  })
  return [...headings, ...rows, '', ...wrapped(legend, width).map((line) => paint('dim', line))]
}

function wrapped(parts: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const part of parts) {
    const longer = `${lines.at(-1)}; ${part}`
    if (lines.length > 0 && textWidth(longer) < width) lines[lines.length - 1] = longer
    else lines.push(part)
  }
  return lines
}

function markOf({ view }: MeshGraph, from: GraphNode, to: GraphNode): Mark {
  if (from === to) return ITSELF
  if (!from.hasAnswered) return UNKNOWN
  const presence = view(from.id, to.id)
  if (presence !== undefined) return MARKS[presence]
  return view(to.id, from.id) === undefined ? NOT_SEEN : ONE_SIDED
}

/** Of a full mesh there is nothing to say: who is not seen is told. */
function listLines(graph: MeshGraph, paint: Paint, width: number): string[] {
  const { nodes, view } = graph
  const names = nodes.map((node) => truncate(shownName(node), NAME_WIDTH_MAX))
  const nameWidth = Math.max(...names.map(textWidth))
  return nodes.map((from, i) => {
    const others = nodes.filter((to) => to !== from)
    const seen = others.filter((to) => view(from.id, to.id) !== undefined)
    const words = from.hasAnswered ? seenWords(seen.length, others, seen) : 'has not answered'
    const head = `${paint(nameStyle(from.id), padEnd(names[i]!, nameWidth))}  ${shortId(from.id)}  `
    return `${head}${truncate(words, Math.max(20, width - nameWidth - 12))}`
  })
}

function seenWords(
  count: number,
  others: readonly GraphNode[],
  seen: readonly GraphNode[],
): string {
  const words = `sees ${count} of ${others.length}`
  if (count === others.length) return words
  const found = new Set(seen)
  return `${words}; not ${namesOf(others.filter((node) => !found.has(node)))}`
}

function namesOf(nodes: readonly GraphNode[]): string {
  const more = nodes.length > NAMED_MAX ? ` and ${nodes.length - NAMED_MAX} more` : ''
  return `${nodes.slice(0, NAMED_MAX).map(shownName).join(', ')}${more}`
}

/** Nodes and pairs that are not as they should be, a line each. */
function oddities(graph: MeshGraph, paint: Paint): string[] {
  const lines = asymmetricPairs(graph).map(({ from, to }) => {
    return paint('red', `asymmetric: ${called(from)} sees ${called(to)}, which does not see it`)
  })
  for (const { from, to } of graph.pairs) {
    lines.push(...unheard(graph, from, to, paint), ...unheard(graph, to, from, paint))
  }
  const mute = graph.nodes.filter(({ hasAnswered }) => !hasAnswered)
  lines.push(...mute.map((node) => paint('dim', `not answered: ${called(node)}`)))
  return lines.length === 0 ? [] : [...lines, '']
}

function unheard({ view }: MeshGraph, from: GraphNode, to: GraphNode, paint: Paint): string[] {
  const presence = view(from.id, to.id)
  if (presence === undefined || presence === 'alive') return []
  return [paint(MARKS[presence].style, `${presence}: ${called(to)}, as ${called(from)} sees it`)]
}

function called(node: GraphNode): string {
  return `${shownName(node)} (${shortId(node.id)})`
}

export function summary(graph: MeshGraph): string {
  const { nodes, pairs } = graph
  const count = (kind: Pair['kind']): number => pairs.filter((pair) => pair.kind === kind).length
  const asymmetric = count('asymmetric')
  const unanswered = nodes.filter(({ hasAnswered }) => !hasAnswered).length
  const parts = [
    counted(nodes.length, 'node'),
    counted(count('mutual'), 'mutual pair'),
    `${asymmetric} asymmetric`,
  ]
  if (unanswered > 0) parts.push(`${unanswered} not answered`)
  return parts.join(', ')
}

/** In a pipe: a line for each pair. Kind, name and id of who sees, name and id of who is seen, worst presence. */
export function fieldLines({ pairs }: MeshGraph): string[] {
  return pairs.map(({ kind, from, to, presence }) => {
    return tabbed([kind, shownName(from), from.id, shownName(to), to.id, presence])
  })
}
