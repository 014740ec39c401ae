/**
 * A check on its own: nodes that really run on a calm virtual network, and a watcher that is told by hand what a run
 * would tell it, true or not.
 */

import type { Check, Watcher } from '../../sim/checks/check.ts'
import type { SubnetOptions } from '../../sim/network/topology.ts'
import type { Member } from '../../sim/population.ts'
import type { ReceivedMessage, TrackedMessage } from '../../sim/scenario/ledger.ts'
import { createSimulation, type Simulation } from '../../sim/simulation.ts'
import type { PeerInfo } from '../../src/mesh/events.ts'
import type { MeshNode } from '../../src/runtime/node.ts'
import type { NodeEvent } from '../../src/runtime/node-events.ts'

export interface WatchingOptions {
  readonly names?: readonly string[]
  /** Default: a run in which nothing is ever done to anybody. */
  readonly isHealthy?: boolean
  readonly network?: SubnetOptions
}

/** Nodes that see each other, each in the group `all`, and a check that watches them. */
export async function watching(check: Check, options: WatchingOptions = {}): Promise<Watching> {
  const { names = ['ann', 'bob'], isHealthy = true, network = {} } = options
  const watching = new Watching(check, isHealthy, network)
  for (const name of names) await watching.sim.addNode({ name, groups: ['all'] })
  await watching.run(2_000)
  return watching
}

export class Watching {
  readonly sim: Simulation
  readonly watcher: Watcher
  readonly failures: string[] = []

  constructor(check: Check, isHealthy: boolean, network: SubnetOptions) {
    this.sim = createSimulation({ networks: [network] })
    const report = (message: string): void => {
      this.failures.push(message)
    }
    this.watcher = check.watch({ sim: this.sim, report, isHealthy })
    this.sim.onStart((member, node) => {
      this.watcher.started?.(member, node)
      node.on('stop', (event) => this.watcher.event?.(member, node, event))
    })
    this.sim.onEnd((member, node) => this.watcher.ended?.(member, node))
    this.sim.onFault({
      began: (fault) => this.watcher.faultBegan?.(fault),
      ended: (fault, atMs) => this.watcher.faultEnded?.(fault, atMs),
    })
  }

  /** Lets time pass, with a sample per second. */
  async run(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      await this.sim.run(Math.min(1_000, left))
      this.watcher.sampled?.()
    }
  }

  node(name: string): MeshNode {
    return this.member(name).node!
  }

  member(name: string): Member {
    return this.sim.member(name)
  }

  /** A description of a node, as another would give it. */
  peer(name: string, changes: Partial<PeerInfo> = {}): PeerInfo {
    const { id } = this.node(name)
    const endpoint = 'tcp://10.0.0.1:1'
    const known = {
      headers: {},
      groups: [],
      presence: 'alive',
      asleep: false,
      foundBy: ['beacon'],
    } as const
    return { id, name, endpoint, ...known, ...changes }
  }

  /** Has a node tell an event. */
  tell(name: string, event: NodeEvent): void {
    this.watcher.event?.(this.member(name), this.node(name), event)
  }

  /** A message of one node to another, or to a group. */
  message(from: string, number: number, to: string | { readonly group: string }): TrackedMessage {
    const { index: sender, starts: start } = this.member(from)
    const isWhisper = typeof to === 'string'
    return {
      sender,
      start,
      number,
      sentAtMs: this.sim.now,
      to: isWhisper ? this.member(to).index : undefined,
      group: isWhisper ? undefined : to.group,
      bytes: 100,
    }
  }

  /** A node has accepted a message for these. */
  send(message: TrackedMessage, ...to: readonly string[]): void {
    this.watcher.sent?.(
      message,
      true,
      to.map((name) => this.node(name).id),
    )
  }

  receive(name: string, message: TrackedMessage, changes: Partial<ReceivedMessage> = {}): void {
    const from = this.sim.members[message.sender]!.node!.id
    const received = { ...message, intact: true, ...changes }
    this.watcher.received?.(this.member(name), this.node(name), received, from)
  }
}
