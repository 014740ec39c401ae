/**
 * Log records as lines for people: time, level, node, message, fields as `key=value`. Strangers wrote them: all of it is
 * escaped, and on a terminal cut where one record would fill the screen.
 */
import type { LogEntry, LogRecord } from '../../src/index.ts'
import { levelName } from '../../src/index.ts'
import { counted } from './amounts.ts'
import { escapeText } from './escape.ts'
import { EventLines, shortId, shownName, timeOfDay } from './event-lines.ts'
import type { Paint, Style } from './style.ts'
import { truncate } from './width.ts'

const LEVEL_STYLES: Readonly<Record<ReturnType<typeof levelName>, Style>> = {
  trace: 'dim',
  debug: 'blue',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'magenta',
}
const LEVEL_WIDTH = 5
const TIME_WIDTH = 12

/** On a terminal. */
const MESSAGE_WIDTH_MAX = 400
const VALUE_WIDTH_MAX = 48
const FIELDS_MAX = 16
/** Elsewhere. */
const WHOLE = Number.POSITIVE_INFINITY

/** pino says these in every line; node and name say more. */
const UNSHOWN: ReadonlySet<string> = new Set(['pid', 'hostname'])
const ID = /^[0-9A-F]{32}$/
/** Stands as it is; anything else in quotes. */
const PLAIN = /^[^\s"=\\]+$/

export class LogLines {
  readonly #isTerminal: boolean
  readonly #paint: Paint
  readonly #events: EventLines

  constructor(isTerminal: boolean, paint: Paint) {
    this.#isTerminal = isTerminal
    this.#paint = paint
    this.#events = new EventLines(isTerminal, paint)
  }

  record(record: LogRecord, at: Date): string {
    const { node, name, level, msg, fields } = record
    const word = levelName(level)
    const text = escapeText(msg)
    return [
      this.#paint('dim', timeOfDay(at)),
      this.#paint(LEVEL_STYLES[word], word.toUpperCase().padEnd(LEVEL_WIDTH)),
      this.#events.name({ id: node, name }),
      [this.#isTerminal ? truncate(text, MESSAGE_WIDTH_MAX) : text, this.#fields(fields)]
        .filter((part) => part !== '')
        .join('  '),
    ].join('  ')
  }

  /** Records that are missing, in the place of these. */
  lost({ node, name, count }: Extract<LogEntry, { type: 'lost' }>): string {
    return [
      ' '.repeat(TIME_WIDTH),
      ' '.repeat(LEVEL_WIDTH),
      this.#events.name({ id: node, name }),
      this.#paint('yellow', `… ${counted(count, 'record')} lost`),
    ].join('  ')
  }

  #fields(fields: LogRecord['fields']): string {
    const shown = Object.entries(fields).filter(([name]) => !UNSHOWN.has(name))
    const isCut = this.#isTerminal && shown.length > FIELDS_MAX
    const texts = shown.slice(0, isCut ? FIELDS_MAX : WHOLE).map(([name, value]) => {
      const text = fieldText(name, typeof value === 'string' ? withShortId(value) : value)
      return this.#isTerminal ? truncate(text, name.length + VALUE_WIDTH_MAX) : text
    })
    if (isCut) texts.push(`… ${shown.length - FIELDS_MAX} more`)
    return this.#paint('dim', texts.join(' '))
  }
}

/** All fields in one line, with whole ids: what `--grep` sees. */
export function fieldsText(fields: LogRecord['fields']): string {
  return Object.entries(fields)
    .filter(([name]) => !UNSHOWN.has(name))
    .map(([name, value]) => fieldText(name, value))
    .join(' ')
}

function fieldText(name: string, value: unknown): string {
  return `${escapeText(name)}=${valueText(value)}`
}

function valueText(value: unknown): string {
  if (typeof value === 'string')
    return escapeText(PLAIN.test(value) ? value : JSON.stringify(value))
  const error = errorText(value)
  return escapeText(error === undefined ? JSON.stringify(value) : JSON.stringify(error))
}

function withShortId(value: string): string {
  return ID.test(value) ? shortId(value) : value
}

/** An error as pino writes it, without its stack: that is what `--json` is for. */
function errorText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { type, message, stack } = value as Record<string, unknown>
  if (typeof stack !== 'string' || typeof message !== 'string') return undefined
  return `${typeof type === 'string' ? type : 'Error'}: ${message}`
}

/** `clock of kitchen is 1 h 0 min ahead`. */
export function clockWords({ node, name, offsetMs }: Extract<LogEntry, { type: 'clock' }>): string {
  const whose = `clock of ${shownName({ id: node, name })}`
  if (Math.abs(offsetMs) < 1_000) return `${whose} is right again`
  return `${whose} is ${spanWords(Math.abs(offsetMs))} ${offsetMs > 0 ? 'ahead' : 'behind'}`
}

const UNITS = [
  { word: 'd', ms: 86_400_000, next: { word: 'h', ms: 3_600_000 } },
  { word: 'h', ms: 3_600_000, next: { word: 'min', ms: 60_000 } },
  { word: 'min', ms: 60_000, next: { word: 's', ms: 1_000 } },
] as const

/** `3.2 s`, `4 min 10 s`, `1 h 0 min`, `400 d 3 h`. */
function spanWords(ms: number): string {
  for (const { word, ms: unit, next } of UNITS) {
    // Rounded to the smaller unit first: there is no `59 min 60 s`.
    const rounded = Math.round(ms / next.ms) * next.ms
    if (rounded < unit) continue
    return `${Math.floor(rounded / unit)} ${word} ${(rounded % unit) / next.ms} ${next.word}`
  }
  return `${(ms / 1_000).toFixed(1)} s`
}
