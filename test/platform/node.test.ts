/** The platform contract, held against Node.js over the loopback interface. */
import { setImmediate as turn } from 'node:timers/promises'
import { nodePlatform } from '../../src/platform-node/platform.ts'
import { type PlatformHarness, platformContract } from './contract.ts'

/** Generous, for a busy machine: reached only when something is wrong. */
const PATIENCE_MS = 20_000

/** Turns of the event loop within which everything on the loopback interface has arrived. */
const QUIET_TURNS = 50

async function makeHarness(): Promise<PlatformHarness> {
  const uncaught: unknown[] = []
  let expected = false
  // Vitest would take what `reportUncaught` throws for a failure of the test.
  const others = process.listeners('uncaughtException')
  const note = (error: unknown) => {
    uncaught.push(error)
  }
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', note)
  return {
    platform: nodePlatform,
    hostAddress: '127.0.0.1',
    broadcastAddress: '127.255.255.255',
    measuresDelay: true,
    waitFor: async (condition, what) => {
      const deadline = performance.now() + PATIENCE_MS
      while (!condition()) {
        if (performance.now() > deadline) {
          throw new Error(`waited in vain for: ${what}`, { cause: uncaught[0] })
        }
        await turn()
      }
    },
    quiet: async () => {
      for (let i = 0; i < QUIET_TURNS; i++) await turn()
    },
    uncaught: () => {
      expected = true
      return uncaught
    },
    dispose: async () => {
      process.off('uncaughtException', note)
      for (const listener of others) process.on('uncaughtException', listener)
      if (!expected && uncaught.length > 0) throw uncaught[0]
    },
  }
}

const hasIpv6 = nodePlatform.interfaces().some(({ address }) => address === '::1')

platformContract('Node.js', makeHarness, hasIpv6)
