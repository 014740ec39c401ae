/**
 * A worker process of `earshot sim --real`: hosts real nodes on the loopback interface. It ends with the command that
 * started it, however that ends; Ctrl-C in a terminal reaches it too, and is for the command to decide.
 */
import { randomInt } from 'node:crypto'
import { createNode } from '../../src/index.ts'
import { type News, type Order, PORTS } from './protocol.ts'
import { Troupe } from './troupe.ts'

/** Whatever happens, no worker outlives this. */
const LIFE_MS_MAX = 2 * 3_600_000
const PROGRESS_MS = 100

let troupe: Troupe | undefined

function tell(news: News): void {
  if (process.connected) process.send?.(news)
}

function fail(error: unknown): void {
  tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) })
}

async function take(order: Order): Promise<void> {
  switch (order.kind) {
    case 'begin': {
      const begun = new Troupe(order, fail)
      troupe = begun
      begun.play()
      setInterval(() => tell(begun.headway()), PROGRESS_MS)
      break
    }
    case 'settle':
      if (troupe !== undefined) tell({ kind: 'settled', record: troupe.settle() })
      break
    case 'stop':
      await troupe?.stop()
      tell({ kind: 'stopped' })
      break
  }
}

/** A node that nobody meets: what is measured is not to be the first use of everything. */
async function warmUp(): Promise<void> {
  const port = randomInt(PORTS.first, PORTS.end)
  const node = await createNode({ interfaces: '127.0.0.1', port })
  await node.stop()
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('uncaughtException', fail)
process.on('disconnect', () => process.exit())
process.on('message', (order: Order) => void take(order).catch(fail))
setTimeout(() => process.exit(), LIFE_MS_MAX).unref()
warmUp().then(() => tell({ kind: 'ready' }), fail)
