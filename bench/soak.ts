/**
 * `npm run bench:soak`: nodes in several processes on the loopback interface that talk all the time, while others of
 * them leave, die and come. At the end every message must be accounted for, and resident memory must be flat.
 *
 *   --minutes N    how long (10)
 *   --nodes N      how many at a time (20)
 *   --json FILE    where the result goes (bench/results/soak.json)
 *   --canary       has nodes overlook some messages: a soak that can fail must fail then
 *
 * Every other second one node stops in order and a new one comes; every minute one of the processes is killed with
 * all its nodes, and another takes its place. `soak/books.ts` has what is written down of every message,
 * `soak/audit.ts` what must hold. Exit code 1 when something does not.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { beaconPort } from './beacon-port.ts'
import { numberOption, wholeOption } from './options.ts'
import { numberText, tableText } from './report.ts'
import { Crew } from './soak/crew.ts'

/** The last of them is the one that gets killed; the others stay, and their memory is watched. */
const PROCESSES = 4
const COLLECT_EVERY_MS = 1_000
const REPLACE_NODE_EVERY_S = 2
const KILL_EVERY_S = 60
const PROGRESS_EVERY_S = 10
/** Seconds that messages on their way may take at the end. */
const SETTLE_S_MAX = 20
const RESULTS = 'bench/results'

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    nodes: { type: 'string', default: '20' },
    json: { type: 'string' },
    canary: { type: 'boolean', default: false },
  },
})
const minutes = numberOption('minutes', options.minutes, { min: 0.1, max: 24 * 60 })
const nodes = wholeOption('nodes', options.nodes, { min: PROCESSES, max: 200 })

const crew = new Crew(beaconPort(0), options.canary)
for (let i = 0; i < PROCESSES; i++) {
  await crew.addPost(Math.floor((nodes + i) / PROCESSES))
}

const seconds = Math.round(minutes * 60)
// A short soak has its death too.
const killEvery = Math.min(KILL_EVERY_S, Math.ceil(seconds / 3))
const startedAt = performance.now()
for (let second = 1; second <= seconds; second++) {
  await sleep(Math.max(0, startedAt + second * COLLECT_EVERY_MS - performance.now()))
  await crew.collect()
  if (second % PROGRESS_EVERY_S === 0) tellProgress(second)
  if (second === seconds) break
  if (second % REPLACE_NODE_EVERY_S === 0) {
    await crew.replaceNode((second / REPLACE_NODE_EVERY_S) % (PROCESSES - 1))
  }
  if (second % killEvery === 0) await crew.replaceLastPost()
}

await crew.quieten()
for (let second = 0; second < SETTLE_S_MAX; second++) {
  await sleep(COLLECT_EVERY_MS)
  await crew.collect()
  if (crew.audit.isBalanced) break
}
const memories = crew.memories.slice(0, -1).map((memory) => memory.result())
await crew.stop()

function tellProgress(second: number): void {
  const { sent, heard } = crew.audit.result()
  const memory = crew.memories.map(({ lastMib }) => Math.round(lastMib)).join(' ')
  process.stderr.write(
    `${String(second).padStart(6)} s  ${crew.nodes} nodes, ${sent.toLocaleString('en')} sent, ${heard.toLocaleString('en')} heard, ${memory} MiB, ${crew.faults.length} faults\n`,
  )
}

const audit = crew.audit.result()
const notices = Object.fromEntries(crew.notices)
const lines = [
  ['nodes, one after the other', audit.nodes],
  ['messages sent (a shout counts once for every member)', audit.sent],
  ['heard', audit.heard],
  ['not heard because one of the two had left', audit.excused],
  ['lost, as nodes say (those may be among them)', audit.declaredLost],
  ['unaccounted for', audit.unaccounted],
  ['heard but never sent', audit.invented],
  ['damaged, doubled or out of order', crew.notices.get('fault') ?? 0],
] as const
console.log(
  `${tableText([['', ''], ...lines.map(([what, count]) => [what, count.toLocaleString('en')])], 1).trimStart()}\n`,
)
const thirds = memories.map((each) => [
  each.process,
  ...each.thirds.map((mib) => numberText(mib)),
  each.verdict,
])
const header = ['resident memory (MiB)', 'first third', 'second', 'last', '']
console.log(`${tableText([header, ...thirds], 1)}\n`)
for (const [notice, count] of crew.notices) console.log(`${notice}: ${count}`)
for (const each of [...crew.faults, ...audit.findings].slice(0, 20)) console.log(each)

const isSound = audit.unaccounted + audit.invented + crew.faults.length === 0
const isFlat = memories.every(({ verdict }) => verdict !== 'grows')
const file = options.json ?? `${RESULTS}/soak.json`
if (options.json === undefined) mkdirSync(RESULTS, { recursive: true })
const result = { minutes, nodes, audit, memories, notices, faults: crew.faults }
writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
console.log(
  `\n${isSound ? 'Every message is accounted for' : 'MESSAGES ARE MISSING OR WRONG'}; memory ${isFlat ? 'does not grow' : 'GROWS'}; all values in ${file}`,
)
if (!isSound || !isFlat) process.exitCode = 1
