/**
 * The Node.js host: everything `runtime/platform.ts` asks for, over `node:net`, `node:dgram`,
 * `node:os` and `node:crypto`. It has no state of its own; one object serves every node of a process.
 */
import type { Platform } from '../runtime/platform.ts'
import { dialStream } from './byte-stream.ts'
import { nodeClock } from './clock.ts'
import { openDatagramPort } from './datagrams.ts'
import { nodeEntropy } from './entropy.ts'
import { nodeInterfaces } from './interfaces.ts'
import { openListener } from './listener.ts'

export const nodePlatform: Platform = {
  clock: nodeClock,
  entropy: nodeEntropy,
  interfaces: nodeInterfaces,
  openDatagrams: openDatagramPort,
  listen: openListener,
  dial: (options, handlers) => dialStream(options, handlers),
  reportUncaught: (error) => {
    process.nextTick(() => {
      throw error
    })
  },
}
