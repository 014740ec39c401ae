/**
 * `npm run bench:log`: what the mesh-wide log costs.
 *
 * 1. A record, for who writes it: pino into the mesh log, which nobody collects, beside pino into /dev/null.
 * 2. 20 nodes in two processes that whisper as much as they can and write 1,000 records a second each. In turns, within
 *    the same processes and right after each other, the records go
 *
 *      plain      to /dev/null, by pino,
 *      kept       into the mesh log, and nobody collects,
 *      collected  into the mesh log, and a node in a third process follows all of them.
 *
 *    What a turn delivered is compared with the turn before or after it: the ratios are those of neighbours, and their
 *    median and extremes over all turns are printed. So a host that gets faster or slower shows in the rates alone.
 *
 *   --rounds N    of the second part, each with fresh processes (5)
 *   --turns N     of each kind in a round (8)
 *   --seconds X   each turn (1.5)
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
import type { HalfApi } from './logging/half.ts'
import { factorText, median, numberText, tableText } from './report.ts'

const NODES = 20
const RECORDS_PER_SECOND = 1_000
const CALL_MS_MAX = 60_000
/** Turns of each kind at the beginning of a round that do not count. */
const WARM_UP_TURNS = 1
const RESULTS = 'bench/results'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    turns: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '1.5' },
    pin: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds)
const turns = Number(options.turns)
const seconds = Number(options.seconds)

/** In this order, and then backwards: `kept` is always beside both others. */
const KINDS = ['plain', 'kept', 'collected'] as const
type Kind = (typeof KINDS)[number]

interface Outcome {
  readonly messagesPerSecond: number
  readonly records: number
  readonly gathered: number
  readonly lost: number
  readonly late: number
  readonly nodesCpuMs: number
  readonly gathererCpuMs: number
}

/** A mesh of 20 nodes of its own, and somebody who may collect. */
class Troupe {
  readonly #halves: readonly Worker<HalfApi>[]
  readonly #gatherer: Worker<GathererApi>

  private constructor(halves: readonly Worker<HalfApi>[], gatherer: Worker<GathererApi>) {
    this.#halves = halves
    this.#gatherer = gatherer
  }

  static async start(port: number): Promise<Troupe> {
    const half = new URL('./logging/half.js', import.meta.url)
    const halves = [await Worker.start<HalfApi>(half), await Worker.start<HalfApi>(half)]
    const gatherer = await Worker.start<GathererApi>(
      new URL('./logging/gatherer.js', import.meta.url),
    )
    for (const each of halves) pin(each.pid, 0)
    pin(gatherer.pid, 1)
    const ofAll = NODES + 1
    const starts: Promise<unknown>[] = halves.map((each, i) => {
      const task = { half: 'ab'[i]!, nodes: NODES / 2, ofAll, port }
      return each.call('start', task, CALL_MS_MAX)
    })
    starts.push(gatherer.call('start', { port, ofAll }, CALL_MS_MAX))
    await Promise.all(starts)
    return new Troupe(halves, gatherer)
  }

  async play(kind: Kind): Promise<Outcome> {
    const isCollected = kind === 'collected'
    if (isCollected) await this.#gatherer.call('follow', null, CALL_MS_MAX)
    const destination = kind === 'plain' ? 'plain' : 'mesh'
    const task = { destination, seconds, recordsPerSecond: RECORDS_PER_SECOND } as const
    const parts = await Promise.all(
      this.#halves.map((each) => each.call('play', task, CALL_MS_MAX)),
    )
    const records = sum(parts.map((part) => part.records))
    const gathered = isCollected
      ? await this.#gatherer.call('leave', { records, limitMs: 20_000 }, CALL_MS_MAX)
      : { records: 0, lost: 0, late: 0, cpuMs: 0 }
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
    for (const end of [...this.#halves.map(ending), ending(this.#gatherer)]) await end()
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

const outcomes: Record<Kind, Outcome>[] = []
for (let round = 0; round < rounds; round++) {
  process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  // Fresh processes each time: how well one is compiled is a matter of luck, too.
  const troupe = await Troupe.start(beaconPort(round))
  for (let turn = -WARM_UP_TURNS; turn < turns; turn++) {
    const played: Partial<Record<Kind, Outcome>> = {}
    for (const kind of turn % 2 === 0 ? KINDS : KINDS.toReversed()) {
      played[kind] = await troupe.play(kind)
    }
    if (turn >= 0) outcomes.push(played as Record<Kind, Outcome>)
  }
  await troupe.stop()
}

/** Median, least and greatest of the turns' ratios. */
function ratioText(of: Kind, to: Kind, pick: (outcome: Outcome) => number): string {
  if (of === to) return ''
  const ratios = outcomes.map((each) => pick(each[of]) / pick(each[to]))
  return `${factorText(median(ratios))} (${numberText(Math.min(...ratios))}–${numberText(Math.max(...ratios))})`
}

const rate = (outcome: Outcome): number => outcome.messagesPerSecond
const perCpu = (outcome: Outcome): number => outcome.messagesPerSecond / outcome.nodesCpuMs
const lines = KINDS.map((kind) => {
  const all = outcomes.map((each) => each[kind])
  const total = (pick: (outcome: Outcome) => number): string => {
    return sum(all.map(pick)).toLocaleString('en')
  }
  return [
    kind,
    numberText(median(all.map(rate))),
    ratioText(kind, 'plain', rate),
    ratioText(kind, 'kept', rate),
    ratioText(kind, 'kept', perCpu),
    total((each) => each.records),
    total((each) => each.gathered),
    total((each) => each.lost),
    total((each) => each.late),
    numberText(median(all.map(({ gathererCpuMs }) => gathererCpuMs / seconds / 10))),
  ]
})
const header = [
  `${NODES} nodes, ${RECORDS_PER_SECOND.toLocaleString('en')} records/s each`,
  'messages/s',
  '÷ plain (min–max)',
  '÷ kept (min–max)',
  'per CPU s ÷ kept',
  'records',
  'gathered',
  'lost',
  'late',
  "collector's CPU %",
]
console.log(`\n${tableText([header, ...lines], 1)}`)
mkdirSync(RESULTS, { recursive: true })
writeFileSync(`${RESULTS}/logging.json`, `${JSON.stringify({ cost, outcomes }, null, 2)}\n`)
