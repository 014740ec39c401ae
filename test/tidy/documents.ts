/**
 * Documents and settings that must agree with the code: error codes, dependencies, the lock, and what no
 * tracked file may hold.
 */
import type { Node } from 'oxc-parser'
import { complaint, lineAt, type Source } from './source.ts'

/**
 * The names a document explains: each the first thing, in backticks, of a heading, a list item or a table
 * row. Names elsewhere in the text explain nothing and are not counted.
 */
export function explainedNames(markdown: string): string[] {
  return [...markdown.matchAll(/^(?:#+|[-*]|\|) *\**`([^`]+)`/gm)].map((match) => match[1]!)
}

/** Both lists must hold the same names. */
export function checkSameNames(
  names: readonly string[],
  document: string,
  explained: readonly string[],
): string[] {
  const unexplained = names.filter((name) => !explained.includes(name))
  const unknown = explained.filter((name) => !names.includes(name))
  return [
    ...unexplained.map((name) => `${document}: does not explain ${name}`),
    ...unknown.map((name) => `${document}: explains ${name}, which does not exist`),
  ]
}

/** The codes in the exported lists and tables of the library whose names end in `_CODES`. */
export function codesIn(sources: readonly Source[]): string[] {
  return sources.flatMap(({ nodes }) => nodes.filter(isCodesList).flatMap(codesOf))
}

/** `*_CODES` that are neither a list of texts nor a table: the check above would not see them. */
export function checkCodesLists(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    source.nodes
      .filter((node) => isCodesList(node) && codesOf(node).length === 0)
      .map((node) => complaint(source, node, 'must be a plain list or table of codes')),
  )
}

function isCodesList(node: Node): boolean {
  return (
    node.type === 'VariableDeclarator' &&
    node.id.type === 'Identifier' &&
    node.id.name.endsWith('_CODES') &&
    node.parent?.parent?.type === 'ExportNamedDeclaration'
  )
}

function codesOf(declarator: Node): string[] {
  let value = declarator.type === 'VariableDeclarator' ? declarator.init : null
  while (value?.type === 'TSAsExpression' || value?.type === 'TSSatisfiesExpression') {
    value = value.expression
  }
  if (value?.type === 'ArrayExpression') return value.elements.flatMap(textOf)
  if (value?.type !== 'ObjectExpression') return []
  return value.properties.flatMap((each) => (each.type === 'Property' ? textOf(each.key) : []))
}

function textOf(node: Node | null): string[] {
  if (node?.type === 'Identifier') return [node.name]
  return node?.type === 'Literal' && typeof node.value === 'string' ? [node.value] : []
}

/** The part of package-lock.json that is looked at here. */
export interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>
}

interface LockEntry {
  readonly resolved?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly devOptional?: boolean
  readonly hasInstallScript?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Packages that everyone who installs earshot must install, and that hold native code. */
export function checkNative({ packages }: Lock): string[] {
  return Object.entries(packages)
    .filter(([, { dev, optional, devOptional }]) => !dev && !optional && !devOptional)
    .filter(([, { hasInstallScript, os, cpu }]) => hasInstallScript || os || cpu)
    .map(
      ([path]) => `package-lock.json: ${path} is native, and neither optional nor for development`,
    )
}

/** Optional packages that the lock names but does not hold, and addresses it should not hold. */
export function checkLock({ packages }: Lock): string[] {
  const paths = Object.keys(packages)
  const complaints: string[] = []
  for (const [path, { resolved, optionalDependencies }] of Object.entries(packages)) {
    if (resolved !== undefined) complaints.push(`package-lock.json: ${path} has an address`)
    for (const name of Object.keys(optionalDependencies ?? {})) {
      if (paths.some((each) => each.endsWith(`node_modules/${name}`))) continue
      complaints.push(`package-lock.json: lacks ${name}, run npm run lock`)
    }
  }
  return complaints
}

/** Put together here, so that this file does not hold what it looks for. */
const MACHINE_FOLDERS = ['work', 'root', 'opt'].join('|')
const REGISTRIES = ['npmjs', 'yarnpkg', 'npmmirror'].join('|')
const PRIVATE = new RegExp(
  `(?<![\\w.~*/-])/(?:${MACHINE_FOLDERS})/|\\bregistry\\.(?:${REGISTRIES})\\b`,
  'g',
)

/** Paths of the machine that the file was written on, and hosts of package registries. */
export function checkPrivate(path: string, text: string): string[] {
  return [...text.matchAll(PRIVATE)].map(
    (match) => `${path}:${lineAt(text, match.index)}: holds ${match[0]}`,
  )
}
