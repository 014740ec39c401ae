/**
 * The house of DESIGN §1 as a table: which room may import which. Checked over the real import graph,
 * types, dynamic imports and re-exports included; a file outside every room is a complaint too.
 */
import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import type { Node } from 'oxc-parser'
import { complaint, isUnder, type Source } from './source.ts'

const CORE = ['src/base', 'src/zmtp', 'src/zre', 'src/mesh', 'src/runtime'] as const
const SERVICES = ['src/discovery', 'src/log'] as const

/** A room is a folder or a single file. Every room may also import from itself. */
export const HOUSE: Readonly<Record<string, readonly string[]>> = {
  'src/base': [],
  'src/zmtp': ['src/base'],
  'src/zre': ['src/base'],
  'src/mesh': ['src/base', 'src/zmtp', 'src/zre'],
  'src/runtime': ['src/base', 'src/zmtp', 'src/zre', 'src/mesh'],
  'src/platform-node': CORE,
  // A service stands on the public MeshNode alone, like an application would.
  // Gossip speaks ZMTP, on connections of its own.
  'src/discovery': ['src/base', 'src/zmtp', 'src/zre', 'src/runtime'],
  // The log also speaks ZRE/LOG, over PUB and SUB connections of its own.
  'src/log': ['src/base', 'src/zmtp', 'src/runtime'],
  sim: ['src/base', 'src/mesh', 'src/runtime', 'src/log'],
  'src/core.ts': [...CORE, ...SERVICES],
  'src/index.ts': [...CORE, ...SERVICES, 'src/platform-node', 'src/core.ts'],
  // The command sees what an application sees, and the simulator.
  cli: ['src/index.ts', 'src/core.ts', 'sim'],
}

/** Folders that stand outside the house and may import anything. */
export const OUTSIDE: readonly string[] = ['test', 'bench', 'examples']

/** Files that import what the user names, each with its reason; nobody else may compute a specifier. */
const LOADERS: Readonly<Record<string, string>> = {
  'sim/sweep/request.ts': 'a scenario of the user’s own, by its path',
}

/** What the portable entry may need from npm: plain JavaScript that runs on every host. */
const PORTABLE_PACKAGES: readonly string[] = ['msgpackr', '@standard-schema/spec']

export interface Import {
  readonly from: Source
  readonly node: Node
  /** As written; `undefined` where it is computed. */
  readonly specifier: string | undefined
  /** The file a relative specifier names, whether or not it exists. */
  readonly path: string | undefined
}

/** Every import of a file: static, dynamic, type-only, `import('…')` types and re-exports. */
export function importsOf(source: Source): Import[] {
  return source.nodes.flatMap((node) => {
    const literal = sourceLiteral(node)
    if (literal === undefined) return []
    const specifier = typeof literal === 'string' ? literal : undefined
    const isRelative = specifier?.startsWith('.') ?? false
    const path = isRelative ? posix.join(posix.dirname(source.path), specifier!) : undefined
    return [{ from: source, node, specifier, path }]
  })
}

/** The specifier, `null` for a computed one, `undefined` for a node that imports nothing. */
function sourceLiteral(node: Node): string | null | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'TSImportType':
      return node.source.value
    case 'ExportNamedDeclaration':
      return node.source?.value
    case 'TSExternalModuleReference':
      return node.expression.value
    case 'ImportExpression':
      return node.source.type === 'Literal' ? String(node.source.value) : null
    default:
      return undefined
  }
}

function roomOf(path: string): string | undefined {
  return Object.keys(HOUSE).find((room) => isUnder(path, room))
}

/** Imports that run against the house, lead nowhere, or cannot be checked. */
export function checkDirections(sources: readonly Source[]): string[] {
  const files = new Set(sources.map(({ path }) => path))
  return sources.flatMap((source) => {
    const room = roomOf(source.path)
    if (room === undefined) return [`${source.path}:1: is in no room of the HOUSE in test/tidy`]
    return importsOf(source).flatMap((each) => {
      const fault = faultOf(each, room, files)
      return fault === undefined ? [] : [complaint(source, each.node, fault)]
    })
  })
}

function faultOf(each: Import, room: string, files: ReadonlySet<string>): string | undefined {
  const { specifier, path } = each
  if (specifier === undefined) {
    return Object.hasOwn(LOADERS, each.from.path) ? undefined : 'imports a computed specifier'
  }
  if (path === undefined) {
    return isUnder(specifier, 'earshot') ? 'imports the package by its own name' : undefined
  }
  if (!files.has(path)) return `imports ${path}, which is no file of src, sim or cli`
  const target = roomOf(path)
  if (target === undefined || target === room || HOUSE[room]!.includes(target)) return undefined
  return `${room} must not import ${target} (${specifier})`
}

/** Circles between files, type imports included; one sentence per circle found. */
export function checkCircles(sources: readonly Source[]): string[] {
  const graph = new Map(sources.map((source) => [source.path, importsOf(source)]))
  const circles = new Set<string>()
  const finished = new Set<string>()
  const trail: string[] = []
  const visit = (path: string): void => {
    if (finished.has(path)) return
    const entry = trail.indexOf(path)
    if (entry >= 0) {
      circles.add(`circle: ${[...trail.slice(entry), path].join(' → ')}`)
      return
    }
    trail.push(path)
    for (const each of graph.get(path) ?? []) if (each.path !== undefined) visit(each.path)
    trail.pop()
    finished.add(path)
  }
  for (const path of graph.keys()) visit(path)
  return [...circles]
}

/** The files beneath an entry, itself included, each with the trail of imports that leads there. */
export function filesBeneath(entry: string, sources: readonly Source[]): Map<string, string> {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const trails = new Map([[entry, entry]])
  // A Map visits entries added while it is read: this is the queue of a breadth-first search.
  for (const [path, trail] of trails) {
    const source = byPath.get(path)
    if (source === undefined) continue
    for (const { path: next } of importsOf(source)) {
      if (next !== undefined && !trails.has(next)) trails.set(next, `${trail} → ${next}`)
    }
  }
  return trails
}

/** Beneath the portable entry: no module of Node.js, and only packages known to run everywhere. */
export function checkPortable(entry: string, sources: readonly Source[]): string[] {
  const beneath = filesBeneath(entry, sources)
  return sources.flatMap((source) => {
    const trail = beneath.get(source.path)
    if (trail === undefined) return []
    return importsOf(source)
      .filter(({ path, specifier }) => path === undefined && !isPortable(specifier))
      .map(({ node, specifier }) =>
        complaint(source, node, `${specifier} is not portable, and ${trail}`),
      )
  })
}

function isPortable(specifier: string | undefined): boolean {
  return PORTABLE_PACKAGES.some((name) => specifier !== undefined && isUnder(specifier, name))
}

/** Imports of a module of Node.js, with or without the `node:` prefix. */
export function checkNoNode(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter(({ specifier }) => isNodeModule(specifier))
      .map(({ node, specifier }) => complaint(source, node, `must not import ${specifier}`)),
  )
}

function isNodeModule(specifier: string | undefined): boolean {
  if (specifier === undefined) return false
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}
