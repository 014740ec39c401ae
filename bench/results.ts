/** The outcome of all matches: as rows for tables and JSON, and held against the targets. */
import type { Score } from './match.ts'
import { factorText, median, numberText, tableText } from './report.ts'
import type { Row, Target, Trial } from './trials.ts'

export interface MatchResult {
  readonly trial: Trial
  readonly scores: readonly Score[]
}

type Figures = Readonly<Record<string, number>>

export interface RowResult extends Row {
  readonly medians: Figures
  /** earshot's value by each other contender's: the median of what it was in each round. */
  readonly ratios: Figures
  readonly rounds: Readonly<Record<string, readonly number[]>>
}

export function rowResults({ trial, scores }: MatchResult, subject: string): RowResult[] {
  return trial.rows.map((row, index) => {
    return { ...row, ...summary(scores, subject, (score) => score.values[index]!) }
  })
}

/** Processor time and memory of a match: rows as any other. */
export function costResults({ trial, scores }: MatchResult, subject: string): RowResult[] {
  const cost = { name: trial.name, better: 'lower' } as const
  return [
    {
      ...cost,
      unit: `CPU s/M ${trial.work}`,
      ...summary(scores, subject, ({ cpuPerMillion }) => cpuPerMillion),
    },
    {
      ...cost,
      unit: 'MiB',
      ...summary(scores, subject, ({ residentBytes }) => [residentBytes / 2 ** 20]),
    },
  ]
}

/** Contenders that gave no number are left out. */
function summary(
  scores: readonly Score[],
  subject: string,
  valuesOf: (score: Score) => readonly number[],
): Pick<RowResult, 'medians' | 'ratios' | 'rounds'> {
  const rounds = scores
    .map((score) => [score.contender, valuesOf(score)] as const)
    .filter(([, values]) => Number.isFinite(median(values)))
  const own = rounds.find(([name]) => name === subject)?.[1] ?? []
  const others = own.length === 0 ? [] : rounds.filter(([name]) => name !== subject)
  return {
    medians: Object.fromEntries(rounds.map(([name, values]) => [name, median(values)])),
    ratios: Object.fromEntries(others.map(([name, values]) => [name, ratio(own, values)])),
    rounds: Object.fromEntries(rounds),
  }
}

/** Round by round, because a machine's speed changes from one to the next. */
function ratio(own: readonly number[], others: readonly number[]): number {
  const count = Math.min(own.length, others.length)
  return median(Array.from({ length: count }, (_, round) => own[round]! / others[round]!))
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
