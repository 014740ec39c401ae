/** What `nft list ruleset` prints, read into rules: line by line, as nft writes one statement a line. */
import type { Chain, Hook, Match, Rule, Ruleset, Verdict } from './rules.ts'

/** Lines of a ruleset that is looked at; a longer one (of a router) is read in part. */
const LINES_MAX = 20_000

export function readNft(text: string): Ruleset {
  const chains: MadeChain[] = []
  let table = ''
  let chain: MadeChain | undefined
  let depth = 0
  for (const line of text.split('\n', LINES_MAX).map((each) => each.trim())) {
    const opened = /^(table|chain|\w+) (.*?) ?\{$/.exec(line)
    if (opened !== null) {
      depth++
      const [, what, name = ''] = opened
      if (depth === 1 && what === 'table') table = name
      if (depth === 2 && what === 'chain') {
        chain = { table, name, policy: 'accept', rules: [] }
        chains.push(chain)
      }
    } else if (line === '}') {
      depth--
      if (depth < 2) chain = undefined
    } else if (chain !== undefined && line !== '') {
      takeLine(chain, line)
    }
  }
  return { tool: 'nftables', chains }
}

interface MadeChain extends Chain {
  hook?: Hook | 'other'
  policy: Chain['policy']
  readonly rules: Rule[]
}

function takeLine(chain: MadeChain, line: string): void {
  const base = /^type (\w+) hook (\w+) /.exec(line)
  if (base === null) {
    chain.rules.push(readRule(line))
    return
  }
  const [, type, hook] = base
  const isFilter = type === 'filter' && (hook === 'input' || hook === 'output')
  chain.hook = isFilter ? (hook as Hook) : 'other'
  if (/policy drop/.test(line)) chain.policy = 'drop'
}

function readRule(line: string): Rule {
  const words = wordsOf(line)
  const matches: Match[] = []
  let verdict: Verdict = { kind: 'none' }
  while (words.length > 0) {
    const read = readStatement(words)
    if ('field' in read) matches.push(read)
    else if (read.kind !== 'none') verdict = read
  }
  return { text: line, matches, verdict }
}

/** Quoted texts and `{ … }` are one word each. */
function wordsOf(line: string): string[] {
  return line.match(/"[^"]*"|\{[^}]*\}|\S+/g) ?? []
}

const NOTHING: Verdict = { kind: 'none' }
const UNKNOWN: Match = { field: 'other', not: false, values: [] }

/** How a condition of two words begins; of three, with `fib daddr type`. */
const FIELDS: Readonly<Record<string, Match['field']>> = {
  'meta iifname': 'iif',
  'meta iif': 'iif',
  'meta oifname': 'oif',
  'meta oif': 'oif',
  'meta l4proto': 'protocol',
  'meta pkttype': 'cast',
  'ip protocol': 'protocol',
  'ip daddr': 'to',
  'ip6 daddr': 'to',
  'udp dport': 'port',
  'tcp dport': 'port',
  'th dport': 'port',
  'ct state': 'state',
}
const SHORT_FIELDS: Readonly<Record<string, Match['field']>> = {
  iifname: 'iif',
  iif: 'iif',
  oifname: 'oif',
  oif: 'oif',
  pkttype: 'cast',
}

/** Takes one statement off the words: at least one word. */
function readStatement(words: string[]): Match | Verdict {
  const [first = '', second = '', third = ''] = words
  switch (first) {
    case 'accept':
      words.shift()
      return { kind: 'accept' }
    case 'drop':
    case 'reject':
      words.length = 0
      return { kind: 'drop' }
    case 'return':
      words.length = 0
      return { kind: 'return' }
    case 'jump':
    case 'goto':
      words.length = 0
      return { kind: first, chain: second }
    case 'counter':
      words.splice(0, second === 'packets' ? 5 : 1)
      return NOTHING
    case 'log':
      words.splice(0, wordsOfLog(words))
      return NOTHING
    case 'comment':
      words.splice(0, 2)
      return NOTHING
    case '#':
      words.length = 0
      return NOTHING
    case 'fib':
      if (`${second} ${third}` === 'daddr type') return readValues(words, 3, 'cast')
  }
  const short = SHORT_FIELDS[first]
  if (short !== undefined) return readValues(words, 1, short)
  const field = FIELDS[`${first} ${second}`]
  if (field === undefined) {
    words.shift()
    return UNKNOWN
  }
  // `udp dport` says which protocol as well: two conditions, of which the second is read next.
  const isTyped = field === 'port' && first !== 'th'
  if (isTyped) words.splice(0, 2, 'meta', 'l4proto', first, 'th', 'dport')
  return isTyped ? readValues(words, 2, 'protocol') : readValues(words, 2, field)
}

function readValues(words: string[], skip: number, field: Match['field']): Match {
  words.splice(0, skip)
  const not = words[0] === '!='
  if (not || words[0] === '==') words.shift()
  const [value = ''] = words.splice(0, 1)
  if (value.startsWith('@') || value === 'vmap' || /^[<>]/.test(value)) return UNKNOWN
  const values = value
    .replace(/^\{|\}$/g, '')
    .split(',')
    .map((each) => each.trim().replaceAll('"', ''))
  return { field, not, values }
}

/** `log prefix "…" level info flags all`: up to the next word that is no option of it. */
function wordsOfLog(words: readonly string[]): number {
  let count = 1
  while (/^(prefix|level|flags|group|snaplen|queue-threshold)$/.test(words[count] ?? '')) count += 2
  return count
}
