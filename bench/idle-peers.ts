/**
 * `npm run bench:idle`: what a node with many quiet peers costs: resident memory and processor time of its process,
 * with real sockets (two for each peer), on 127.0.0.1. The peers are puppets in a process of their own, which say HELLO
 * and nothing more.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createNodeOn, nodePlatform } from '../src/index.ts'
import { beaconPort } from './beacon-port.ts'
import { numberOption, wholeOption } from './options.ts'

const { values: options } = parseArgs({
  options: {
    peers: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '20' },
  },
})
const count = wholeOption('peers', options.peers, { min: 1, max: 10_000 })
const seconds = numberOption('seconds', options.seconds, { min: 0.1, max: 3_600 })
const MIB = 2 ** 20
const PUPPETS = fileURLToPath(new URL('./puppets.js', import.meta.url))
const MAILBOX_PORT = 40_000 + (process.pid % 8_000)

/** Bytes, when what can be collected has been. */
function resident(): { rss: number; heap: number } {
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed + external }
}

// Whoever asks for metrics begins to measure the delay of the event loop; that is not what is measured here.
const { eventLoopDelay: _, ...platform } = nodePlatform
const node = await createNodeOn(platform, {
  name: 'bench',
  interfaces: '127.0.0.1',
  port: beaconPort(0),
  mailboxPort: MAILBOX_PORT,
  limits: { peersPerAddress: count, halfOpenPerAddress: count, dialsPerSecond: count },
  // The puppets send no beacons.
  timers: { evasiveMs: 600_000 },
})
const before = resident()
const puppets = fork(PUPPETS, [String(MAILBOX_PORT), String(count)])
await once(puppets, 'message')
while (node.metrics().peers.filter(({ link }) => link === 'open').length < count) await sleep(50)
await sleep(1_000)
const after = resident()
const cpu = process.cpuUsage()
await sleep(seconds * 1_000)
const used = process.cpuUsage(cpu)
const perPeer = (bytes: number): string => `${(bytes / count / 1_024).toFixed(1)} KiB`

console.log(
  `peers                ${node.peers().length.toLocaleString('en')}, each with a link each way`,
)
console.log(
  `resident memory      ${(after.rss / MIB).toFixed(0)} MiB (${(before.rss / MIB).toFixed(0)} MiB without peers)`,
)
console.log(`memory of JavaScript ${perPeer(after.heap - before.heap)} for each peer`)
console.log(
  `processor time       ${((used.user + used.system) / 10_000 / seconds).toFixed(2)} % of a core while idle`,
)

const exited = once(puppets, 'exit')
puppets.disconnect()
await exited
await node.stop()
