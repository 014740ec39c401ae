/**
 * What a line typed into a chat means: something to say, or a command.
 */

export type InputLine =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'whisper'; readonly peer: string; readonly text: string }
  | { readonly kind: 'peers' }
  | { readonly kind: 'help' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'mistake'; readonly reason: string }

const CHAT_COMMANDS = ['/peers', '/whisper', '/help', '/quit'] as const

export const CHAT_HELP: readonly string[] = [
  'What you type is shouted to the group, except for these:',
  '  /peers               who is here',
  '  /whisper PEER TEXT   say it to one peer only (short: /w); PEER is a name, an',
  '                       id, or the beginning of either; "quote" one with spaces',
  '  /help                this',
  '  /quit                leave (so does Ctrl-D)',
  '  //TEXT               shout a line that begins with /',
]

export function parseInputLine(line: string): InputLine {
  const text = line.replace(/\r?\n?$/, '')
  if (text.trim() === '') return { kind: 'nothing' }
  if (!text.startsWith('/')) return { kind: 'say', text }
  if (text.startsWith('//')) return { kind: 'say', text: text.slice(1) }
  const [, command = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? []
  switch (command) {
    case '/peers':
      return { kind: 'peers' }
    case '/help':
      return { kind: 'help' }
    case '/quit':
      return { kind: 'quit' }
    case '/whisper':
    case '/w':
      return whisperOf(rest)
    default:
      return { kind: 'mistake', reason: `there is no command ${command}; /help lists them` }
  }
}

function whisperOf(rest: string): InputLine {
  const match = /^(?:"([^"]+)"|(\S+))\s+(\S.*)$/s.exec(rest)
  if (match === null) return { kind: 'mistake', reason: 'use it so: /whisper PEER TEXT' }
  return { kind: 'whisper', peer: match[1] ?? match[2] ?? '', text: match[3] ?? '' }
}

/** For the Tab key: commands, and names of peers after `/whisper`. The completions, and what they replace. */
export function completeInput(line: string, names: readonly string[]): [string[], string] {
  const whisper = /^\/w(?:hisper)?\s+("?)([^"]*)$/.exec(line)
  if (whisper !== null) {
    const typed = (whisper[2] ?? '').toLowerCase()
    const fitting = names.filter((name) => name.toLowerCase().startsWith(typed))
    return [fitting.map(quoted), `${whisper[1]}${whisper[2]}`]
  }
  if (!line.startsWith('/')) return [[], line]
  return [
    CHAT_COMMANDS.filter((command) => command.startsWith(line)).map((each) => `${each} `),
    line,
  ]
}

function quoted(name: string): string {
  return /\s/.test(name) ? `"${name}" ` : `${name} `
}
