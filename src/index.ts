/**
 * `earshot`: the public API on Node.js.
 *
 *     import { createNode } from 'earshot'
 *     const node = await createNode({ name: 'kitchen', groups: ['chat'] })
 */

import { dialBack } from './discovery/dial-back.ts'
import { startDiscovery } from './discovery/discovery.ts'
import type { DiagnoseOptions } from './discovery/doctor/diagnose.ts'
import type { Finding } from './discovery/doctor/findings.ts'
import type { FailedStart } from './discovery/doctor/start.ts'
import { checkDiscoveryOptions, type DiscoveryOptions } from './discovery/options.ts'
import { type ScanOptions, type Sighting, scanOn } from './discovery/scan.ts'
import { type Logger, logNode } from './log/logger.ts'
import { meshLog } from './log/mesh-log.ts'
import { checkMeshLogOptions, type MeshLogOptions } from './log/options.ts'
import { ZreLogCollector } from './log/zre-log/collector.ts'
import { ZRE_LOG_HEADER } from './log/zre-log/endpoint.ts'
import { nodePlatform } from './platform-node/platform.ts'
import type { MeshNode } from './runtime/node.ts'
import { createNodeOn } from './runtime/node.ts'
import type { NodeOptions } from './runtime/options.ts'

export * from './core.ts'
export { type DiscoveryMetrics, discoveryMetrics } from './discovery/discovery.ts'
export type { DiagnoseOptions, WantedPeer } from './discovery/doctor/diagnose.ts'
export type { Finding, FindingCode, FindingLevel } from './discovery/doctor/findings.ts'
export type { FailedStart } from './discovery/doctor/start.ts'
export type { MdnsMetrics } from './discovery/mdns/metrics.ts'
export type { DiscoveryOptions } from './discovery/options.ts'
export type { ScanOptions, Sighting } from './discovery/scan.ts'
export type { Visit } from './discovery/visit.ts'
export { nodePlatform } from './platform-node/platform.ts'

export interface CreateOptions extends NodeOptions, DiscoveryOptions {
  /** What the node logs goes through it: pino, or a logger of its shape. */
  readonly logger?: Logger
  /**
   * The node's part in the mesh-wide log (`meshLog`): other nodes can read what this node logs of itself, and what the
   * application gives to `meshLog(node)`. `false` takes no part; by default it does.
   */
  readonly log?:
    | false
    | (Omit<MeshLogOptions, 'logger'> & { readonly zreLogCollector?: ZreLogOptions })
}

/** Where to listen for the records of implementations that speak ZRE/LOG (RFC 20); peers are told by `X-ZRELOG`. */
export interface ZreLogOptions {
  /** The local address, as of one of the node's interfaces. */
  readonly address: string
  /** TCP port. Default: one that the host chooses. */
  readonly port?: number
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
  // Before anything is open.
  checkMeshLogOptions(log || {})
  checkDiscoveryOptions(options, nodePlatform)
  const zreLog = log === false ? undefined : log?.zreLogCollector
  const { node, collector } =
    zreLog === undefined
      ? { node: await createNodeOn(nodePlatform, options) }
      : await createCollectingNode(options, zreLog)
  startDiscovery(node, options)
  // Peers that look why they do not meet us (`diagnose`) can ask any node.
  dialBack(node)
  // With `log: false` a logger gets what the node logs all the same: nobody else can read it then.
  if (log !== false) {
    const kept = meshLog(node, { ...log, ...(logger !== undefined && { logger }) })
    if (collector !== undefined) kept.zreLog.observe(collector)
  } else if (logger !== undefined) logNode(node, logger)
  return node
}

/**
 * Looks who is there without being there: listens for `forMs`, visits whom it hears of, and tells what it found. Nobody gets
 * to see a peer.
 *
 *     for (const { id, address, visit } of await scan({ forMs: 2_000 })) …
 *
 * Rejects with ERR_EARSHOT_NO_INTERFACE or ERR_EARSHOT_PORT_IN_USE.
 */
export async function scan(options: ScanOptions = {}): Promise<Sighting[]> {
  if (options.mdns === false) return scanOn(nodePlatform, options)
  const { hearMdns } = await import('./discovery/scan-mdns.ts')
  return scanOn(nodePlatform, options, [hearMdns])
}

/**
 * Examines a node, its host and its network: why does it not meet whom it should? Listens for some seconds, dials whom it
 * hears, asks peers to dial back, and reads the rules of the host's firewall where it may. `docs/doctor.md` explains every
 * finding.
 *
 *     const problems = (await diagnose(node)).filter(({ level }) => level === 'problem')
 */
export async function diagnose(
  node: MeshNode,
  options: DiagnoseOptions = {},
): Promise<readonly Finding[]> {
  // Loaded where it is wanted: most programs never ask.
  const { diagnoseNode } = await import('./discovery/doctor/diagnose.ts')
  const { hostTools } = await import('./discovery/doctor/host-tools.ts')
  return diagnoseNode(node, hostTools, options)
}

/** The same for a node that did not start: findings for what `createNode` was rejected with, none where it says nothing. */
export async function diagnoseStart(failed: FailedStart): Promise<readonly Finding[]> {
  const { startFindings } = await import('./discovery/doctor/start.ts')
  const { hostTools } = await import('./discovery/doctor/host-tools.ts')
  return startFindings(nodePlatform, hostTools, failed)
}

/** The collector's place stands in the node's headers, so it listens before the node is. */
async function createCollectingNode(
  options: NodeOptions,
  { address, port = 0 }: ZreLogOptions,
): Promise<{ node: MeshNode; collector?: ZreLogCollector }> {
  let node: MeshNode | undefined
  const collector = await ZreLogCollector.open(
    nodePlatform,
    { address, port },
    {
      record: (record) => node && meshLog(node).handleZreLog(record),
      problem: (problem) => node && meshLog(node).zreLog.handleProblem(problem),
      failed: (failure) => node && meshLog(node).zreLog.handleFailure(failure),
    },
  )
  try {
    const headers = { ...options.headers, [ZRE_LOG_HEADER]: collector.endpoint }
    node = await createNodeOn(nodePlatform, { ...options, headers })
  } catch (error) {
    collector.close()
    throw error
  }
  node.on('stop', () => collector.close())
  return { node, collector }
}
