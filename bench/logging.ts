/**
 * `npm run bench:log`: what the mesh-wide log costs.
 *
 * 1. A record, for who writes it: pino into the mesh log, which nobody collects, beside pino into /dev/null.
 * 2. 20 nodes in two processes that whisper as much as they can and write 1,000 records a second each: pino into
 *    /dev/null, the mesh log without and with a collector (in a third process, on the same cores).
 *
 *   --rounds N    of the second part; medians are printed (5)
 *   --seconds X   each (3)
 *   --pin         the nodes on one core and the collector on another, as if it were on another host (Linux, `taskset`)
 *
 * Everything stays on 127.0.0.1.
 */
import { execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { beaconPort } from './beacon-port.ts'
import { Worker } from './calls.ts'
import type { GathererApi } from './logging/gatherer.ts'
import type { Destination, HalfApi } from './logging/half.ts'
import { numberOption, wholeOption } from './options.ts'
import { factorText, median, numberText, tableText } from './report.ts'

const NODES = 20
const RECORDS_PER_SECOND = 1_000
const CALL_MS_MAX = 60_000
const WARM_UP_SECONDS = 1
const RESULTS = 'bench/results'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    pin: { type: 'boolean', default: false },
  },
})
const rounds = wholeOption('rounds', options.rounds, { min: 1, max: 1_000 })
const seconds = numberOption('seconds', options.seconds, { min: 0.1, max: 3_600 })

interface Outcome {
  readonly messagesPerSecond: number
  readonly records: number
  readonly gathered: number
  readonly lost: number
  readonly late: number
  readonly nodesCpuMs: number
  readonly gathererCpuMs: number
}

/** A mesh of 20 nodes of its own, and perhaps somebody who collects. */
class Troupe {
  readonly #halves: readonly Worker<HalfApi>[]
  readonly #gatherer: Worker<GathererApi> | undefined

  private constructor(
    halves: readonly Worker<HalfApi>[],
    gatherer: Worker<GathererApi> | undefined,
  ) {
    this.#halves = halves
    this.#gatherer = gatherer
  }

  static async start(destination: Destination, isGathered: boolean, port: number): Promise<Troupe> {
    const half = new URL('./logging/half.js', import.meta.url)
    const halves = [await Worker.start<HalfApi>(half), await Worker.start<HalfApi>(half)]
    const gatherer = isGathered
      ? await Worker.start<GathererApi>(new URL('./logging/gatherer.js', import.meta.url))
      : undefined
    for (const each of halves) pin(each.pid, 0)
    pin(gatherer?.pid, 1)
    const ofAll = NODES + (isGathered ? 1 : 0)
    const starts: Promise<unknown>[] = halves.map((each, i) => {
      const task = { destination, half: 'ab'[i]!, nodes: NODES / 2, ofAll, port }
      return each.call('start', task, CALL_MS_MAX)
    })
    if (gatherer !== undefined) starts.push(gatherer.call('start', { port, ofAll }, CALL_MS_MAX))
    await Promise.all(starts)
    return new Troupe(halves, gatherer)
  }

  async play(seconds: number): Promise<Outcome> {
    const none = { records: 0, lost: 0, late: 0, cpuMs: 0 }
    await this.#gatherer?.call('tally', { records: 0, limitMs: 0 }, CALL_MS_MAX)
    const task = { seconds, recordsPerSecond: RECORDS_PER_SECOND }
    const parts = await Promise.all(
      this.#halves.map((each) => each.call('play', task, CALL_MS_MAX)),
    )
    const records = sum(parts.map((part) => part.records))
    const gathered =
      (await this.#gatherer?.call('tally', { records, limitMs: 20_000 }, CALL_MS_MAX)) ?? none
    return {
      messagesPerSecond: sum(parts.map(({ received }) => received)) / seconds,
      records,
      gathered: gathered.records,
      lost: gathered.lost,
      late: gathered.late,
      nodesCpuMs: sum(parts.map(({ cpuMs }) => cpuMs)),
      gathererCpuMs: gathered.cpuMs,
    }
  }

  async stop(): Promise<void> {
    const workers = [
      ...this.#halves.map(ending),
      ...(this.#gatherer ? [ending(this.#gatherer)] : []),
    ]
    for (const end of workers) await end()
  }
}

function pin(pid: number | undefined, core: number): void {
  if (options.pin && pid !== undefined) {
    execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', String(core), String(pid)])
  }
}

/** How to end a worker: politely, and then for certain. */
function ending(worker: Worker<HalfApi> | Worker<GathererApi>): () => Promise<void> {
  const call = (worker as Worker<Pick<HalfApi, 'stop'>>).call.bind(worker)
  return async () => {
    await call('stop', null, CALL_MS_MAX).catch(() => {})
    await worker.stop()
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0)
}

async function measureCost(): Promise<{ plain: number; mesh: number; ratio: number }> {
  const child = fork(fileURLToPath(new URL('./logging/cost.js', import.meta.url)))
  const [result] = await once(child, 'message')
  return result
}

const cost = await measureCost()
console.log(
  tableText(
    [
      ['a record of level info', 'ns', '÷ pino'],
      ['pino into /dev/null', numberText(cost.plain), ''],
      ['pino into the mesh log, nobody collects', numberText(cost.mesh), factorText(cost.ratio)],
    ],
    1,
  ),
)

interface Mode {
  readonly name: string
  readonly destination: Destination
  readonly isGathered: boolean
  readonly outcomes: Outcome[]
}

const modes: readonly Mode[] = [
  { name: 'pino into /dev/null', destination: 'plain', isGathered: false, outcomes: [] },
  { name: 'mesh log', destination: 'mesh', isGathered: false, outcomes: [] },
  { name: 'mesh log, collected', destination: 'mesh', isGathered: true, outcomes: [] },
]
for (let round = 0; round < rounds; round++) {
  for (const [i, { name, destination, isGathered, outcomes }] of modes.entries()) {
    process.stderr.write(`round ${round + 1} of ${rounds}: ${name}\n`)
    // Fresh processes each time: how well one is compiled is a matter of luck, too.
    const troupe = await Troupe.start(destination, isGathered, beaconPort(modes.length * round + i))
    await troupe.play(WARM_UP_SECONDS)
    outcomes.push(await troupe.play(seconds))
    await troupe.stop()
  }
}

const [plain] = modes
const lines = modes.map(({ name, outcomes }) => {
  const of = (pick: (outcome: Outcome) => number): number => median(outcomes.map(pick))
  const perCpu = (outcome: Outcome): number => {
    return (outcome.messagesPerSecond * seconds) / outcome.nodesCpuMs
  }
  const ratio = (pick: (outcome: Outcome) => number): string => {
    return factorText(median(outcomes.map((each, i) => pick(each) / pick(plain!.outcomes[i]!))))
  }
  const total = (pick: (outcome: Outcome) => number): string => {
    return sum(outcomes.map(pick)).toLocaleString('en')
  }
  return [
    name,
    numberText(of((each) => each.messagesPerSecond)),
    ratio((each) => each.messagesPerSecond),
    ratio(perCpu),
    total((each) => each.records),
    total((each) => each.gathered),
    total((each) => each.lost),
    total((each) => each.late),
    numberText(of(({ gathererCpuMs }) => gathererCpuMs / seconds / 10)),
  ]
})
const header = [
  `${NODES} nodes, ${RECORDS_PER_SECOND.toLocaleString('en')} records/s each`,
  'messages/s',
  '÷ plain',
  'per CPU s ÷ plain',
  'records',
  'gathered',
  'lost',
  'late',
  "collector's CPU %",
]
console.log(`\n${tableText([header, ...lines], 1)}`)
mkdirSync(RESULTS, { recursive: true })
writeFileSync(
  `${RESULTS}/logging.json`,
  `${JSON.stringify({ cost, modes: modes.map(({ name, outcomes }) => ({ name, outcomes })) }, null, 2)}\n`,
)
