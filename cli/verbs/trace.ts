/** `earshot trace`: where traced messages spent their time. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { repeatedOption } from '../parsers.ts'
import type { TraceValues } from '../views/trace.ts'
import { prettyOption, sinceOption } from './logs.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

export function addTrace({ program, host, action }: Cli): void {
  program
    .command('trace')
    .summary('print where traced messages spent their time')
    .description(
      'Print the timeline of traced messages, from the call that sent them to the listeners that took them, with ' +
        'what each stage took in milliseconds: accepted (by the outbox for a receiver), written (to its link), received ' +
        '(there), handled (by its listeners); or dropped (by a policy) or failed (never sent to it). Delays within a node are exact. That from one node to ' +
        'another is right to some milliseconds: all clocks are corrected by what is known of them. Messages are ' +
        'traced that were sent with --trace, with the option `trace` of the library, or every so many-th with its ' +
        '`traceEvery`.',
    )
    .addOption(sinceOption())
    .addOption(new Option('-f, --follow', 'go on with what comes, until Ctrl-C or --timeout'))
    .addOption(
      new Option('--peer <peer>', 'only messages from or to these nodes; repeatable').argParser(
        repeatedOption,
      ),
    )
    .addOption(prettyOption())
    .addHelpText(
      'after',
      examples([
        ['earshot trace --follow', 'as messages come to their end'],
        ['earshot trace --since 1h --group lobby', 'those of a group'],
        ['earshot trace --json | jq "select(.complete | not)"', 'those that did not arrive'],
        ['earshot shout lobby --trace hello', 'sends one, and prints its timeline'],
      ]),
    )
    .action(
      action(async (values: TraceValues, self: Command) => {
        const { runTrace } = await import('../views/trace.ts')
        return runTrace(host, self, values)
      }),
    )
}
