/**
 * The Node.js host: everything `runtime/platform.ts` asks for, over `node:net`, `node:dgram`,
 * `node:os`, `node:dns`, `node:crypto` and `node:perf_hooks`. One object serves every node of a process; its only state is the
 * measurement of the event loop, while somebody asks for it, and what the resolver is asked.
 */
import type { Platform } from '../runtime/platform.ts'
import { dialStream } from './byte-stream.ts'
import { nodeClock } from './clock.ts'
import { openDatagramPort } from './datagrams.ts'
import { nodeEntropy } from './entropy.ts'
import { nodeInterfaces } from './interfaces.ts'
import { openListener } from './listener.ts'
import { LoopDelayMeter } from './loop-delay.ts'
import { NameResolver } from './resolver.ts'

/** One event loop, one measurement. */
const loopDelay = new LoopDelayMeter()

/** One pool of threads that answer. */
const resolver = new NameResolver()

export const nodePlatform: Platform = {
  clock: nodeClock,
  entropy: nodeEntropy,
  interfaces: nodeInterfaces,
  openDatagrams: openDatagramPort,
  listen: openListener,
  dial: (options, handlers) => dialStream(options, handlers),
  resolve: (name) => resolver.resolve(name),
  eventLoopDelay: () => loopDelay.read(),
  reportUncaught: (error) => {
    process.nextTick(() => {
      throw error
    })
  },
}
