/**
 * `npm run bench`: earshot side by side with others, in one run, between processes over loopback.
 *
 *   --rounds N     rounds after the warm-up; medians over them are printed (5)
 *   --scale X      how long each play takes: 1 is 0.4 s
 *   --only TEXT    only rows whose name contains it; may be given several times
 *   --contender X  only this one, as in `--contender earshot` under a profiler; may be given several times
 *   --json FILE    where all values go (bench/results/latest.json)
 *
 * `trials.ts` has the rows and the targets, `bout.ts` how one is measured, `contenders/` who plays. Everything stays on
 * 127.0.0.1 and is bounded in count and time. Missed targets are reported and are no failure: machines differ.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { CONTENDER_NAMES, loadContender } from './contenders/index.ts'
import { natsServerPath } from './contenders/nats.ts'
import { playMatch } from './match.ts'
import { numberOption, wholeOption } from './options.ts'
import type { MatchResult } from './results.ts'
import { costResults, judge, resultTable, rowResults, verdictTable } from './results.ts'
import { TARGETS, TRIALS } from './trials.ts'

const SLICE_SECONDS = 0.4
const SUBJECT = 'earshot'
const RESULTS = 'bench/results'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    only: { type: 'string', multiple: true, default: [] },
    contender: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
  },
})
const rounds = wholeOption('rounds', options.rounds, { min: 1, max: 1_000 })
const slice = SLICE_SECONDS * numberOption('scale', options.scale, { min: 0.01, max: 50 })

// An interrupted run takes its server with it: see `contenders/nats.ts`.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const chosen = CONTENDER_NAMES.filter((name) => {
  return options.contender.length === 0 || options.contender.includes(name)
})
const present = chosen.filter((name) => name !== 'NATS' || natsServerPath() !== undefined)
const contenders = await Promise.all(present.map(loadContender))
if (chosen.length === 0) throw new Error('--contender: there is no such contender')
if (contenders.length < chosen.length) {
  console.log('NATS is left out: there is no nats-server on the PATH.\n')
}
const trials = TRIALS.filter(({ rows }) => {
  return options.only.length === 0 || rows.some(({ name }) => isWanted(name))
})
if (trials.length === 0) throw new Error(`--only ${options.only.join(', ')}: there is no such row`)

function isWanted(row: string): boolean {
  return options.only.some((text) => row.includes(text))
}

const startedAt = performance.now()
const results: MatchResult[] = []
for (const trial of trials) {
  process.stderr.write(`${elapsed()}  ${trial.name}\n`)
  const players = trial.earshotOnly ? contenders.filter(({ name }) => name === SUBJECT) : contenders
  const scores = await playMatch(trial, players, { rounds, slice })
  results.push({ trial, scores })
  for (const { contender, failure } of scores) {
    if (failure === undefined) continue
    process.stderr.write(`        ${contender} failed: ${failure.split('\n', 1)[0]}\n`)
    if (contender === SUBJECT) process.exitCode = 1
  }
}

function elapsed(): string {
  return `${Math.round((performance.now() - startedAt) / 1_000)} s`.padStart(6)
}

const names = contenders.map(({ name }) => name)
const rows = results.flatMap((result) => rowResults(result, SUBJECT))
const costs = results.flatMap((result) => costResults(result, SUBJECT))
const [memory, cpu] = [
  costs.filter(({ unit }) => unit === 'MiB'),
  costs.filter(({ unit }) => unit !== 'MiB'),
]
const verdicts = TARGETS.map((target) => judge(target, rows, SUBJECT))
const played = verdicts.filter(({ verdict }) => verdict !== 'not played')

console.log(`${resultTable(rows, names, SUBJECT)}\n`)
console.log(`Processor time of all processes of a contender\n${resultTable(cpu, names, SUBJECT)}\n`)
console.log(`Resident memory of all processes of a contender, afterwards`)
console.log(`${resultTable(memory, names, SUBJECT)}\n`)
if (played.length > 0) console.log(`${verdictTable(played)}\n`)

const machine = {
  node: process.version,
  cpus: cpus().length,
  model: cpus()[0]?.model,
  platform: process.platform,
}
const file = options.json ?? `${RESULTS}/latest.json`
if (options.json === undefined) mkdirSync(RESULTS, { recursive: true })
const failures = results.flatMap(({ trial, scores }) =>
  scores.flatMap(({ contender, failure }) =>
    failure === undefined ? [] : [{ trial: trial.name, contender, failure }],
  ),
)
const text = JSON.stringify(
  { machine, rounds, slice, rows, cpu, memory, verdicts, failures },
  null,
  2,
)
writeFileSync(file, `${text}\n`)
console.log(
  `↑ more is better, ↓ less; values and ratios are medians of ${rounds} rounds. Node.js ${machine.node}, ${machine.cpus} cores; all values in ${file}`,
)
