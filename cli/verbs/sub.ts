/** `earshot sub`: the messages of groups. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { ShoutEvent } from '../../src/index.ts'
import type { ExitCode } from '../exit-codes.ts'
import { eventRecord } from '../json.ts'
import { countOption, groupArguments } from '../parsers.ts'
import { escapeText } from '../render/escape.ts'
import { EventLines, timeOfDay } from '../render/event-lines.ts'
import { messageText } from '../render/message-text.ts'
import { tabbed } from '../render/table.ts'
import type { Session } from '../session.ts'
import { stay, withNode } from '../session.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

interface SubOptions {
  readonly count?: number
}

export function addSub({ program, host, action }: Cli): void {
  program
    .command('sub')
    .summary('print the messages of groups')
    .description(
      'Join groups and print what is shouted there, until Ctrl-C, --count or --timeout. ' +
        'In a pipe each message is five fields, separated by tabs: time, group, name, id, text.',
    )
    .argument('<group...>', 'the groups', groupArguments)
    .addOption(
      new Option('-c, --count <count>', 'end after this many messages').argParser(countOption),
    )
    .addHelpText(
      'after',
      examples([
        ['earshot sub lobby', 'print messages until Ctrl-C'],
        ['earshot sub sensors --count 10 | cut -f 5', 'the text of ten messages'],
        ['earshot sub sensors -c 1 -t 5s --json', 'one message, or exit code 27 after 5 s'],
      ]),
    )
    .action(
      action((groups: string[], options: SubOptions, command: Command) => {
        return withNode(host, command, { groups }, (session) => sub(session, groups, options))
      }),
    )
}

function sub(
  session: Session,
  groups: readonly string[],
  { count }: SubOptions,
): Promise<ExitCode> {
  const { node, out } = session
  const print = printer(session, groups.length > 1)
  out.hint(`${node.name} listens in ${groups.join(', ')}; Ctrl-C ends it`)
  let received = 0
  return stay(
    session,
    async (event) => {
      // Groups of --group are joined, but not asked for here.
      if (event.type !== 'shout' || !groups.includes(event.group)) return false
      await print(event)
      return ++received === count
    },
    () => (count === undefined ? '' : `: ${received} of ${count} messages came`),
  )
}

function printer(
  { out }: Session,
  showGroup: boolean,
): (event: ShoutEvent) => Promise<void> | undefined {
  if (out.json) return (event) => out.printRecord(eventRecord(event))
  const lines = new EventLines(out.isTerminal, out.paint)
  return ({ peer, group, message }) => {
    const [shownGroup, text] = [escapeText(group), messageText(message)]
    const at = new Date()
    if (!out.isTerminal) {
      return out.print(tabbed([at.toISOString(), shownGroup, escapeText(peer.name), peer.id, text]))
    }
    const parts = [out.paint('dim', timeOfDay(at)), lines.name(peer), text]
    if (showGroup) parts.splice(1, 0, out.paint('dim', shownGroup))
    return out.print(parts.join('  '))
  }
}
