/** The platform contract, held against the simulator's platform on virtual time. */

import { World } from '../../sim/kernel/world.ts'
import { Internet } from '../../sim/network/host.ts'
import { VirtualNetwork } from '../../sim/network/network.ts'
import type { Chunking } from '../../sim/network/tcp-shared.ts'
import { type PlatformHarness, platformContract } from './contract.ts'

/** Virtual milliseconds: reached only when something is wrong. */
const PATIENCE_MS = 100_000
/** Within this everything on a calm network has arrived. */
const QUIET_MS = 200

async function makeHarness(chunking: Chunking): Promise<PlatformHarness> {
  const world = new World('contract')
  const network = new VirtualNetwork(world)
  const host = new Internet(world, network, chunking).addHost('host', [network.addSubnet()])
  const process = host.spawn()
  return {
    platform: process,
    hostAddress: host.address,
    broadcastAddress: host.broadcastAddress,
    measuresDelay: false,
    waitFor: async (condition, what) => {
      await world.run(PATIENCE_MS, { until: condition })
      if (!condition()) throw new Error(`waited in vain for: ${what}`)
    },
    quiet: () => world.run(QUIET_MS),
    uncaught: () => process.uncaught,
    dispose: async () => {},
  }
}

platformContract('the simulator', () => makeHarness('natural'))
platformContract('the simulator, with bytes cut badly', () => makeHarness('torture'))
