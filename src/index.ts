/**
 * `earshot`: the public API on Node.js.
 *
 *     import { createNode } from 'earshot'
 *     const node = await createNode({ name: 'kitchen', groups: ['chat'] })
 */
import { nodePlatform } from './platform-node/platform.ts'
import type { MeshNode } from './runtime/node.ts'
import { createNodeOn } from './runtime/node.ts'
import type { NodeOptions } from './runtime/options.ts'

export * from './core.ts'
export { nodePlatform } from './platform-node/platform.ts'

/**
 * Starts a node: opens its mailbox, begins to beacon, and resolves as soon as both work. Peers follow as `enter`
 * events, usually within milliseconds.
 *
 * @throws EarshotError ERR_EARSHOT_BAD_OPTION, ERR_EARSHOT_BAD_GROUP, ERR_EARSHOT_NO_INTERFACE or
 * ERR_EARSHOT_PORT_IN_USE; nothing is left open then.
 */
export function createNode(options: NodeOptions = {}): Promise<MeshNode> {
  return createNodeOn(nodePlatform, options)
}
