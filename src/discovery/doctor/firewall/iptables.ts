/** What `iptables-save` prints, read into rules: of the table `filter`, where packets for this host are dropped. */
import type { Chain, Match, Rule, Ruleset, Verdict } from './rules.ts'

const LINES_MAX = 20_000

export function readIptables(text: string): Ruleset {
  const chains = new Map<string, Chain & { readonly rules: Rule[] }>()
  let table = ''
  for (const line of text.split('\n', LINES_MAX)) {
    if (line.startsWith('*')) table = line.slice(1).trim()
    if (table !== 'filter') continue
    const declared = /^:(\S+) (\S+)/.exec(line)
    if (declared !== null) {
      const [, name = '', policy] = declared
      const hook = name === 'INPUT' ? 'input' : name === 'OUTPUT' ? 'output' : undefined
      chains.set(name, {
        table,
        name,
        ...(hook !== undefined && { hook }),
        policy: policy === 'DROP' ? 'drop' : 'accept',
        rules: [],
      })
    }
    const appended = /^-A (\S+) ?(.*)$/.exec(line)
    if (appended !== null) chains.get(appended[1]!)?.rules.push(readRule(appended[2]!, line))
  }
  return { tool: 'iptables', chains: [...chains.values()] }
}

function readRule(options: string, text: string): Rule {
  const words = options.match(/"[^"]*"|\S+/g) ?? []
  const matches: Match[] = []
  let verdict: Verdict = { kind: 'none' }
  while (words.length > 0) {
    const not = words[0] === '!'
    if (not) words.shift()
    const [option = '', value = ''] = words
    if (option === '-j' || option === '-g') {
      verdict = verdictOf(option, value)
      break // what follows are options of the target
    }
    const field = FIELDS[option]
    if (field === 'ignored') words.splice(0, 2)
    else if (field !== undefined) {
      words.splice(0, 2)
      matches.push({ field, not, values: value.split(',').filter((each) => each !== 'all') })
    } else {
      words.shift()
      // A value of an option that is not known follows it; the option alone tells that.
      if (option.startsWith('-')) matches.push({ field: 'other', not: false, values: [] })
    }
  }
  return {
    text,
    matches: matches.filter(({ values, field }) => field === 'other' || values.length > 0),
    verdict,
  }
}

const FIELDS: Readonly<Record<string, Match['field'] | 'ignored'>> = {
  '-i': 'iif',
  '-o': 'oif',
  '-p': 'protocol',
  '-d': 'to',
  '-m': 'ignored',
  '--comment': 'ignored',
  '--dport': 'port',
  '--dports': 'port',
  '--destination-port': 'port',
  '--state': 'state',
  '--ctstate': 'state',
  '--pkt-type': 'cast',
  '--dst-type': 'cast',
}

function verdictOf(option: string, target: string): Verdict {
  switch (target) {
    case 'ACCEPT':
      return { kind: 'accept' }
    case 'DROP':
    case 'REJECT':
      return { kind: 'drop' }
    case 'RETURN':
      return { kind: 'return' }
    case 'LOG':
    case 'NFLOG':
    case 'MARK':
    case 'CONNMARK':
      return { kind: 'none' }
    default:
      return { kind: option === '-g' ? 'goto' : 'jump', chain: target }
  }
}
