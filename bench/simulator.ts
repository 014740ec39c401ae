/**
 * `npm run bench:sim`: how fast and how large the simulator runs. Everything is virtual: no packet leaves.
 *
 * Rows, each measured in a process of its own (see `simulation-trial.ts`):
 *   cold boot   N nodes start at once; wall time until all N·(N−1) views are there
 *   memory      bytes per view (both ends of its links included) when all is settled, and the peak of the process
 *   idle        virtual time against wall time while nothing happens but beacons and link probes
 *   sweep       seeds of `random` (30 nodes, 2 virtual minutes, all checks) per minute, on all cores
 */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { numberOption, wholeOption } from './options.ts'
import type { TrialResult } from './simulation-trial.ts'

const { values: options } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100,500,1000' },
    idle: { type: 'string', default: '10' },
    seeds: { type: 'string', default: '60' },
    json: { type: 'string' },
  },
})

const TRIAL = fileURLToPath(new URL('./simulation-trial.js', import.meta.url))
const COMMAND = fileURLToPath(new URL('../cli/main.js', import.meta.url))
/** As `earshot sim` runs a simulation: see `cli/sim`. */
const NODE_OPTIONS = ['--expose-gc', '--max-semi-space-size=128', '--max-old-space-size=16384']

/** Runs a program of ours to its end; gives back what it printed. */
async function output(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  for await (const chunk of child.stdout) text += String(chunk)
  if (child.exitCode !== 0 && child.exitCode !== null) {
    throw new Error(`${args.join(' ')} ended with ${child.exitCode}`)
  }
  return text
}

const counts = options.nodes.split(',').map((text) => {
  return wholeOption('nodes', text, { min: 2, max: 10_000 })
})
const idleSeconds = numberOption('idle', options.idle, { min: 0.1, max: 3_600 })
/** 0: no sweep. */
const seeds = wholeOption('seeds', options.seeds, { min: 0, max: 1_000_000 })

const trials: TrialResult[] = []
for (const nodes of counts) {
  process.stderr.write(`${nodes} nodes\n`)
  const text = await output([...NODE_OPTIONS, TRIAL, String(nodes), String(idleSeconds)])
  trials.push(JSON.parse(text) as TrialResult)
}

const header = [
  'nodes',
  'views',
  'boot (s)',
  'µs/view',
  'virtual (s)',
  'events/s',
  'B/view',
  'peak (MiB)',
  'idle (× real time)',
]
const body = trials.map((trial) => [
  String(trial.nodes),
  String(trial.views),
  (trial.bootMs / 1_000).toFixed(1),
  ((trial.bootMs * 1_000) / trial.views).toFixed(1),
  (trial.bootVirtualMs / 1_000).toFixed(1),
  Math.round(trial.events / (trial.bootMs / 1_000)).toLocaleString('en'),
  String(Math.round(trial.bytesPerView)),
  String(Math.round(trial.peakBytes / 2 ** 20)),
  trial.idleSpeed.toFixed(1),
])
const lines = [header, ...body]
const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
for (const line of lines) {
  console.log(line.map((cell, column) => cell.padStart(widths[column]!)).join('  '))
}

let seedsPerMinute: number | undefined
if (seeds > 0) {
  process.stderr.write(`sweep of ${seeds} seeds\n`)
  const startedAt = performance.now()
  const sweep = ['sim', 'random', '--nodes', '30', '--for', '120s', '--seeds', `1..${seeds}`]
  await output([COMMAND, ...sweep, '--quiet'])
  seedsPerMinute = seeds / ((performance.now() - startedAt) / 60_000)
  console.log(`\nsweep of 30 nodes × 2 virtual minutes: ${Math.round(seedsPerMinute)} seeds/minute`)
}

const machine = { node: process.version, cpus: cpus().length, model: cpus()[0]?.model }
const file = options.json ?? 'bench/results/simulator.json'
if (options.json === undefined) mkdirSync('bench/results', { recursive: true })
writeFileSync(file, `${JSON.stringify({ machine, trials, seedsPerMinute }, null, 2)}\n`)
console.log(`\nNode.js ${machine.node}, ${machine.cpus} cores; all values in ${file}`)
