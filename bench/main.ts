/**
 * `npm run bench`: messages between two processes over loopback, earshot side by side with others in one run.
 *
 * Rows: one-way messages of several sizes (messages per second, higher is better) and the round trip of a 100-byte
 * message (microseconds, lower is better). Contenders take turns within each round, so that a slow moment of the
 * machine hits all; medians over the rounds are printed, with earshot's ratio to each other contender.
 * Everything stays on 127.0.0.1 and is bounded in count and time.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Command, Contender, Report, Sender } from './contender.ts'
import { CONTENDERS } from './contenders/index.ts'
import { median, percentile, renderTable } from './report.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    json: { type: 'string' },
  },
})
const rounds = Number(options.rounds)
const scale = Number(options.scale)

/** Messages per measurement: about half a second of work for earshot. */
const ONE_WAY = [
  { bytes: 16, messages: 300_000 },
  { bytes: 100, messages: 300_000 },
  { bytes: 1_024, messages: 150_000 },
  { bytes: 65_536, messages: 8_000 },
] as const
const ROUND_TRIPS = 3_000
const ROUND_TRIP_BYTES = 100
const RECEIVER = fileURLToPath(new URL('./receiver.js', import.meta.url))

interface Bout {
  readonly contender: Contender
  readonly sender: Sender
  ask(command: Command): Promise<Report>
  report(kind: Report['kind']): Promise<Report>
  stop(): Promise<void>
}

async function begin(contender: Contender): Promise<Bout> {
  const child = fork(RECEIVER, [contender.name])
  const waiting = new Map<string, (report: Report) => void>()
  child.on('message', (report: Report) => waiting.get(report.kind)?.(report))
  const report = (kind: Report['kind']): Promise<Report> => {
    return new Promise((resolve) => waiting.set(kind, resolve))
  }
  const ready = await report('ready')
  const sender = await contender.connect(ready.kind === 'ready' ? ready.address : '')
  return {
    contender,
    sender,
    report,
    ask: (command) => {
      const armed = report('armed')
      child.send(command)
      return armed
    },
    stop: async () => {
      await sender.close()
      const exited = once(child, 'exit')
      child.send({ kind: 'stop' } satisfies Command)
      await exited
    },
  }
}

/** Messages per second. */
async function measureOneWay(bout: Bout, bytes: number, messages: number): Promise<number> {
  const payload = new Uint8Array(bytes).fill(0x61)
  await bout.ask({ kind: 'count', messages })
  const done = bout.report('done')
  const start = performance.now()
  for (let i = 0; i < messages; i++) {
    const full = bout.sender.send(payload)
    if (full !== undefined) await full
  }
  await done
  return messages / ((performance.now() - start) / 1_000)
}

/** Microseconds of each round trip. */
async function measureRoundTrips(bout: Bout, count: number): Promise<number[]> {
  const payload = new Uint8Array(ROUND_TRIP_BYTES).fill(0x62)
  await bout.ask({ kind: 'echo' })
  const times: number[] = []
  await new Promise<void>((resolve) => {
    let sentAt = 0
    const next = (): void => {
      sentAt = performance.now()
      void bout.sender.send(payload)
    }
    bout.sender.onReply = () => {
      times.push((performance.now() - sentAt) * 1_000)
      if (times.length < count) next()
      else resolve()
    }
    next()
  })
  return times
}

const results = new Map<string, Map<string, number[]>>()
function record(row: string, contender: string, value: number): void {
  const byContender = results.get(row) ?? new Map<string, number[]>()
  results.set(row, byContender)
  byContender.set(contender, [...(byContender.get(contender) ?? []), value])
}

async function playRound(bout: Bout, warmUp: boolean): Promise<void> {
  const { name } = bout.contender
  for (const { bytes, messages } of ONE_WAY) {
    const count = Math.max(1, Math.round((messages * scale) / (warmUp ? 10 : 1)))
    const rate = await measureOneWay(bout, bytes, count)
    if (!warmUp) record(`one-way ${bytes} B (msg/s)`, name, rate)
  }
  const times = await measureRoundTrips(bout, warmUp ? 300 : ROUND_TRIPS)
  if (warmUp) return
  record('round trip p50 (µs)', name, percentile(times, 50))
  record('round trip p99 (µs)', name, percentile(times, 99))
  record('round trip p99.9 (µs)', name, percentile(times, 99.9))
}

const bouts: Bout[] = []
for (const contender of CONTENDERS) bouts.push(await begin(contender))
for (let round = 0; round <= rounds; round++) {
  const warmUp = round === 0
  process.stderr.write(warmUp ? 'warm-up\n' : `round ${round} of ${rounds}\n`)
  for (const bout of bouts) await playRound(bout, warmUp)
}
for (const bout of bouts) await bout.stop()

const rows = [...results].map(([row, byContender]) => ({
  row,
  medians: Object.fromEntries([...byContender].map(([name, values]) => [name, median(values)])),
  rounds: Object.fromEntries(byContender),
}))
console.log(
  renderTable(
    rows,
    CONTENDERS.map(({ name }) => name),
  ),
)
const file = options.json ?? 'bench/results/latest.json'
if (options.json === undefined) mkdirSync('bench/results', { recursive: true })
const machine = {
  node: process.version,
  cpus: cpus().length,
  model: cpus()[0]?.model,
  platform: process.platform,
}
writeFileSync(file, `${JSON.stringify({ machine, rounds, scale, rows }, null, 2)}\n`)
console.log(
  `\nNode.js ${process.version}, ${machine.cpus} cores; medians of ${rounds} rounds; all values in ${file}`,
)
