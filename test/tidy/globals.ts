/**
 * What the core must not touch: hidden clocks, hidden randomness, the host. All of it comes in through
 * `runtime/platform.ts`, or a simulated run would not be reproducible. Below `runtime` nothing waits:
 * no promises, no async functions.
 */
import type { Node } from 'oxc-parser'
import { freeTypeName, isFreeReference } from './scope.ts'
import { complaint, type Source } from './source.ts'

const HOST_NAMES: ReadonlySet<string> = new Set([
  'Buffer',
  'Date',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'console',
  'crypto',
  'fetch',
  'global',
  'globalThis',
  'performance',
  'process',
  'require',
  'setImmediate',
  'setInterval',
  'setTimeout',
])

/** Types that exist only with Node.js. */
const HOST_TYPES: ReadonlySet<string> = new Set(['Buffer', 'NodeJS'])

/** Objects that are welcome but for one member. */
const HOST_MEMBERS: Readonly<Record<string, string>> = { Math: 'random', AbortSignal: 'timeout' }

const WAITING_NAMES: ReadonlySet<string> = new Set([
  'AsyncGenerator',
  'AsyncIterable',
  'AsyncIterableIterator',
  'AsyncIterator',
  'Promise',
  'PromiseLike',
  'queueMicrotask',
])

/** Uses of the host's clock, timers, randomness, output or types. */
export function checkHost(sources: readonly Source[]): string[] {
  return complain(sources, hostUse)
}

/** Promises, async functions and micro-tasks. */
export function checkWaiting(sources: readonly Source[]): string[] {
  return complain(sources, waiting)
}

/** Uses of `console`. */
export function checkConsole(sources: readonly Source[]): string[] {
  return complain(sources, (node) =>
    isFreeReference(node) && node.name === 'console' ? 'console' : undefined,
  )
}

function complain(sources: readonly Source[], find: (node: Node) => string | undefined): string[] {
  return sources.flatMap((source) =>
    source.nodes.flatMap((node) => {
      const found = find(node)
      return found === undefined ? [] : [complaint(source, node, `must not use ${found}`)]
    }),
  )
}

function hostUse(node: Node): string | undefined {
  const typeName = freeTypeName(node)
  if (typeName !== undefined) {
    const isValueQuery = node.type === 'TSTypeQuery' && HOST_NAMES.has(typeName)
    return HOST_TYPES.has(typeName) || isValueQuery ? `the type ${typeName}` : undefined
  }
  if (!isFreeReference(node)) return undefined
  if (HOST_NAMES.has(node.name)) return node.name
  return forbiddenMember(node.name, node)
}

/** `Math.random`, and also `Math` handed on whole, which would hide it. */
function forbiddenMember(name: string, node: Node): string | undefined {
  const banned = Object.hasOwn(HOST_MEMBERS, name) ? HOST_MEMBERS[name] : undefined
  if (banned === undefined) return undefined
  const parent = node.parent
  if (parent?.type === 'MemberExpression' && parent.object === node) {
    const member = parent.property
    if (!parent.computed)
      return member.type === 'Identifier' && member.name === banned
        ? `${name}.${banned}`
        : undefined
    return `${name}[…]`
  }
  if (parent?.type === 'BinaryExpression' && parent.operator === 'instanceof') return undefined
  return `${name} as a value`
}

function waiting(node: Node): string | undefined {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return node.async ? 'an async function' : undefined
    case 'AwaitExpression':
      return 'await'
    case 'ForOfStatement':
      return node.await ? 'for await' : undefined
    case 'VariableDeclaration':
      return node.kind === 'await using' ? 'await using' : undefined
    default: {
      const name = isFreeReference(node) ? node.name : freeTypeName(node)
      return name !== undefined && WAITING_NAMES.has(name) ? name : undefined
    }
  }
}
