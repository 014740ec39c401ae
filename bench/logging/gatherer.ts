/** A node that collects everything that is logged: `node gatherer.js`. */
import type { Collector, MeshNode } from '../../src/index.ts'
import { createNode, meshLog } from '../../src/index.ts'
import { serve } from '../calls.ts'
import { ownUsage } from '../usage.ts'

export type GathererApi = {
  readonly start: {
    readonly takes: { readonly port: number; readonly ofAll: number }
    readonly gives: null
  }
  /** What has come since the last time. */
  readonly tally: {
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
let tally = { records: 0, lost: 0, late: 0 }
let cpuMs = 0

async function read(collector: Collector): Promise<void> {
  for await (const entry of collector) {
    if (entry.type === 'lost') tally.lost += entry.count
    if (entry.type !== 'record' || entry.fields['group'] !== 'bench') continue
    tally.records++
    if (entry.late) tally.late++
  }
}

serve<GathererApi>({
  start: async ({ port, ofAll }) => {
    node = await createNode({ name: 'gatherer', interfaces: '127.0.0.1', port })
    while (node.peers().length < ofAll - 1) await node.next('enter')
    void read(meshLog(node).collect({ own: false, level: 30 }))
    return null
  },
  tally: async ({ records, limitMs }) => {
    const until = performance.now() + limitMs
    while (tally.records + tally.lost < records && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const result = { ...tally, cpuMs: ownUsage().cpuMs - cpuMs }
    tally = { records: 0, lost: 0, late: 0 }
    cpuMs = ownUsage().cpuMs
    return result
  },
  stop: async () => {
    await node?.stop()
    return null
  },
})
