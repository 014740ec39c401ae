/** `earshot trace`: where traced messages spent their time. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { collectInto, READER } from '../collecting.ts'
import { formatDuration } from '../duration.ts'
import { ExitCode } from '../exit-codes.ts'
import { repeatedOption } from '../parsers.ts'
import type { Session } from '../session.ts'
import { withNode } from '../session.ts'
import type { RecordFilter } from '../views/record-filter.ts'
import { filterGroups } from '../views/record-filter.ts'
import { TraceView, traceFilter } from '../views/trace-view.ts'
import { viewContext } from '../views/view.ts'
import { prettyOption, sinceOption } from './logs.ts'
import type { Cli } from './verb.ts'
import { examples } from './verb.ts'

interface TraceOptions {
  readonly since: number
  readonly follow?: boolean
  readonly pretty?: boolean
  readonly peer?: readonly string[]
}

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
      action((options: TraceOptions, self: Command) => {
        const groups = filterGroups(self, self.optsWithGlobals()['group'] ?? [])
        const filter = traceFilter(options.peer ?? [], groups)
        return withNode(host, self, READER, (session) => trace(session, options, filter))
      }),
    )
}

async function trace(
  session: Session,
  { since, follow = false, pretty = false }: TraceOptions,
  filter: RecordFilter,
): Promise<ExitCode> {
  const { node, out } = session
  const context = viewContext(session, pretty, filter)
  const view = new TraceView(context)
  node.on('enter', ({ peer }) => view.learn(peer.id, peer.name))
  if (follow) out.hint('following traced messages; Ctrl-C ends it')
  await collectInto(session, view, { traces: true, sinceMs: since, follow })
  if (view.shown === 0 && !follow && !context.asJson) {
    const text = `no traced messages within ${formatDuration(since)}; --trace of shout and whisper sends some`
    out.note(text)
  }
  return ExitCode.ok
}
