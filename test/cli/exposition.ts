/**
 * Prometheus' text format 0.0.4, read as strictly as `promtool check metrics` does, and more so: what is not exactly as
 * https://prometheus.io/docs/instrumenting/exposition_formats/ says is an error, with its line. Names of ours have to
 * follow the rules for naming as well.
 */
export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly series: Series[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const TYPES: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped'])
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}
/** As in Go: `strconv.ParseFloat`. */
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?inf|nan)$/i

type Fail = (why: string) => never

export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const reader = new Reader()
  for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
    reader.read(line, (why) => {
      throw new Error(`line ${index + 1}: ${why}: ${line}`)
    })
  }
  return reader.families
}

class Reader {
  readonly families: Map<string, Family> = new Map()
  readonly #seen = new Set<string>()
  #current: Family | undefined
  #help: { readonly name: string; readonly words: string } | undefined

  read(line: string, fail: Fail): void {
    if (line === '') return
    if (line.startsWith('# HELP ')) this.#readHelp(line, fail)
    else if (line.startsWith('# TYPE ')) this.#readType(line, fail)
    else if (line.startsWith('#')) fail('a comment of an unknown kind')
    else this.#add(parseSeries(line, fail), fail)
  }

  #readHelp(line: string, fail: Fail): void {
    const [, name = '', words = ''] = /^# HELP (\S+) (.+)$/.exec(line) ?? fail('no help')
    if (/\\(?![\\n])/.test(words)) fail('an escape that there is not')
    this.#help = { name, words }
  }

  #readType(line: string, fail: Fail): void {
    const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? fail('no type')
    if (!NAME.test(name) || !TYPES.has(type)) fail('a name or type that is none')
    if (this.#help?.name !== name) fail('no help before it')
    if (this.families.has(name)) fail('twice')
    this.#current = { name, type, help: this.#help?.words ?? '', series: [] }
    checkNaming(this.#current, fail)
    this.families.set(name, this.#current)
  }

  #add(series: Series, fail: Fail): void {
    const family = this.#current
    if (family === undefined || !belongs(series.name, family)) throw fail('not of this family')
    if (family.type === 'counter' && !(series.value >= 0)) fail('a counter below 0')
    const key = JSON.stringify([series.name, Object.entries(series.labels).sort()])
    if (this.#seen.has(key)) fail('twice')
    this.#seen.add(key)
    family.series.push(series)
  }
}

function belongs(name: string, { name: family, type }: Family): boolean {
  return (SUFFIXES[type] ?? ['']).some((suffix) => name === `${family}${suffix}`)
}

function checkNaming({ name, type }: Family, fail: Fail): void {
  if (!name.startsWith('earshot_')) return
  if (!/^[a-z_]+$/.test(name)) fail('a name of ours has lower-case letters')
  if ((type === 'counter') !== name.endsWith('_total')) fail('counters, and only they, are totals')
  if (/_(?:ms|milliseconds|minutes|kib|kilobytes|mb)(?:_|$)/.test(name)) fail('not in a base unit')
}

function parseSeries(line: string, fail: Fail): Series {
  const [, name = '', rest = ''] = /^([^{\s]+)(.*)$/s.exec(line) ?? fail('no series')
  if (!NAME.test(name)) fail('a name that is none')
  const labels: Record<string, string> = {}
  let at = 0
  if (rest.startsWith('{')) {
    at = 1
    while (rest[at] !== '}') {
      const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(,(?!\})|(?=\}))/.exec(
        rest.slice(at),
      )
      const [all, key = '', value = ''] = label ?? fail('a label that is none')
      if (key in labels) fail('a label twice')
      labels[key] = value.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
      at += all.length
    }
    at++
  }
  const [, digits = ''] = /^ (\S+)$/.exec(rest.slice(at)) ?? fail('no value')
  if (!NUMBER.test(digits)) fail('a value that is none')
  const infinite = /^([+-]?)inf$/i.exec(digits)
  const value = infinite === null ? Number(digits) : Number(`${infinite[1]}Infinity`)
  return { name, labels, value }
}

/** The value of the one series that has these labels. */
export function sampleOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = (families.get(name)?.series ?? []).filter((each) =>
    Object.entries(labels).every(([key, value]) => each.labels[key] === value),
  )
  if (found.length > 1) throw new Error(`${name} ${JSON.stringify(labels)} fits ${found.length}`)
  return found[0]?.value
}
