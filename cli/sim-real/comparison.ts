/**
 * The comparison: one row per quantity, real beside virtual. A ratio near 1 says that the model is right about it; the
 * notes below the table say which are not meant to be near 1, and why.
 */
import { formatDuration, formatRoundTrip, roundedMs } from '../duration.ts'
import { bytesText, counted, countText } from '../render/amounts.ts'
import { escapeText } from '../render/escape.ts'
import type { Paint } from '../render/style.ts'
import { type Cell, type Column, tableLines } from '../render/table.ts'
import type { RealFailure } from './lives.ts'
import type { Measures } from './measures.ts'
import type { Completion } from './real-run.ts'

/** What the whole comparison comes to, as plain data: the record of `--json`. */
export interface Comparison {
  readonly scenario: string
  readonly seed: number | string
  readonly nodes: number
  /** Milliseconds of the scenario itself. */
  readonly durationMs: number
  readonly settings: Readonly<Record<string, string | number>>
  /** Worker processes of the real run, and cores of this host. */
  readonly jobs: number
  readonly cores: number
  readonly ok: boolean
  readonly real: Measures
  readonly virtual: Measures
  /** Real divided by virtual, by name of the quantity; null where one of them is missing or 0. */
  readonly ratios: Readonly<Record<string, number | null>>
  readonly failures: readonly (RealFailure & { readonly run: 'real' | 'virtual' })[]
  readonly moreFailures: number
  /** Warnings of the real run, by code. */
  readonly warnings: Readonly<Record<string, number>>
  /** Messages of the virtual run that real nodes could not offer. */
  readonly unsaid: number
  /** Of the real run, to a tenth of a second: its first complete moment, and the CPU time until then. */
  readonly completion: Completion | null
}

type Value = number | null

interface Quantity {
  readonly name: string
  readonly title: string
  /** What stands for null. */
  readonly none?: string
  readonly of: (measures: Measures) => Value
  readonly text: (value: number) => string
}

const views = (percent: number): Quantity => ({
  name: `views${percent}Ms`,
  title: `${percent} % of views complete`,
  none: 'never',
  of: ({ viewsMs }) => viewsMs[percent] ?? null,
  text: formatDuration,
})

const latency = (name: keyof Measures['latencyMs'], title: string): Quantity => ({
  name: `latency${name[0]!.toUpperCase()}${name.slice(1)}Ms`,
  title: `message latency, ${title}`,
  of: ({ latencyMs, latencyCount }) => (latencyCount === 0 ? null : latencyMs[name]),
  text: formatRoundTrip,
})

const count = (name: string, title: string, of: (measures: Measures) => Value): Quantity => ({
  name,
  title,
  of,
  text: countText,
})

const QUANTITIES: readonly Quantity[] = [
  {
    name: 'startedMs',
    title: 'all nodes started',
    none: 'never',
    of: ({ startedMs }) => startedMs,
    text: formatDuration,
  },
  ...[50, 90, 99, 100].map(views),
  count('views', 'views at the end', ({ viewsKnown }) => viewsKnown),
  count('falseExits', 'false exits', ({ falseExits }) => falseExits),
  count('warnings', 'warnings', ({ warnings }) => warnings),
  count('sent', 'messages sent', ({ sent }) => sent),
  count('accepted', 'messages accepted', ({ accepted }) => accepted),
  count('received', 'messages received', ({ received }) => received),
  latency('p50', '50 %'),
  latency('p90', '90 %'),
  latency('p99', '99 %'),
  latency('max', 'the longest'),
  count('beaconsSent', 'datagrams sent', ({ tally }) => tally.beaconsSent),
  count('beaconsReceived', 'datagrams received', ({ tally }) => tally.beaconsReceived),
  count('dials', 'connections dialled', ({ tally }) => tally.dials),
  count('handshakes', 'handshakes', ({ tally }) => tally.handshakes),
  {
    name: 'streamBytes',
    title: 'stream bytes sent',
    of: ({ tally }) => tally.bytesOut,
    text: bytesText,
  },
  { name: 'wallMs', title: 'wall time', of: ({ wallMs }) => wallMs, text: formatDuration },
  { name: 'cpuMs', title: 'CPU time', of: ({ cpuMs }) => cpuMs, text: formatDuration },
  {
    name: 'bytesPerNode',
    title: 'memory per node',
    of: ({ bytesPerNode }) => bytesPerNode,
    text: bytesText,
  },
]

export function ratiosOf(real: Measures, virtual: Measures): Record<string, number | null> {
  return Object.fromEntries(
    QUANTITIES.map(({ name, of }) => {
      const [above, below] = [of(real), of(virtual)]
      const isKnown = above !== null && below !== null && above > 0 && below > 0
      return [name, isKnown ? roundedMs(above / below) : null]
    }),
  )
}

export function comparisonLines(comparison: Comparison, paint: Paint, width: number): string[] {
  return [
    '',
    ...tableLines(COLUMNS, rowsOf(comparison), paint, width),
    '',
    ...notesOf(comparison).flatMap((note) => wrapped(note, width)),
    '',
    ...verdictLines(comparison, paint),
  ]
}

const COLUMNS: readonly Column[] = [
  { title: 'quantity' },
  { title: 'real', align: 'right' },
  { title: 'virtual', align: 'right' },
  { title: 'real/virtual', align: 'right' },
  { title: '' },
]

function rowsOf({ real, virtual, ratios }: Comparison): (readonly Cell[])[] {
  return QUANTITIES.map(({ name, title, none = '–', of, text }) => {
    const show = (value: Value): Cell => ({ text: value === null ? none : text(value) })
    const ratio = ratios[name] ?? null
    const ratioText = ratio === null ? '–' : String(Number(ratio.toPrecision(3)))
    return [{ text: title }, show(of(real)), show(of(virtual)), { text: ratioText }, { text: '' }]
  })
}

/** Why some ratios are not near 1, and what was done to make the others comparable. */
function notesOf(comparison: Comparison): string[] {
  const { virtual, unsaid, warnings } = comparison
  const notes = [
    cpuNote(comparison),
    'Wall time, CPU time and memory are what each run took. The virtual run has no kernel below it, and its time jumps' +
      ' from event to event.',
    'In both runs one address may have as many peers and handshakes as there are nodes, and a handshake may take 60 s' +
      ' (limits peersPerAddress, halfOpenPerAddress): all real nodes share 127.0.0.1. All' +
      ' else is as by default.',
  ]
  if (unsaid > 0) {
    const share = `${countText(unsaid)} of the virtual run’s ${countText(virtual.sent)} messages`
    notes.push(
      `${share} could not be sent for real: when their time came, the sender was not up yet or did not know the` +
        ' receiver yet.',
    )
  }
  const codes = Object.entries(warnings).map(([code, times]) => `${code} ${countText(times)}`)
  if (codes.length > 0) notes.push(`Warnings of the real run: ${codes.sort().join(', ')}.`)
  return notes
}

/** What the model leaves out, and how much that was. */
function cpuNote({ jobs, cores, nodes, completion }: Comparison): string {
  const where = `${counted(nodes, 'node')} in ${jobs === 1 ? 'one process' : `${jobs} processes`}`
  const used =
    completion === null
      ? ''
      : `: until all views were complete they used ${formatDuration(completion.cpuMs)} of CPU time in` +
        ` ${formatDuration(completion.atMs)}`
  return (
    'The virtual loopback takes 0.05 to 0.1 ms, and virtual nodes think in no time (a slow CPU is a fault of its own).' +
    ` ${where} on ${counted(cores, 'core')} wait for each other, and for all else on this host${used}. That is what the` +
    ' ratios of views and latencies show.'
  )
}

function verdictLines({ ok, failures, moreFailures }: Comparison, paint: Paint): string[] {
  if (ok) {
    const what = 'all views complete; no message lost, reordered, duplicated or invented'
    return [`${paint('green', 'passed')}: ${what}, in both runs`]
  }
  const lines = failures.map(({ run, check, message }) => {
    return `  ${run} run, ${paint('red', escapeText(check))}: ${escapeText(message)}`
  })
  if (moreFailures > 0) lines.push(`  … and ${countText(moreFailures)} more`)
  const total = counted(failures.length + moreFailures, 'failure')
  return [...lines, '', `${paint('red', 'FAILED')}: ${total}`]
}

/** At spaces, so that no line is wider than the terminal where that can be. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
