/**
 * `earshot`: the public API on Node.js.
 *
 *     import { createNode } from 'earshot'
 *     const node = await createNode({ name: 'kitchen', groups: ['chat'] })
 */
import { type Logger, logNode } from './log/logger.ts'
import { type MeshLogOptions, meshLog } from './log/mesh-log.ts'
import { nodePlatform } from './platform-node/platform.ts'
import type { MeshNode } from './runtime/node.ts'
import { createNodeOn } from './runtime/node.ts'
import type { NodeOptions } from './runtime/options.ts'

export * from './core.ts'
export { nodePlatform } from './platform-node/platform.ts'

export interface CreateOptions extends NodeOptions {
  /** What the node logs goes through it: pino, or a logger of its shape. */
  readonly logger?: Logger
  /**
   * The node's part in the mesh-wide log (`meshLog`): other nodes can read what this node logs of itself, and what the
   * application gives to `meshLog(node)`. `false` takes no part; by default it does.
   */
  readonly log?: false | Omit<MeshLogOptions, 'logger'>
}

/**
 * Starts a node: opens its mailbox, begins to beacon, and resolves as soon as both work. Peers follow as `enter`
 * events, usually within milliseconds.
 *
 * @throws EarshotError ERR_EARSHOT_BAD_OPTION, ERR_EARSHOT_BAD_GROUP, ERR_EARSHOT_NO_INTERFACE or
 * ERR_EARSHOT_PORT_IN_USE; nothing is left open then.
 */
export async function createNode(options: CreateOptions = {}): Promise<MeshNode> {
  const { logger, log } = options
  const node = await createNodeOn(nodePlatform, options)
  // With `log: false` a logger gets what the node logs all the same: nobody else can read it then.
  if (log !== false) meshLog(node, { ...log, ...(logger !== undefined && { logger }) })
  else if (logger !== undefined) logNode(node, logger)
  return node
}
