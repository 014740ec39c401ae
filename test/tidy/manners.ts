/**
 * Manners of tests, benchmarks and examples: they wait for facts and not for time, none is switched off
 * without a reason, and none sends a packet on a real network interface.
 */
import type { Node } from 'oxc-parser'
import { filesBeneath, importsOf } from './house.ts'
import { isFreeReference } from './scope.ts'
import { complaint, isRunnerChain, isUnder, lineAt, type Source } from './source.ts'

/** Files and folders that a rule lets pass, each with its reason. */
export type Excuses = Readonly<Record<string, string>>

const TIMERS: ReadonlySet<string> = new Set(['setTimeout', 'setInterval', 'scheduler'])
const TIMER_MODULES: ReadonlySet<string> = new Set([
  'timers',
  'timers/promises',
  'node:timers',
  'node:timers/promises',
])

/** Timers of the real clock. A test waits for a condition, through a helper that has a limit. */
export function checkWaitingForTime(sources: readonly Source[], excuses: Excuses): string[] {
  return sources
    .filter(({ path }) => !isExcused(path, excuses))
    .flatMap((source) =>
      source.nodes
        .filter(isTimer)
        .map((node) =>
          complaint(source, node, 'waits for time to pass; wait for the fact instead'),
        ),
    )
}

function isTimer(node: Node): boolean {
  if (node.type === 'ImportDeclaration') return importsTimer(node)
  if (node.type === 'MemberExpression' && node.object.type === 'Identifier') {
    const member = 'name' in node.property ? node.property.name : undefined
    const owner = node.object.name
    return owner === 'Atomics'
      ? member === 'wait'
      : owner === 'globalThis' && TIMERS.has(`${member}`)
  }
  return isFreeReference(node) && TIMERS.has(node.name)
}

/** `setImmediate` is welcome: it lets one turn of the event loop pass, and no time. */
function importsTimer({ source, specifiers }: Node & { type: 'ImportDeclaration' }): boolean {
  if (!TIMER_MODULES.has(source.value)) return false
  return specifiers.some((each) => {
    if (each.type !== 'ImportSpecifier' || each.imported.type !== 'Identifier') return true
    return TIMERS.has(each.imported.name)
  })
}

const SWITCHED_OFF: ReadonlySet<string> = new Set(['skip', 'skipIf', 'runIf', 'todo', 'fails'])

/** `.only` anywhere; `.skip` and its kin without a comment on the line or right above it. */
export function checkSwitchedOff(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    source.nodes.flatMap((node) => {
      const modifier = runnerModifier(node)
      if (modifier === 'only') return [complaint(source, node, '.only leaves all others out')]
      if (modifier === undefined || !SWITCHED_OFF.has(modifier)) return []
      if (hasReason(source, node)) return []
      return [complaint(source, node, `.${modifier} needs a comment on or above it that says why`)]
    }),
  )
}

/** The `only` of `it.only`, `describe.concurrent.only`, `it.each(…).only`. */
function runnerModifier(node: Node): string | undefined {
  if (node.type !== 'MemberExpression' || node.property.type !== 'Identifier') return undefined
  return isRunnerChain(node) ? node.property.name : undefined
}

function hasReason(source: Source, node: Node): boolean {
  const line = lineAt(source.text, node.start)
  return source.comments.some(({ start, end }) => {
    const [first, last] = [lineAt(source.text, start), lineAt(source.text, end)]
    return last === line - 1 || first === line
  })
}

const REAL_ADDRESS =
  /(?<![\d.])(?:0\.0\.0\.0|255\.255\.255\.255|2(?:2[4-9]|3\d)(?:\.\d+){3})(?![\d.])|^::$|\[::\]|\/\/\*:/

/** What a packet can leave through. A file that imports none of it, however deep, only computes. */
const NETWORK: ReadonlySet<string> = new Set([
  'node:child_process',
  'node:dgram',
  'node:http',
  'node:net',
  'node:tls',
  'multicast-dns',
  'zeromq',
])

/**
 * Addresses that reach beyond the loopback interface (the wildcard, broadcast, multicast), in files that
 * can reach the network. `all` holds the files that these ones import.
 */
export function checkAddresses(
  sources: readonly Source[],
  all: readonly Source[],
  excuses: Excuses,
): string[] {
  const doors = new Set(all.filter(opensNetwork).map(({ path }) => path))
  return sources
    .filter(({ path }) => !isExcused(path, excuses))
    .filter(({ path }) => [...filesBeneath(path, all).keys()].some((each) => doors.has(each)))
    .flatMap((source) =>
      source.nodes.flatMap((node) => {
        const address = REAL_ADDRESS.exec(textOf(node))?.[0]
        return address === undefined ? [] : [complaint(source, node, `uses ${address}`)]
      }),
    )
}

function opensNetwork(source: Source): boolean {
  return importsOf(source).some(
    ({ specifier }) => specifier !== undefined && NETWORK.has(specifier),
  )
}

function isExcused(path: string, excuses: Excuses): boolean {
  return Object.keys(excuses).some((excused) => isUnder(path, excused))
}

function textOf(node: Node): string {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  return node.type === 'TemplateElement' ? node.value.raw : ''
}

/** Nodes of this host that are started without saying, in the call itself, which interfaces to use. */
export function checkInterfaces(sources: readonly Source[], excuses: Excuses): string[] {
  return sources
    .filter(({ path }) => !isExcused(path, excuses))
    .flatMap((source) =>
      source.nodes.flatMap((node) => {
        const options = optionsOfNode(node)
        if (options === undefined || staysOnLoopback(options)) return []
        return [complaint(source, node, 'starts a node without `interfaces` of loopback')]
      }),
    )
}

/** The options of `createNode(options)` and `createNodeOn(nodePlatform, options)`; `null` for none. */
function optionsOfNode(node: Node): Node | null | undefined {
  if (node.type !== 'CallExpression') return undefined
  const {
    callee,
    arguments: [first = null, second = null],
  } = node
  const name = callee.type === 'MemberExpression' ? callee.property : callee
  if (name.type !== 'Identifier') return undefined
  if (name.name === 'createNode') return first
  // On any other platform the network is a virtual one.
  const isHost = first?.type === 'Identifier' && first.name === 'nodePlatform'
  return name.name === 'createNodeOn' && isHost ? second : undefined
}

/** A spread says nothing, and a variable neither; an address that is written out must be loopback. */
function staysOnLoopback(options: Node | null): boolean {
  if (options?.type !== 'ObjectExpression') return false
  return options.properties.some((property) => {
    if (property.type !== 'Property' || property.key.type !== 'Identifier') return false
    if (property.key.name !== 'interfaces') return false
    const value: Node = property.value
    const entries = value.type === 'ArrayExpression' ? value.elements : [value]
    return entries.every(isLoopback)
  })
}

function isLoopback(entry: Node | null): boolean {
  if (entry?.type === 'Identifier') return entry.name !== 'undefined'
  if (entry?.type !== 'Literal') return true
  return entry.value === 'lo' || String(entry.value).startsWith('127.')
}
