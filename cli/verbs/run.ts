/** `earshot run`: a node that stays, and tells who comes and goes. */
import type { Command } from 'commander'
import type { NodeEvent } from '../../src/index.ts'
import type { ExitCode } from '../exit-codes.ts'
import { eventRecord, nodeRecord } from '../json.ts'
import { EventLines } from '../render/event-lines.ts'
import type { Session } from '../session.ts'
import { stay, whereabouts, withNode } from '../session.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

export function addRun({ program, host, action }: Cli): void {
  program
    .command('run')
    .summary('be a node, and print who comes and goes')
    .description(
      'Be a node of the mesh until Ctrl-C (or --timeout), and print presence and membership as they change: ' +
        'enter, exit, evasive, silent, alive, join, leave.',
    )
    .addHelpText(
      'after',
      examples([
        ['earshot run', 'on every network interface'],
        ['earshot run --name relay --group sensors', 'with a name, in a group'],
        ['earshot run --header X-ROLE=relay --json', 'with a header; output for programs'],
      ]),
    )
    .action(action((_options: unknown, command: Command) => withNode(host, command, {}, run)))
}

function run(session: Session): Promise<ExitCode> {
  return printEvents(session, ({ type }) => {
    return type !== 'shout' && type !== 'whisper' && type !== 'warning' && type !== 'stop'
  })
}

/** Prints those events that are wanted until all ends. */
export function printEvents(
  session: Session,
  isWanted: (event: NodeEvent) => boolean,
): Promise<ExitCode> {
  const { node, out, settings } = session
  const lines = new EventLines(out.isTerminal, out.paint)
  if (out.json) void out.printRecord(nodeRecord(node, settings.port))
  out.note(`${node.name} (${node.id}) is up ${whereabouts(session)}`)
  return stay(session, async (event) => {
    if (!isWanted(event)) return false
    await (out.json
      ? out.printRecord(eventRecord(event))
      : out.print(lines.line(event, new Date())))
    return false
  })
}
