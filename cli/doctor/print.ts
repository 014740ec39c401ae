/** Findings: for people with their advice beneath, for pipes four fields in a line, or as JSON. */
import type { Finding, FindingLevel } from '../../src/index.ts'
import { type JsonRecord, recordOf } from '../json.ts'
import { escapeText } from '../render/escape.ts'
import type { Paint, Style } from '../render/style.ts'
import { tabbed } from '../render/table.ts'
import { textWidth } from '../render/width.ts'

const STYLES: Readonly<Record<FindingLevel, Style>> = {
  ok: 'green',
  note: 'yellow',
  problem: 'red',
}

/** Where the terminal does not say how wide it is. */
const TEXT_WIDTH_MIN = 40
/** As wide as `problem`. */
const LEVEL_WIDTH = 7
const INDENT = ' '.repeat(LEVEL_WIDTH + 2)

export function findingLines(finding: Finding, paint: Paint, width: number): string[] {
  const { level, code, sentence, advice = [] } = finding
  const textWidthMax = Math.max(width - INDENT.length, TEXT_WIDTH_MIN)
  const [first = '', ...rest] = wrapped(escapeText(sentence), textWidthMax)
  return [
    `${paint(STYLES[level], level.padEnd(LEVEL_WIDTH))}  ${first}`,
    ...rest.map((line) => INDENT + line),
    `${INDENT}${paint('dim', code)}`,
    ...advice.flatMap((each) => {
      const [begin = '', ...more] = wrapped(escapeText(each), textWidthMax - 2)
      return [`${INDENT}- ${begin}`, ...more.map((line) => `${INDENT}  ${line}`)]
    }),
  ]
}

export function findingFields({ level, code, sentence, advice = [] }: Finding): string {
  return tabbed([level, code, escapeText(sentence), advice.map(escapeText).join(' ')])
}

export function findingRecord({ level, code, sentence, advice = [], facts }: Finding): JsonRecord {
  return recordOf('finding', { code, level, sentence, advice, facts })
}

/** `2 problems, 1 note, 7 ok`. */
export function verdictLine(findings: readonly Finding[], paint: Paint): string {
  const count = (wanted: FindingLevel): number =>
    findings.filter(({ level }) => level === wanted).length
  const [problems, notes] = [count('problem'), count('note')]
  const parts = [
    problems === 0 ? paint('green', 'no problems') : paint('red', plural(problems, 'problem')),
    ...(notes > 0 ? [paint('yellow', plural(notes, 'note'))] : []),
    `${count('ok')} ok`,
  ]
  return parts.join(', ')
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

/** At spaces; a word that is longer than a line has one of its own. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && textWidth(`${last} ${word}`) <= width) {
      lines[lines.length - 1] = `${last} ${word}`
    } else {
      lines.push(word)
    }
  }
  return lines
}
