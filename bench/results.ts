/** The outcome of all matches: as rows for tables and JSON, and held against the targets. */
import type { Score } from './match.ts'
import { medianOf } from './match.ts'
import { factorText, median, numberText, tableText } from './report.ts'
import type { Row, Target, Trial } from './trials.ts'

export interface MatchResult {
  readonly trial: Trial
  readonly scores: readonly Score[]
}

type Figures = Readonly<Record<string, number>>

export interface RowResult extends Row {
  readonly medians: Figures
  /** earshot's value by each other contender's. */
  readonly ratios: Figures
  readonly rounds: Readonly<Record<string, readonly number[]>>
}

export function rowResults({ trial, scores }: MatchResult, subject: string): RowResult[] {
  return trial.rows.map((row, index) => {
    const medians = figures(scores, (score) => medianOf(score, index))
    return {
      ...row,
      medians,
      ratios: ratios(medians, subject),
      rounds: Object.fromEntries(scores.map((score) => [score.contender, score.values[index]!])),
    }
  })
}

/** Processor time and memory of a match: rows as any other. */
export function costResults({ trial, scores }: MatchResult, subject: string): RowResult[] {
  const cpu = figures(scores, ({ cpuPerMillion }) => median(cpuPerMillion))
  const memory = figures(scores, ({ residentBytes }) => residentBytes / 2 ** 20)
  const cost = { name: trial.name, better: 'lower' } as const
  return [
    {
      ...cost,
      unit: `CPU s/M ${trial.work}`,
      medians: cpu,
      ratios: ratios(cpu, subject),
      rounds: Object.fromEntries(scores.map((score) => [score.contender, score.cpuPerMillion])),
    },
    { ...cost, unit: 'MiB', medians: memory, ratios: ratios(memory, subject), rounds: {} },
  ]
}

/** Where there is a number. */
function figures(scores: readonly Score[], figure: (score: Score) => number): Figures {
  const entries = scores.map((score) => [score.contender, figure(score)] as const)
  return Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value)))
}

function ratios(medians: Figures, subject: string): Figures {
  const own = medians[subject]
  if (own === undefined) return {}
  const others = Object.entries(medians).filter(([name]) => name !== subject)
  return Object.fromEntries(others.map(([name, value]) => [name, own / value]))
}

/** One line per row: the median of each contender, then earshot's ratio to each other one. */
export function resultTable(
  rows: readonly RowResult[],
  names: readonly string[],
  subject: string,
): string {
  const others = names.includes(subject) ? names.filter((name) => name !== subject) : []
  const header = ['', '', ...names, ...others.map((name) => `÷ ${name}`)]
  const body = rows.map(({ name, unit, better, medians, ratios: byName }) => [
    name,
    `${better === 'higher' ? '↑' : '↓'} ${unit}`,
    ...names.map((each) => numberText(medians[each])),
    ...others.map((each) => factorText(byName[each])),
  ])
  return tableText([header, ...body], 2)
}

export interface Verdict extends Target {
  /** The factor, or the value; absent where the row or the other contender was not played. */
  readonly measured?: number
  readonly verdict: 'met' | 'missed' | 'not played'
}

export function judge(target: Target, rows: readonly RowResult[], subject: string): Verdict {
  const row = rows.find(({ name }) => name === target.row)
  const measured = target.of === undefined ? row?.medians[subject] : row?.ratios[target.of]
  if (measured === undefined) return { ...target, verdict: 'not played' }
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target
  const isMet = measured >= atLeast && measured <= atMost
  return { ...target, measured, verdict: isMet ? 'met' : 'missed' }
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const body = verdicts.map(({ row, of, atLeast, atMost, measured, verdict }) => {
    const text = of === undefined ? numberText : factorText
    const wanted = atLeast === undefined ? `at most ${text(atMost)}` : `at least ${text(atLeast)}`
    return [row, of === undefined ? wanted : `${wanted} of ${of}`, verdict, text(measured)]
  })
  return tableText([['target', '', '', 'measured'], ...body], 3)
}
