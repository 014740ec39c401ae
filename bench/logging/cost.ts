/** What one record costs the one who writes it: `node cost.js`, in a process of its own. */
import { pino } from 'pino'
import { createNode, meshLog } from '../../src/index.ts'
import { beaconPort } from '../beacon-port.ts'
import { median } from '../report.ts'

const RECORDS = 100_000
const ROUNDS = 9

/** Nanoseconds a record. */
function measure(log: pino.Logger): number {
  const startedAt = performance.now()
  for (let i = 0; i < RECORDS; i++)
    log.info({ group: 'bench', reading: i }, 'a reading has come in')
  return ((performance.now() - startedAt) * 1e6) / RECORDS
}

const node = await createNode({ interfaces: '127.0.0.1', port: beaconPort(0) })
const plain = pino(pino.destination('/dev/null'))
const mesh = pino(meshLog(node))
const times: { plain: number; mesh: number }[] = []
for (let i = 0; i < ROUNDS; i++) times.push({ plain: measure(plain), mesh: measure(mesh) })
await node.stop()
const counted = times.slice(1)
process.send?.({
  plain: median(counted.map((each) => each.plain)),
  mesh: median(counted.map((each) => each.mesh)),
  ratio: median(counted.map((each) => each.mesh / each.plain)),
})
process.disconnect?.()
