/** `earshot sim --list`: the scenarios with their settings, the settings of all, and the checks. */
import { CHECKS } from '../../sim/checks/index.ts'
import { COMMON_SETTINGS } from '../../sim/scenario/info.ts'
import type { AnyScenario } from '../../sim/scenario/scenario.ts'
import { rangeText, type Setting, type Settings } from '../../sim/scenario/settings.ts'
import { SCENARIOS } from '../../sim/scenarios/index.ts'
import { loadScenario } from '../../sim/sweep/request.ts'
import { ExitCode } from '../exit-codes.ts'
import { recordOf } from '../json.ts'
import type { Output } from '../output.ts'
import { escapeText } from '../render/escape.ts'
import { type Cell, tabbed, tableLines } from '../render/table.ts'
import { textWidth } from '../render/width.ts'

/** Of all scenarios, or of one. */
export async function list(out: Output, reference: string | undefined): Promise<ExitCode> {
  const scenarios = reference === undefined ? SCENARIOS : [await loadScenario(reference)]
  const lines = out.json ? [] : [...scenarioLines(out, scenarios), ...checkLines(out)]
  for (const line of lines) await out.print(line)
  if (!out.json) return ExitCode.ok
  for (const scenario of scenarios) await out.printRecord(recordOf('sim-scenario', facts(scenario)))
  for (const { name, summary } of CHECKS) {
    await out.printRecord(recordOf('sim-check', { name, summary }))
  }
  return ExitCode.ok
}

function facts(scenario: AnyScenario): Record<string, unknown> {
  const { name, summary, nodes, durationMs, settings, skipChecks = {} } = scenario
  return {
    name,
    summary,
    nodes,
    durationMs,
    settings: { ...COMMON_SETTINGS, ...settings },
    skipChecks,
  }
}

function scenarioLines(out: Output, scenarios: readonly AnyScenario[]): string[] {
  const rows = scenarios.map(({ name, nodes, durationMs, summary }): Cell[] => [
    { text: escapeText(name), style: 'bold' },
    { text: String(nodes) },
    { text: `${durationMs / 1_000} s` },
    { text: escapeText(summary) },
  ])
  if (!out.isTerminal) return rows.map((row) => tabbed(row.map(({ text }) => text)))
  const columns = [
    { title: 'SCENARIO' },
    { title: 'NODES', align: 'right' as const },
    { title: 'FOR', align: 'right' as const },
    { title: 'WHAT' },
  ]
  const own = scenarios.filter(({ settings }) => Object.keys(settings).length > 0)
  return [
    ...tableLines(columns, wrapped(rows, out.columns), out.paint, out.columns),
    ...own.flatMap(({ name, settings }) => settingLines(out, `--set of ${name}`, settings)),
    ...settingLines(out, '--set of all', COMMON_SETTINGS),
  ]
}

function settingLines(out: Output, title: string, settings: Settings): string[] {
  const rows = Object.entries(settings).map(([name, setting]): Cell[] => [
    { text: `  ${escapeText(name)}=${setting.default}`, style: 'bold' },
    { text: escapeText(`${setting.help}${valuesText(setting)}`) },
  ])
  return ['', out.paint('dim', escapeText(title)), ...body(out, rows)]
}

function valuesText(setting: Setting): string {
  return setting.kind === 'choice' ? `: ${setting.choices.join(', ')}` : `; ${rangeText(setting)}`
}

function checkLines(out: Output): string[] {
  if (!out.isTerminal) return []
  const rows = CHECKS.map(({ name, summary }): Cell[] => [
    { text: `  ${name}`, style: 'bold' },
    { text: summary },
  ])
  return ['', out.paint('dim', 'checks, for --skip-check'), ...body(out, rows)]
}

/** A table without its heading. */
function body(out: Output, rows: readonly (readonly Cell[])[]): string[] {
  const columns = [{ title: '' }, { title: '' }]
  return tableLines(columns, wrapped(rows, out.columns), out.paint, out.columns).slice(1)
}

/** Below this, the last column is cut off, as in other tables. */
const WRAPPED_WIDTH_MIN = 20

/** With the last column on as many lines as it takes: this is a text to be read. */
function wrapped(rows: readonly (readonly Cell[])[], columns: number): Cell[][] {
  const before = (rows[0] ?? []).slice(0, -1).map((_cell, i) => {
    return Math.max(...rows.map((row) => textWidth(row[i]?.text ?? '')), i === 1 ? 5 : 0) + 2
  })
  const width = columns - before.reduce((sum, each) => sum + each, 0)
  return rows.flatMap((row) => {
    const text = row.at(-1)?.text ?? ''
    const [first = '', ...rest] = width < WRAPPED_WIDTH_MIN ? [text] : linesOf(text, width)
    const empty = row.slice(1).map((): Cell => ({ text: '' }))
    return [
      [...row.slice(0, -1), { text: first }],
      ...rest.map((each) => [...empty, { text: each }]),
    ]
  })
}

function linesOf(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line === '') lines[lines.length - 1] = word
    else if (textWidth(line) + 1 + textWidth(word) <= width) lines[lines.length - 1] += ` ${word}`
    else lines.push(word)
  }
  return lines
}
