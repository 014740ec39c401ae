/** A node that collects everything that is logged, for as long as it is told to: `node gatherer.js`. */
import type { Collector, MeshNode } from '../../src/index.ts'
import { createNode, meshLog } from '../../src/index.ts'
import { serve } from '../calls.ts'
import { ownUsage } from '../usage.ts'

export type GathererApi = {
  readonly start: {
    readonly takes: { readonly port: number; readonly ofAll: number }
    readonly gives: null
  }
  /** Begins to follow, and answers when the logs of all have been reached. */
  readonly follow: { readonly takes: null; readonly gives: null }
  /** What has come since, once it is so many records; then it follows no more. */
  readonly leave: {
    readonly takes: { readonly records: number; readonly limitMs: number }
    readonly gives: {
      readonly records: number
      readonly lost: number
      readonly late: number
      readonly cpuMs: number
    }
  }
  readonly stop: { readonly takes: null; readonly gives: null }
}

let node: MeshNode | undefined
let collector: Collector | undefined
let tally = { sources: 0, records: 0, lost: 0, late: 0 }
let cpuMs = 0

async function read(entries: Collector): Promise<void> {
  for await (const entry of entries) {
    if (entry.type === 'source') tally.sources++
    if (entry.type === 'lost') tally.lost += entry.count
    if (entry.type !== 'record' || entry.fields['group'] !== 'bench') continue
    tally.records++
    if (entry.late) tally.late++
  }
}

async function until(condition: () => boolean, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs
  while (!condition() && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

serve<GathererApi>({
  start: async ({ port, ofAll }) => {
    node = await createNode({ name: 'gatherer', interfaces: '127.0.0.1', port })
    while (node.peers().length < ofAll - 1) await node.next('enter')
    return null
  },
  follow: async () => {
    tally = { sources: 0, records: 0, lost: 0, late: 0 }
    cpuMs = ownUsage().cpuMs
    collector = meshLog(node!).collect({ own: false, level: 30 })
    void read(collector)
    await until(() => tally.sources >= node!.peers().length, 10_000)
    return null
  },
  leave: async ({ records, limitMs }) => {
    await until(() => tally.records + tally.lost >= records, limitMs)
    collector?.close()
    return { ...tally, cpuMs: ownUsage().cpuMs - cpuMs }
  },
  stop: async () => {
    await node?.stop()
    return null
  },
})
