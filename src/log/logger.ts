/** Logging through an application's logger: pino's shape, and what the library says. */
import type { MeshNode } from '../runtime/node.ts'
import { type NodeRecorder, recordNode } from './node-records.ts'
import type { LevelName } from './record.ts'

/** pino's way of logging: fields first, then the message. */
type LogMethod = (fields: Record<string, unknown>, message: string) => void

export type Logger = { readonly [Level in Exclude<LevelName, 'fatal'>]: LogMethod } & {
  /** Where there is one, it is asked before anything is put together. */
  isLevelEnabled?(level: string): boolean
}

/** Hands what the library logs of a node to a logger, with the node's id as the field `node`. */
export function loggingTo(node: MeshNode, logger: Logger): NodeRecorder {
  return (level, message, fields) => {
    try {
      if (logger.isLevelEnabled?.(level) === false) return
      logger[level]({ node: node.id, ...fields }, message)
    } catch (error) {
      node.platform.reportUncaught(error)
    }
  }
}

/** For a node that takes no part in the mesh-wide log. */
export function logNode(node: MeshNode, logger: Logger): void {
  recordNode(node, loggingTo(node, logger))
}
