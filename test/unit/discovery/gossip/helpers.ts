/** Nodes with gossip on the network in memory. */
import { expect } from 'vitest'
import { type Gossip, startGossip } from '../../../../src/discovery/gossip/gossip.ts'
import type { GossipLimits } from '../../../../src/discovery/gossip/limits.ts'
import type { GossipOptions } from '../../../../src/discovery/gossip/options.ts'
import { FakeHost, mailboxAt } from '../../../support/discovery-host.ts'
import { type MemoryHost, World } from '../../../support/memory-platform.ts'

export const HUB_PORT = 5_670

export interface TestNode {
  readonly machine: MemoryHost
  readonly host: FakeHost
  readonly gossip: Gossip
  /** `tcp://address:port` of its hub. */
  readonly hub: string
  /** Where others find it. */
  readonly place: string
}

export class Nodes {
  world: World = new World()
  #open: TestNode[] = []
  #count = 0

  /** A node on a host of its own, or on `machine`, with a mailbox at port 50,000. */
  start(
    options: GossipOptions,
    { machine = this.world.host(), limits = {} as Partial<GossipLimits> } = {},
  ): TestNode {
    const host = new FakeHost(machine, ++this.#count, [mailboxAt(machine.address)])
    const gossip = startGossip(host, options, limits)
    const { address } = machine
    const hub = `tcp://${address}:${HUB_PORT}`
    const node = { machine, host, gossip, hub, place: `${address}:50000` }
    this.#open.push(node)
    return node
  }

  /** A node that is a hub, and connects to others. */
  startHub(...connect: string[]): TestNode {
    return this.start({ bind: `tcp://*:${HUB_PORT}`, connect })
  }

  /** Ends all, and begins a new world. */
  end(): void {
    for (const { gossip } of this.#open) gossip.close()
    for (const each of this.world.hosts) expect(each.uncaught).toEqual([])
    this.world = new World()
    this.#open = []
    this.#count = 0
  }
}

/** Whom the node proposes now: in the next round of proposals. */
export async function proposed(world: World, { host }: TestNode): Promise<string[]> {
  const from = world.now
  await world.run(5_100)
  return host.proposedSince(from)
}
