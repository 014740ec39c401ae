/** One of the processes whose nodes all meet: `node mesh-half.js`. */
import type { MeshNode } from '../src/index.ts'
import { createNode } from '../src/index.ts'
import { serve } from './calls.ts'
import type { Usage } from './usage.ts'
import { hostNow, ownUsage } from './usage.ts'

export type MeshHalfApi = {
  /** Starts nodes; resolves when each of them sees all others of the mesh. Times are of `hostNow`. */
  readonly meet: {
    readonly takes: { readonly nodes: number; readonly ofAll: number; readonly port: number }
    readonly gives: { readonly startedAt: number; readonly metAt: number }
  }
  readonly part: { readonly takes: null; readonly gives: null }
  readonly usage: { readonly takes: null; readonly gives: Usage }
}

const nodes: MeshNode[] = []

/** Resolves, with the time, at the last of so many `enter` events. */
function meeting(viewsWanted: number): { promise: Promise<number>; handleEnter: () => void } {
  let views = 0
  let handleEnter = (): void => {}
  const promise = new Promise<number>((resolve) => {
    handleEnter = () => {
      views++
      if (views === viewsWanted) resolve(hostNow())
    }
  })
  return { promise, handleEnter }
}

serve<MeshHalfApi>({
  meet: async ({ nodes: count, ofAll, port }) => {
    const startedAt = hostNow()
    const { promise: met, handleEnter } = meeting(count * (ofAll - 1))
    const start = async (): Promise<void> => {
      const node = await createNode({ interfaces: '127.0.0.1', port })
      node.on('enter', handleEnter)
      nodes.push(node)
    }
    await Promise.all(Array.from({ length: count }, start))
    return { startedAt, metAt: await met }
  },
  part: async () => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()))
    return null
  },
  usage: ownUsage,
})
