/** `earshot watch`: everything that happens, as it happens. */
import type { Command } from 'commander'
import { withNode } from '../session.ts'
import { printEvents } from './run.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

export function addWatch({ program, host, action }: Cli): void {
  program
    .command('watch')
    .summary('print all events: presence, messages, warnings')
    .description(
      'Print all events until Ctrl-C (or --timeout): presence, membership, whispers to this node, shouts to its ' +
        'groups (see --group), and warnings.',
    )
    .addHelpText(
      'after',
      examples([
        ['earshot watch', 'who comes, goes, joins and leaves'],
        ['earshot watch --group lobby --group ops', 'and what is shouted there'],
        ['earshot watch --json | jq \'select(.type == "earshot.exit/1")\'', 'for programs'],
      ]),
    )
    .action(
      action((_options: unknown, command: Command) => {
        return withNode(host, command, { warningsAreData: true }, (session) => {
          return printEvents(session, () => true)
        })
      }),
    )
}
