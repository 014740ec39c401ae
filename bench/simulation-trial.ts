/** One measurement of `bench/simulator.ts`, in a process of its own: `simulation-trial.js <nodes> <idle seconds>`. */
import { createSimulation } from '../sim/index.ts'

export interface TrialResult {
  readonly nodes: number
  readonly views: number
  /** Wall milliseconds until all views were there. */
  readonly bootMs: number
  readonly bootVirtualMs: number
  /** Events until then. */
  readonly events: number
  readonly bytesPerView: number
  readonly peakBytes: number
  /** Virtual time over wall time while idle. */
  readonly idleSpeed: number
  readonly hash: string
}

/** Virtual milliseconds after which a boot has failed. */
const BOOT_MS_MAX = 300_000
/** Virtual milliseconds until handshakes, and what they left behind, are over. */
const SETTLE_MS = 2_000
/** As `earshot sim cold-boot --set coalesceMs=4 --set dialsPerSecond=100000 --set dialsAtOnce=8`. */
const COALESCE_MS = 4
const LIMITS = { dialsPerSecond: 100_000, dialsAtOnce: 8 }

const nodes = Number(process.argv[2])
const idleMs = Number(process.argv[3]) * 1_000
const views = nodes * (nodes - 1)

function heldBytes(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const before = heldBytes()
const sim = createSimulation({ seed: 'bench', networks: [{ coalesceMs: COALESCE_MS }] })
let known = 0
const startedAt = performance.now()
for (let i = 0; i < nodes; i++) {
  const node = await sim.addNode({ name: `node-${i + 1}`, groups: ['all'], limits: LIMITS })
  node.on('enter', () => {
    known++
  })
}
await sim.until(() => known >= views, BOOT_MS_MAX)
const bootMs = performance.now() - startedAt
const bootVirtualMs = sim.now
const { events } = sim.world
await sim.run(SETTLE_MS)
const bytesPerView = (heldBytes() - before) / views
const idleAt = performance.now()
await sim.run(idleMs)
const result: TrialResult = {
  nodes,
  views,
  bootMs,
  bootVirtualMs,
  events,
  bytesPerView,
  peakBytes: process.resourceUsage().maxRSS * 1_024,
  idleSpeed: idleMs / (performance.now() - idleAt),
  hash: sim.hash,
}
console.log(JSON.stringify(result))
