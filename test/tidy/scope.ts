/**
 * What an identifier stands for: a name of the host (`Date`, `process`) or something of the file's own
 * that happens to have the same name (a parameter `process`, a property `.Date`).
 */
import type { Node } from 'oxc-parser'
import { ancestors } from './source.ts'

/** True where the identifier is read as a value, or written to, and no scope of the file declares it. */
export function isFreeReference(node: Node): node is Node & { type: 'Identifier'; name: string } {
  if (node.type !== 'Identifier' || isOnlyAName(node)) return false
  for (const scope of ancestors(node)) {
    if (isTypeSyntax(scope)) return false
    if (declaredIn(scope).has(node.name)) return false
  }
  return true
}

/** The name a type reference or `typeof` query begins with, unless the file declares it. */
export function freeTypeName(node: Node): string | undefined {
  if (node.type !== 'TSTypeReference' && node.type !== 'TSTypeQuery') return undefined
  let name: Node = node.type === 'TSTypeReference' ? node.typeName : node.exprName
  while (name.type === 'TSQualifiedName') name = name.left
  if (name.type !== 'Identifier') return undefined
  const text = name.name
  return [...ancestors(node)].some((scope) => declaredIn(scope).has(text)) ? undefined : text
}

/** Identifiers that refer to nothing: keys, members after a dot, labels, the other names of an import. */
function isOnlyAName(node: Node): boolean {
  const parent = node.parent
  switch (parent?.type) {
    case 'MemberExpression':
      return parent.property === node && !parent.computed
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'AccessorProperty':
      return parent.key === node && !parent.computed
    case 'ExportSpecifier':
      return parent.exported === node || hasSource(parent)
    case 'ImportSpecifier':
    case 'ImportAttribute':
    case 'MetaProperty':
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'TSEnumMember':
      return true
    default:
      return false
  }
}

function hasSource(specifier: Node): boolean {
  return specifier.parent?.type === 'ExportNamedDeclaration' && specifier.parent.source !== null
}

/** TypeScript syntax around values; everything else that begins with TS holds types. */
const AROUND_VALUES: ReadonlySet<string> = new Set([
  'TSAsExpression',
  'TSSatisfiesExpression',
  'TSNonNullExpression',
  'TSTypeAssertion',
  'TSInstantiationExpression',
  'TSParameterProperty',
  'TSExportAssignment',
  'TSEnumDeclaration',
  'TSEnumBody',
  'TSEnumMember',
  'TSModuleDeclaration',
  'TSModuleBlock',
])

function isTypeSyntax(node: Node): boolean {
  return node.type.startsWith('TS') && !AROUND_VALUES.has(node.type)
}

const declarations = new WeakMap<Node, ReadonlySet<string>>()

/** The names a node declares for what is inside it. `declare …` does not count: it names the host's. */
function declaredIn(scope: Node): ReadonlySet<string> {
  let names = declarations.get(scope)
  if (names === undefined) {
    names = new Set(declarationNodes(scope).flatMap(boundNames))
    declarations.set(scope, names)
  }
  return names
}

function declarationNodes(scope: Node): readonly (Node | null | undefined)[] {
  switch (scope.type) {
    case 'Program':
    case 'BlockStatement':
    case 'StaticBlock':
    case 'TSModuleBlock':
      return scope.body
    case 'SwitchStatement':
      return scope.cases.flatMap((each) => each.consequent)
    case 'ForStatement':
      return [scope.init].filter(isVariables)
    case 'ForInStatement':
    case 'ForOfStatement':
      return [scope.left].filter(isVariables)
    case 'CatchClause':
      return [scope.param]
    case 'FunctionDeclaration':
    case 'FunctionExpression':
      return [scope.id, ...scope.params]
    case 'ArrowFunctionExpression':
      return scope.params
    case 'ClassExpression':
      return [scope.id]
    default:
      return []
  }
}

function isVariables(node: Node | null): boolean {
  return node?.type === 'VariableDeclaration'
}

/** The names that a statement or a binding pattern introduces into the scope it stands in. */
function boundNames(node: Node | null | undefined): string[] {
  switch (node?.type) {
    case 'Identifier':
      return [node.name]
    case 'ObjectPattern':
      return node.properties.flatMap(boundNames)
    case 'ArrayPattern':
      return node.elements.flatMap(boundNames)
    case 'Property':
      return boundNames(node.value)
    case 'AssignmentPattern':
      return boundNames(node.left)
    case 'RestElement':
      return boundNames(node.argument)
    case 'TSParameterProperty':
      return boundNames(node.parameter)
    case 'ExportNamedDeclaration':
      return boundNames(node.declaration)
    case 'ExportDefaultDeclaration':
      // `export default process` declares nothing.
      return node.declaration.type === 'Identifier' ? [] : boundNames(node.declaration)
    case 'ImportDeclaration':
      return node.specifiers.map((specifier) => specifier.local.name)
    case 'VariableDeclaration':
      return node.declare ? [] : node.declarations.flatMap(({ id }) => boundNames(id))
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return node.declare ? [] : boundNames(node.id)
    default:
      return []
  }
}
