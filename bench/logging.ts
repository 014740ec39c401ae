/**
 * `npm run bench:log`: what the mesh-wide log costs.
 *
 * 1. A record, for who writes it: pino into the mesh log, which nobody collects, beside pino into /dev/null.
 * 2. 20 nodes in two processes that whisper as much as they can and write 1,000 records a second each. Their records go
 *
 *      plain      to /dev/null, by pino,
 *      kept       into the mesh log, and nobody collects,
 *      collected  into the mesh log, and a node in a third process follows all of them.
 *
 *    One after the other, in the same processes: each turn is compared with the one before or after it, and of these
 *    ratios the median and the extremes are printed.
 * 3. Two such meshes at the same time on the same cores, one `kept`, one `collected`, the next time the other way round. By
 *    what a message costs the one, what is left of the processor time of the other went into being collected. So a host
 *    that gets slower, or does something else, does so for both: this is the number to go by.
 *
 *   --rounds N    of the second and third part, each with fresh processes (5)
 *   --turns N     of each kind in a round (8)
 *   --seconds X   each turn (1.5)
 *   --pin         the nodes on one core and the collector on another, as if it were on another host (Linux, `taskset`)
 *
 * Everything stays on 127.0.0.1.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { beaconPort } from './beacon-port.ts'
import type { Kind, Outcome } from './logging/troupe.ts'
import { NODES, RECORDS_PER_SECOND, sum, Troupe } from './logging/troupe.ts'
import { numberOption, wholeOption } from './options.ts'
import { factorText, median, numberText, tableText } from './report.ts'

/** Turns at the beginning of a part that do not count. */
const WARM_UP_TURNS = 2
const RESULTS = 'bench/results'
/** In this order, and then backwards: `kept` is always beside both others. */
const KINDS: readonly Kind[] = ['plain', 'kept', 'collected']

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    turns: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '1.5' },
    pin: { type: 'boolean', default: false },
  },
})
const rounds = wholeOption('rounds', options.rounds, { min: 1, max: 1_000 })
const turns = wholeOption('turns', options.turns, { min: 1, max: 10_000 })
const seconds = numberOption('seconds', options.seconds, { min: 0.1, max: 3_600 })

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
/** Microseconds of the nodes' processor time that it takes to ship a record: of two turns each, with the parts swapped. */
const shipping: number[] = []

async function playInTurns(troupe: Troupe): Promise<void> {
  for (let turn = -WARM_UP_TURNS; turn < turns; turn++) {
    const played: Partial<Record<Kind, Outcome>> = {}
    for (const kind of turn % 2 === 0 ? KINDS : KINDS.toReversed()) {
      played[kind] = await troupe.play(kind, seconds)
    }
    if (turn >= 0) outcomes.push(played as Record<Kind, Outcome>)
  }
}

async function playTogether(one: Troupe, other: Troupe): Promise<void> {
  for (let turn = -WARM_UP_TURNS; turn < turns; turn++) {
    const there = await shippingUs(one, other)
    const back = await shippingUs(other, one)
    if (turn >= 0) shipping.push((there + back) / 2)
  }
}

async function shippingUs(observed: Troupe, unobserved: Troupe): Promise<number> {
  const [collected, kept] = await Promise.all([
    observed.play('collected', seconds),
    unobserved.play('kept', seconds),
  ])
  const spentMs = collected.nodesCpuMs * (1 - perCpu(collected) / perCpu(kept))
  return (1_000 * spentMs) / collected.records
}

function perCpu({ messagesPerSecond, nodesCpuMs }: Outcome): number {
  return messagesPerSecond / nodesCpuMs
}

for (let round = 0; round < rounds; round++) {
  process.stderr.write(`round ${round + 1} of ${rounds}\n`)
  // Fresh processes each time: how well one is compiled is a matter of luck, too.
  const one = await Troupe.start(beaconPort(2 * round), options.pin)
  await playInTurns(one)
  const other = await Troupe.start(beaconPort(2 * round + 1), options.pin)
  await playTogether(one, other)
  await one.stop()
  await other.stop()
}

/** Median, least and greatest. */
function spreadText(values: readonly number[], text: (value: number) => string): string {
  const extremes = [Math.min(...values), Math.max(...values)].map(numberText)
  return `${text(median(values))} (${extremes.join(' to ')})`
}

function ratioText(of: Kind, to: Kind, pick: (outcome: Outcome) => number): string {
  if (of === to) return ''
  const ratios = outcomes.map((each) => pick(each[of]) / pick(each[to]))
  return spreadText(ratios, factorText)
}

const rate = (outcome: Outcome): number => outcome.messagesPerSecond
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
  '÷ plain',
  '÷ kept',
  'records',
  'gathered',
  'lost',
  'late',
  "collector's CPU %",
]
console.log(`\n${tableText([header, ...lines], 1)}`)
const ofCore = shipping.map((us) => (us * NODES * RECORDS_PER_SECOND) / 1e4)
const together = [
  ['two such meshes at a time', 'µs a record', '% of a core'],
  ['being collected', spreadText(shipping, numberText), spreadText(ofCore, numberText)],
]
console.log(`\n${tableText(together, 1)}`)
mkdirSync(RESULTS, { recursive: true })
writeFileSync(
  `${RESULTS}/logging.json`,
  `${JSON.stringify({ cost, outcomes, shipping }, null, 2)}\n`,
)
