/** Clusters whose nodes log, and readers of their logs that add up what they were given. */
import { expect } from 'vitest'
import { createSimulation, type Simulation } from '../../sim/index.ts'
import type { SimulationOptions } from '../../sim/population.ts'
import type { PeerId } from '../../src/base/peer-id.ts'
import type { Collector } from '../../src/log/collector.ts'
import type { CollectOptions, LogEntry } from '../../src/log/entries.ts'
import { meshLog } from '../../src/log/mesh-log.ts'
import type { MeshLogOptions } from '../../src/log/options.ts'
import type { LogRecord } from '../../src/log/record.ts'
import type { MeshNode } from '../../src/runtime/node.ts'

/** Reads a collector, unless it is told to wait. */
export class Reader {
  readonly collector: Collector
  readonly entries: LogEntry[] = []
  readonly records: LogRecord[] = []
  readonly lost: Map<PeerId, number> = new Map()
  isOver = false
  #resume: (() => void) | undefined
  #paused: Promise<void> | undefined

  constructor(node: MeshNode, options: CollectOptions = {}) {
    this.collector = meshLog(node).collect(options)
    void this.#read()
  }

  pause(): void {
    this.#paused = new Promise((resolve) => {
      this.#resume = resolve
    })
  }

  resume(): void {
    this.#paused = undefined
    this.#resume?.()
  }

  /** In the order in which they were given. */
  of(node: PeerId): LogRecord[] {
    return this.records.filter((record) => record.node === node)
  }

  /** What is given of a node and what is told as lost is all that it has written, each once and in order. */
  expectAllOf(node: PeerId, written: number): void {
    let next = 1
    let gaps = 0
    for (const { seq } of this.of(node)) {
      expect(seq).toBeGreaterThanOrEqual(next)
      gaps += seq - next
      next = seq + 1
    }
    gaps += written + 1 - next
    expect({ node, gaps }).toEqual({ node, gaps: this.lost.get(node) ?? 0 })
  }

  async #read(): Promise<void> {
    for await (const entry of this.collector) {
      await this.#paused
      this.entries.push(entry)
      if (entry.type === 'record') this.records.push(entry)
      if (entry.type === 'lost') {
        this.lost.set(entry.node, (this.lost.get(entry.node) ?? 0) + entry.count)
      }
    }
    this.isOver = true
  }
}

/** Nodes `n0`, `n1` …, each with a log, in one group; they have met. */
export async function loggingCluster(
  count: number,
  options: SimulationOptions = {},
  log: MeshLogOptions = {},
): Promise<{ sim: Simulation; nodes: MeshNode[] }> {
  const sim = createSimulation({ seed: 11, ...options })
  sim.onStart((_member, node) => meshLog(node, log))
  const nodes: MeshNode[] = []
  for (let i = 0; i < count; i++) nodes.push(await sim.addNode({ name: `n${i}`, groups: ['all'] }))
  await sim.until(() => nodes.every((node) => node.peers().length === count - 1))
  return { sim, nodes }
}

/** Records that a node has written so far. */
export function writtenBy(node: MeshNode): number {
  return meshLog(node).metrics().records
}

export function subscriptionsOf(nodes: readonly MeshNode[]): number[] {
  return nodes.map((node) => meshLog(node).metrics().subscriptions)
}
