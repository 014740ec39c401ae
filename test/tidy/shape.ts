/** Shape: how long a file and a function may be, and how a file opens. */
import type { Node } from 'oxc-parser'
import { complaint, isRunnerChain, lineAt, type Source } from './source.ts'

const FILE_LINES_MAX = 400
const FUNCTION_LINES_MAX = 70

/** What outgrew its limit for a reason. A file is named by its path, a function as `path#name`. */
export type Exceptions = Readonly<Record<string, string>>

/** Files over the limit. */
export function checkFileLength(sources: readonly Source[], exceptions: Exceptions): string[] {
  return sources.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length
    if (lines <= FILE_LINES_MAX || Object.hasOwn(exceptions, path)) return []
    return [`${path}: ${lines} lines, over ${FILE_LINES_MAX}: it has two concerns, find them`]
  })
}

/** Functions over the limit. One that lines up tests is no function but a chapter. */
export function checkFunctionLength(sources: readonly Source[], exceptions: Exceptions): string[] {
  return sources.flatMap((source) =>
    source.nodes.filter(isFunction).flatMap((node) => {
      const lines = lineAt(source.text, node.end) - lineAt(source.text, node.start) + 1
      if (lines <= FUNCTION_LINES_MAX || isChapter(node)) return []
      const name = nameOf(node)
      if (Object.hasOwn(exceptions, `${source.path}#${name}`)) return []
      return [complaint(source, node, `${name} has ${lines} lines, over ${FUNCTION_LINES_MAX}`)]
    }),
  )
}

function isFunction(node: Node): boolean {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  )
}

/** Has `describe(…)` or `it(…)` among its own statements: also `it.each(…)(…)`, `describe.skipIf(…)(…)`. */
function isChapter(node: Node): boolean {
  const isFunctionNode =
    node.type === 'FunctionDeclaration' || node.type === 'ArrowFunctionExpression'
  if (!isFunctionNode || node.body?.type !== 'BlockStatement') return false
  return node.body.body.some(
    (statement) =>
      statement.type === 'ExpressionStatement' &&
      statement.expression.type === 'CallExpression' &&
      isRunnerChain(statement.expression),
  )
}

function nameOf(node: Node): string {
  if ('id' in node && node.id?.type === 'Identifier') return node.id.name
  const parent = node.parent
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier')
    return parent.id.name
  if (parent !== null && parent !== undefined && 'key' in parent && 'name' in parent.key) {
    return String(parent.key.name)
  }
  return 'a function without a name'
}

const COMMENT_LENGTH_MIN = 20

/**
 * Files that do not open with a comment about themselves. A comment right on top of a declaration speaks
 * of that declaration: enough only where the file is that one noun.
 */
export function checkModuleComment(sources: readonly Source[]): string[] {
  return sources
    .filter((source) => !opensWell(source))
    .map(({ path }) => `${path}:1: must open with a comment (/** … */) that says what the file is`)
}

function opensWell({ text, nodes, comments }: Source): boolean {
  const start = text.length - text.replace(/^(#!.*\n)?\s*/, '').length
  const comment = comments.find((each) => each.start === start)
  if (comment?.type !== 'Block' || !comment.value.startsWith('*')) return false
  if (comment.value.length < COMMENT_LENGTH_MIN) return false
  const exported = nodes.filter(
    ({ type, parent }) => parent?.type === 'Program' && /^Export.*Declaration$/.test(type),
  )
  return exported.length <= 1 || /^\n(\n|import |export (type )?[{*])/.test(text.slice(comment.end))
}
