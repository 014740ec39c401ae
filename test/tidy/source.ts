/**
 * The project's files as syntax trees, for the rules of this folder. A rule is a pure function from
 * sources to complaints; the sentence `path:line: what is wrong` is the whole interface.
 *
 * Start with `house.ts`, the rule about imports.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Comment, type Node, parseSync, visitorKeys } from 'oxc-parser'

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url))

export interface Source {
  /** From the project's root, with forward slashes. */
  readonly path: string
  readonly text: string
  /** Every node of the tree in source order, each with its `parent`. */
  readonly nodes: readonly Node[]
  readonly comments: readonly Comment[]
}

/** Parses one file. Throws where the text is no TypeScript. */
export function parse(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text, { sourceType: 'module' })
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0]!.message}`)
  const nodes: Node[] = []
  collect(program, nodes)
  return { path, text, nodes, comments }
}

function collect(node: Node, into: Node[]): void {
  into.push(node)
  const fields = node as unknown as Record<string, Node | (Node | null)[] | null | undefined>
  for (const key of visitorKeys[node.type] ?? []) {
    for (const child of [fields[key]].flat()) {
      if (child === null || child === undefined) continue
      child.parent = node
      collect(child, into)
    }
  }
}

/** All TypeScript files under the given folders of the project, parsed, in order of their names. */
export function readSources(...folders: string[]): Source[] {
  return folders
    .flatMap((folder) => filesUnder(folder))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => parse(path, readFileSync(`${ROOT}${path}`, 'utf8')))
}

function filesUnder(folder: string): string[] {
  if (!existsSync(`${ROOT}${folder}`)) return []
  return readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .sort()
}

/** `node.parent`, its parent, and so on up to the program. */
export function* ancestors(node: Node): Generator<Node> {
  for (let at = node.parent ?? null; at !== null; at = at.parent ?? null) yield at
}

/** Whether a chain of calls and members (`it.each(table)(…)`) begins with a function of the test runner. */
export function isRunnerChain(node: Node): boolean {
  let start = node
  while (start.type === 'CallExpression' || start.type === 'MemberExpression') {
    start = start.type === 'CallExpression' ? start.callee : start.object
  }
  return start.type === 'Identifier' && ['it', 'test', 'describe', 'suite'].includes(start.name)
}

/** Line number of an offset, from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

/** One complaint about a place in a file. */
export function complaint(source: Source, node: Node, message: string): string {
  return `${source.path}:${lineAt(source.text, node.start)}: ${message}`
}

/** A path belongs to a folder, or is that very file. */
export function isUnder(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}
