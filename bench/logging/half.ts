/**
 * Half of the nodes that log and talk: `node half.js`. Each node writes records at a fixed rate and whispers as much as
 * it can to its partner in the other half.
 */
import { pino } from 'pino'
import type { MeshNode } from '../../src/index.ts'
import { createNode, meshLog } from '../../src/index.ts'
import { serve } from '../calls.ts'
import { ownUsage } from '../usage.ts'

/** Where records go: to /dev/null (`plain`), or into the mesh-wide log. */
export type Destination = 'plain' | 'mesh'

export type HalfApi = {
  readonly start: {
    readonly takes: { half: string; nodes: number; ofAll: number; port: number }
    readonly gives: null
  }
  readonly play: {
    readonly takes: {
      readonly destination: Destination
      readonly seconds: number
      readonly recordsPerSecond: number
    }
    readonly gives: { readonly received: number; readonly records: number; readonly cpuMs: number }
  }
  readonly stop: { readonly takes: null; readonly gives: null }
}

const BURST = 64
const TICK_MS = 10
const payload = new Uint8Array(100)

interface Player {
  readonly node: MeshNode
  readonly logs: Readonly<Record<Destination, pino.Logger>>
}

const players: Player[] = []
let received = 0

async function startPlayer(name: string, port: number, ofAll: number): Promise<Player> {
  const node = await createNode({ name, interfaces: '127.0.0.1', port })
  node.on('whisper', () => {
    received++
  })
  while (node.peers().length < ofAll - 1) await node.next('enter')
  const plain = pino({ base: null }, pino.destination('/dev/null'))
  return { node, logs: { plain, mesh: pino({ base: null }, meshLog(node)) } }
}

/** To the node of the same number in the other half, until told to stop. */
async function talk({ node }: Player, isOver: () => boolean): Promise<void> {
  const [half, number] = node.name.split(' ')
  const partner = node.peers().find(({ name }) => name === `${half === 'a' ? 'b' : 'a'} ${number}`)!
  while (!isOver()) {
    for (let i = 0; i < BURST; i++) await node.whisper(partner, payload)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

serve<HalfApi>({
  start: async ({ half, nodes, ofAll, port }) => {
    const starts = Array.from({ length: nodes }, (_, i) => {
      return startPlayer(`${half} ${i}`, port, ofAll)
    })
    players.push(...(await Promise.all(starts)))
    return null
  },
  play: async ({ destination, seconds, recordsPerSecond }) => {
    const { cpuMs } = ownUsage()
    const startedAt = performance.now()
    received = 0
    let records = 0
    let isOver = false
    const write = setInterval(() => {
      const due = ((performance.now() - startedAt) / 1_000) * recordsPerSecond
      for (; records < due * players.length; records++) {
        const { logs } = players[records % players.length]!
        logs[destination].info({ group: 'bench', reading: records }, 'a reading has come in')
      }
    }, TICK_MS)
    const talks = players.map((player) => talk(player, () => isOver))
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
    clearInterval(write)
    isOver = true
    const heard = received
    await Promise.all(talks)
    return { received: heard, records, cpuMs: ownUsage().cpuMs - cpuMs }
  },
  stop: async () => {
    await Promise.all(players.splice(0).map(({ node }) => node.stop()))
    return null
  },
})
